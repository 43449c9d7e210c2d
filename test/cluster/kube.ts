// Tests: kubectl on the cluster under test, and the pods that ask its questions.
import { randomUUID } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "../../toolchain/cluster/cluster";
import { type RunResult, run } from "../../toolchain/run";

/** Asks one cluster. */
export class Kube {
  constructor(private readonly cluster: Cluster) {}

  try(...args: string[]): Promise<RunResult> {
    return run(this.cluster.binaries.kubectl, ["--kubeconfig", this.cluster.kubeconfig, ...args], {
      timeoutMs: 90_000,
    });
  }

  async do(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.try(...args);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  async tryApply(...objects: object[]): Promise<RunResult> {
    const file = join(tmpdir(), `palisade-objects-${randomUUID()}.json`);
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
    try {
      return await this.try("apply", "-f", file);
    } finally {
      rmSync(file);
    }
  }

  async apply(...objects: object[]): Promise<void> {
    const { code, stderr } = await this.tryApply(...objects);
    if (code !== 0) throw new Error(stderr);
  }

  /** Runs a shell line in a pod of the namespace `trial`. */
  sh(pod: string, line: string): Promise<RunResult> {
    return this.try("exec", "-n", "trial", pod, "--", "/bin/sh", "-c", line);
  }
}

/** Tries until the answer is the expected one; returns the last answer. */
export async function eventually<T>(
  ask: () => Promise<T>,
  expected: (answer: T) => boolean,
  forMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + forMs;
  for (;;) {
    const answer = await ask();
    if (expected(answer) || Date.now() > deadline) return answer;
    await sleep(200);
  }
}

const NAMESPACE = "trial";

export const trialNamespace = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: NAMESPACE, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
};

export interface TrialPod {
  name: string;
  image: string;
  line?: string;
  claims?: string[];
  /** 1000 unless told. */
  user?: number;
}

/** A pod that Pod Security `restricted` admits, with each claim mounted at /<claim>. */
export function pod({ name, image, line = "sleep 3600", claims = [], user = 1000 }: TrialPod): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: NAMESPACE, labels: { app: name } },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: {
        runAsNonRoot: user !== 0,
        runAsUser: user,
        fsGroup: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          name: "main",
          image,
          command: ["/bin/sh", "-c", line],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          volumeMounts: claims.map(claim => ({ name: claim, mountPath: `/${claim}` })),
        },
      ],
      volumes: claims.map(claim => ({ name: claim, persistentVolumeClaim: { claimName: claim } })),
    },
  };
}

export function claim(name: string, storageClassName: string, accessMode: string): object {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace: NAMESPACE },
    spec: { storageClassName, accessModes: [accessMode], resources: { requests: { storage: "10Mi" } } },
  };
}

export function policy(name: string, spec: object): object {
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name, namespace: NAMESPACE }, spec };
}
