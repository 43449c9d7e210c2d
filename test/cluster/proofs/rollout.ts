// SA-10, RT-4, RT-21: a rolling update while callers go on calling, as those behind an ingress do. No request may fail.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  authorityOf,
  clusterAddress,
  edge,
  type Load,
  must,
  podsOf,
  type RunningSystem,
  runInNetworkOf,
  startLoad,
} from "../running-system";

/** What callers ask of a public service. */
interface Called {
  namespace: string;
  service: string;
  port: number;
  /** Path and more for `peers load`. */
  request: string[];
  path: string;
}

const perSecond = 20;

export interface RolledOut {
  /** A new connection for each request, and connections that are kept: the two ways that proxies have. */
  fresh: Load;
  kept: Load;
  /** Pods before and after have nothing in common. */
  replaced: boolean;
}

/** Sanctum's backend, down to its database. */
export async function rollOutSanctum(system: RunningSystem): Promise<RolledOut> {
  const namespace = "sanctum-dev";
  const caller = await edgePod(system);
  const host = `backend.${namespace}.svc`;
  const at = `${host}:8443:${await clusterAddress(system, namespace, "backend")}`;
  const url = `https://${host}:8443/v1/sessions`;
  const signIn = await withAuthority(system, namespace, "backend", authority =>
    runInNetworkOf(caller, "curl", "-sS", "--cacert", authority, "--resolve", at, "--data", '{"user":"load"}', url),
  );
  const { token } = JSON.parse(signIn.stdout) as { token: string };
  return rollOut(system, {
    namespace,
    ...{ service: "backend", port: 8443, path: "/v1/notes" },
    request: ["-header", `Authorization: Bearer ${token}`],
  });
}

/** ScriptPulse with a script in each request. */
export function rollOutScriptPulse(system: RunningSystem): Promise<RolledOut> {
  const headers = ["x-tenant-id: acme", "x-api-role: WRITER", "Content-Type: text/plain"];
  return rollOut(system, {
    namespace: "scriptpulse-dev",
    ...{ service: "api", port: 8443, path: "/v1/analyse" },
    request: ["-method", "POST", "-body", "INT. ROOM - DAY", ...headers.flatMap(header => ["-header", header])],
  });
}

async function rollOut(system: RunningSystem, { namespace, service, port, path, request }: Called): Promise<RolledOut> {
  const caller = await edgePod(system);
  const address = await clusterAddress(system, namespace, service);
  return withAuthority(system, namespace, service, async authority => {
    const url = `https://${address}:${port}${path}`;
    const trust = ["-ca", authority, "-name", `${service}.${namespace}.svc`, "-rate", String(perSecond), "-url", url];
    const before = await namesOf(system, namespace, service);
    const loads = [
      startLoad(system, caller, ...trust, ...request, "-fresh"),
      startLoad(system, caller, ...trust, ...request),
    ];
    const rolled = await replacePods(system, namespace, service, before).then(
      () => undefined,
      (error: unknown) => error,
    );
    const [fresh, kept] = await Promise.all(loads.map(load => load.stop()));
    if (rolled !== undefined || !fresh || !kept) throw rolled;
    const after = await namesOf(system, namespace, service);
    return { fresh, kept, replaced: after.length > 0 && after.every(name => !before.includes(name)) };
  });
}

async function replacePods(system: RunningSystem, namespace: string, service: string, before: readonly string[]) {
  await must(system, "rollout", "restart", `deployment/${service}`, "--namespace", namespace);
  await must(system, "rollout", "status", `deployment/${service}`, "--namespace", namespace, "--timeout", "180s");
  // The old pods end while the new ones are called.
  const pods = before.map(name => `pod/${name}`);
  await must(system, "wait", "--namespace", namespace, "--for=delete", "--timeout=90s", ...pods);
}

async function namesOf(system: RunningSystem, namespace: string, service: string): Promise<string[]> {
  const pods = await podsOf(system, [namespace]);
  return pods.filter(({ part }) => part === `${namespace}/${service}`).map(({ name }) => name);
}

/** The pod from where callers come. */
export async function edgePod(system: RunningSystem) {
  const [pod] = await podsOf(system, [edge.namespace]);
  if (!pod) throw new Error("nobody stands at the edge");
  return pod;
}

/** A file with the authority of a part's certificate, for as long as `work` takes. */
export async function withAuthority<Result>(
  system: RunningSystem,
  namespace: string,
  name: string,
  work: (file: string) => Promise<Result>,
): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), "palisade-authority-"));
  try {
    const file = join(directory, "ca.crt");
    await writeFile(file, await authorityOf(system, namespace, name));
    return await work(file);
  } finally {
    await rm(directory, { recursive: true });
  }
}
