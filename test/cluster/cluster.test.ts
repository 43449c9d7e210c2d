// Tests: the local cluster is a real one, enforces what a customer's would, and leaves nothing behind.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Cluster,
  clusterDown,
  clusterStatus,
  clusterUp,
  ensureClusterTools,
} from "../../toolchain/cluster/cluster";
import { layoutOf } from "../../toolchain/cluster/layout";
import { nodeEnv } from "../../toolchain/cluster/node-services";
import { goProgram } from "../../toolchain/go-program";
import { packImage, pushImage } from "../../toolchain/images";
import { run } from "../../toolchain/run";
import { claim, eventually, Kube, pod, policy, trialNamespace } from "./kube";
import { lookAt, type Machine } from "./machine";

const base = mkdtempSync(join(tmpdir(), "palisade-cluster-"));
const directory = join(base, "first");
const second = join(base, "second");
const marks = [base, layoutOf(directory).cgroup, layoutOf(second).cgroup];

let before: Machine;
let look: () => Promise<Machine>;
let cluster: Cluster;
let kube: Kube;
let image: string;
let server: string;

beforeAll(async () => {
  const tools = await ensureClusterTools();
  const save = { program: join(tools.packages.path[0] ?? "", "iptables-save"), env: nodeEnv(tools) };
  look = () => lookAt(marks, save);
  before = await look();
  cluster = await clusterUp(directory);
  kube = new Kube(cluster);

  const probe = await goProgram({ name: "probe", module: join(__dirname, "probe") });
  const applets = ["sh", "sleep", "id", "cat", "stat"];
  const files = [
    { path: "/bin/busybox", source: tools.busybox, mode: 0o755 },
    { path: "/bin/probe", source: probe, mode: 0o755 },
    ...applets.map(name => ({ path: `/bin/${name}`, link: "/bin/busybox" })),
  ];
  await packImage({ layers: [{ files }], user: "1000:1000" }, join(base, "probe"));
  const pushed = await pushImage(join(base, "probe"), cluster.registry.push, "trial/probe");
  image = pushed.replace(cluster.registry.push, cluster.registry.pull);

  await kube.apply(
    trialNamespace,
    claim("own", cluster.storageClasses.replica, "ReadWriteOnce"),
    claim("shared", cluster.storageClasses.replicas, "ReadWriteMany"),
    pod({ name: "server", image, line: "probe listen :8080" }),
    pod({ name: "client", image, claims: ["own", "shared"] }),
    pod({ name: "stranger", image, claims: ["shared"] }),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "server", namespace: "trial" },
      spec: { selector: { app: "server" }, ports: [{ port: 80, targetPort: 8080 }] },
    },
  );
  await kube.do("wait", "-n", "trial", "--for=condition=Ready", "pod", "--all", "--timeout=80s");
  server = await kube.do("get", "pod", "-n", "trial", "server", "-o", "jsonpath={.status.podIP}");
});

afterAll(async () => {
  await clusterDown(second);
  await clusterDown(directory);
  await rm(base, { recursive: true, force: true });
});

/** Whether a pod can open a connection. */
const reaches = async (from: string, address: string) => (await kube.sh(from, `probe connect ${address}`)).code === 0;
const resolves = async (from: string, name: string) =>
  (await kube.sh(from, `probe resolve ${name} 10.96.0.10`)).code === 0;

describe("pods", () => {
  test("run as the user they ask for", async () => {
    expect((await kube.sh("client", "id -u")).stdout.trim()).toBe("1000");
  });

  test("find a Service by its name, and no name outside the cluster", async () => {
    expect(await resolves("client", "server.trial.svc.cluster.local")).toBe(true);
    expect(await resolves("client", "kubernetes.default.svc.cluster.local")).toBe(true);
    expect((await kube.sh("client", "probe resolve www.example.com 10.96.0.10")).stderr).toContain("no such host");
  });

  test("write to a volume of their own, which belongs to their group", async () => {
    expect(await kube.sh("client", "echo mine > /own/file && cat /own/file")).toMatchObject({
      code: 0,
      stdout: "mine\n",
    });
    expect((await kube.sh("client", "stat -c %g /own")).stdout.trim()).toBe("1000");
  });

  test("share a volume", async () => {
    expect(await kube.sh("client", "echo ours > /shared/file")).toMatchObject({ code: 0 });
    expect((await kube.sh("stranger", "cat /shared/file")).stdout).toBe("ours\n");
  });

  test("that would run as root are refused", async () => {
    const refused = await kube.tryApply(pod({ name: "root", image, user: 0 }));
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("violates PodSecurity");
  });
});

describe("network policies", () => {
  const everyone = { podSelector: {} };
  const only = (app: string) => ({ podSelector: { matchLabels: { app } } });
  const port = (number: number, protocol = "TCP") => [{ port: number, protocol }];

  test("refuse in both directions, DNS and the API included, and let through what they name", async () => {
    const service = "server.trial.svc.cluster.local";
    // The registry listens on the node itself, as the API does.
    const asksRegistry = (from: string) => reaches(from, "172.30.0.2:5000");
    expect(await reaches("client", `${server}:8080`)).toBe(true);
    expect(await reaches("stranger", `${server}:8080`)).toBe(true);
    expect(await asksRegistry("client")).toBe(true);

    await kube.apply(policy("default-deny", { ...everyone, policyTypes: ["Ingress", "Egress"] }));
    expect(
      await eventually(
        () => reaches("client", `${server}:8080`),
        answer => !answer,
      ),
    ).toBe(false);
    expect(await resolves("client", service)).toBe(false);
    expect(await asksRegistry("client")).toBe(false);

    // One side alone opens nothing.
    await kube.apply(
      policy("server", {
        ...only("server"),
        policyTypes: ["Ingress"],
        ingress: [{ from: [only("client")], ports: port(8080) }],
      }),
      policy("stranger", {
        ...only("stranger"),
        policyTypes: ["Egress"],
        egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0" } }] }],
      }),
    );
    expect(
      await eventually(
        () => asksRegistry("stranger"),
        answer => answer,
      ),
    ).toBe(true);
    expect(await reaches("stranger", `${server}:8080`)).toBe(false);
    expect(await reaches("client", `${server}:8080`)).toBe(false);

    const dns = { namespaceSelector: {}, podSelector: { matchLabels: { "k8s-app": "kube-dns" } } };
    await kube.apply(
      policy("client", {
        ...only("client"),
        policyTypes: ["Egress"],
        egress: [
          { to: [only("server")], ports: port(8080) },
          { to: [dns], ports: port(53, "UDP") },
        ],
      }),
    );
    expect(
      await eventually(
        () => reaches("client", `${server}:8080`),
        answer => answer,
      ),
    ).toBe(true);
    // Through the Service too: what counts is where it arrives.
    const address = await kube.do("get", "service", "-n", "trial", "server", "-o", "jsonpath={.spec.clusterIP}");
    expect(await reaches("client", `${address}:80`)).toBe(true);
    expect(await resolves("client", service)).toBe(true);
    expect(await asksRegistry("client")).toBe(false);
    expect(await resolves("server", service)).toBe(false);
  });
});

describe("the cluster", () => {
  test("keeps secrets encrypted in etcd", async () => {
    const text = "very-secret-text-of-this-test";
    await kube.do("create", "secret", "generic", "plain", "-n", "trial", `--from-literal=key=${text}`);
    const found = await run("grep", ["-rlaF", text, `/proc/${cluster.pid}/root/var/lib/etcd`]);
    expect(found).toMatchObject({ code: 1, stdout: "" });
    const encrypted = await run("grep", [
      "-rlaF",
      "k8s:enc:secretbox:v1:cluster",
      `/proc/${cluster.pid}/root/var/lib/etcd`,
    ]);
    expect(encrypted.code).toBe(0);
    expect(readFileSync(join(layoutOf(directory).logs, "audit.log"), "utf8")).not.toContain(text);
  });

  test("keeps its kubeconfig to its owner", () => {
    expect(statSync(cluster.kubeconfig).mode & 0o777).toBe(0o600);
  });

  test("has a registry that gives by digest what was pushed, and deletes", async () => {
    const [repository, digest] = image.replace(`${cluster.registry.pull}/`, "").split("@");
    const manifest = `http://${cluster.registry.push}/v2/${repository}/manifests/${digest}`;
    const headers = { Accept: "application/vnd.oci.image.manifest.v1+json" };
    expect((await fetch(manifest, { headers })).headers.get("docker-content-digest")).toBe(digest);
    expect((await fetch(manifest, { method: "DELETE" })).status).toBe(202);
    expect((await fetch(manifest, { headers })).status).toBe(404);
  });

  test("measures what pods use", async () => {
    const pods = await eventually(
      () => kube.try("get", "--raw", "/apis/metrics.k8s.io/v1beta1/namespaces/trial/pods"),
      answer => answer.stdout.includes('"cpu"'),
      60_000,
    );
    expect(pods.stdout).toContain('"name":"server"');
  });

  test("is there at once when asked for again", async () => {
    const started = Date.now();
    expect((await clusterUp(directory)).pid).toBe(cluster.pid);
    expect(Date.now() - started).toBeLessThan(2000);
  });

  test("changes nothing on the machine while it runs, and shows nothing on its network but loopback", async () => {
    const { cgroups: _, processes: __, ...now } = await look();
    const { cgroups: ___, processes: ____, ...then } = before;
    expect(now).toEqual(then);
  });

  test("starts a service again that was killed", async () => {
    const pidOf = async () =>
      (await run("pgrep", ["-f", `${layoutOf(directory).config}/kube-scheduler`])).stdout.trim();
    const first = await pidOf();
    process.kill(Number(first), "SIGKILL");
    const next = await eventually(pidOf, pid => pid !== "" && pid !== first);
    expect(next).not.toBe("");
    expect(next).not.toBe(first);
    expect(await clusterStatus(directory)).toBeDefined();
  });
});

describe("a second cluster", () => {
  test("whose start was killed comes up beside the first and goes alone", async () => {
    const program = `require(${JSON.stringify(join(__dirname, "../../toolchain/cluster/cluster"))}).clusterUp(process.argv[1])`;
    const killed = spawn(process.execPath, ["--require", "tsx/cjs", "-e", program, second], { stdio: "ignore" });
    const ended = new Promise(resolve => killed.once("exit", resolve));
    await eventually(
      async () => existsSync(layoutOf(second).record),
      there => there,
      60_000,
    );
    killed.kill("SIGKILL");
    await ended;
    expect((await look()).processes.some(line => line.includes(layoutOf(second).cgroup))).toBe(true);

    const other = await clusterUp(second);
    expect(other.registry.push).not.toBe(cluster.registry.push);
    expect((await new Kube(other).do("get", "namespaces", "-o", "name")).includes("trial")).toBe(false);
    expect(await clusterDown(second)).toBe(true);
    expect(await clusterStatus(second)).toBeUndefined();
    expect((await clusterStatus(directory))?.pid).toBe(cluster.pid);
  });
});

describe("a node that died", () => {
  test("is missed, and mended by the next start", async () => {
    process.kill(cluster.pid, "SIGKILL");
    expect(
      await eventually(
        () => clusterStatus(directory),
        status => status === undefined,
      ),
    ).toBeUndefined();
    const mended = await clusterUp(directory);
    expect(mended.pid).not.toBe(cluster.pid);
    expect(await new Kube(mended).do("get", "--raw", "/readyz")).toBe("ok");
  });

  test("and one that is ended leave nothing behind", async () => {
    expect(await clusterDown(directory)).toBe(true);
    // The machine's own first process collects the node's, when it comes round to it.
    await eventually(look, now => now.processes.length === 0, 5000);
    expect(await look()).toEqual(before);
    expect(readdirSync(base)).toEqual(["probe"]);
    expect(await clusterDown(directory)).toBe(false);
  });
});
