// IS-1, IS-4: three replicas of ISS write one chain at once, one of them is killed meanwhile, and the chain stays whole; whoever alters a line is found out.
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Load,
  must,
  type Pod,
  podsOf,
  processesOf,
  type RunningSystem,
  runInNetworkOf,
  startLoad,
} from "../running-system";
import { edgePod, withAuthority } from "./rollout";

const namespace = "iss-dev";
const host = `api.${namespace}.svc`;
const chainFile = "/app/forensic_logs/glyph_chain.jsonl";
const writingMs = 10_000;

/** What ISS says of its chain. */
interface Report {
  intact: boolean;
  length: number;
  /** Pulses of each replica. */
  replicas: Record<string, number>;
  faults: { line: number; reason: string }[];
}

export interface Written {
  replicas: string[];
  killed: string;
  /** Of each replica that lived on: pulses that callers were told of, and pulses in the chain. */
  survivors: { acknowledged: number; written: number }[];
  /** The same of the one that was killed; what it wrote last it could no longer tell. */
  victim: { acknowledged: number; written: number; unanswered: number };
  after: Report;
  /** Answer to `/audit/verify/integrity`: 200 if everything agrees with everything else. */
  integrity: string;
  /** Exit code and report of `startup.sh verify`, which reads the volume itself. */
  verified: { code: number; report: Report };
}

export async function writeFromAllReplicas(system: RunningSystem): Promise<Written> {
  const pods = await replicas(system);
  const [victim] = pods;
  if (!victim) throw new Error("ISS has no replica");
  const before = await verify(system, victim);
  const caller = await edgePod(system);
  return withAuthority(system, namespace, "api", async authority => {
    const trust = ["-ca", authority, "-name", host, "-rate", "10", "-timeout", "5s"];
    const loads = pods.map(({ address }) =>
      startLoad(system, caller, ...trust, "-url", `https://${address}:8000/time/pulse`),
    );
    await sleep(writingMs / 2);
    for (const pid of victim.containers.flatMap(({ id }) => (id ? processesOf(id) : []))) process.kill(pid, "SIGKILL");
    await sleep(writingMs / 2);
    const counted = await Promise.all(loads.map(load => load.stop()));
    const [, other] = pods;
    if (!other) throw new Error("ISS has one replica only");
    const after = await verify(system, other);
    const grown = ({ name }: Pod) => (after.report.replicas[name] ?? 0) - (before.report.replicas[name] ?? 0);
    const acknowledged = (load: Load | undefined) => load?.statuses["200"] ?? 0;
    return {
      replicas: pods.map(({ name }) => name),
      killed: victim.name,
      survivors: pods.slice(1).map((pod, i) => ({ acknowledged: acknowledged(counted[i + 1]), written: grown(pod) })),
      victim: {
        acknowledged: acknowledged(counted[0]),
        written: grown(victim),
        unanswered: counted[0]?.failures ?? 0,
      },
      after: after.report,
      integrity: await ask(caller, authority, other, "/audit/verify/integrity"),
      verified: after,
    };
  });
}

/** One digit of one line is changed in place, and set back: what the service, and the command on the volume, say meanwhile. */
export async function alterOneLine(
  system: RunningSystem,
): Promise<{ line: number; asked: string; after: string; verified: { code: number; report: Report } }> {
  const [pod] = await replicas(system);
  const [pid] = processesOf(pod?.containers[0]?.id ?? "none");
  if (!pod || pid === undefined) throw new Error("ISS has no replica");
  const caller = await edgePod(system);
  const path = `/proc/${pid}/root${chainFile}`;
  const kept = await readFile(path, "utf8");
  const lines = kept.split("\n");
  const line = Math.floor(lines.length / 2);
  const altered = lines.map((text, i) => (i === line - 1 ? text.replace(/"time":"\d/, '"time":"1') : text)).join("\n");
  if (altered === kept) throw new Error(`line ${line} of the chain has no time`);
  return withAuthority(system, namespace, "api", async authority => {
    let found: { asked: string; verified: { code: number; report: Report } };
    await writeFile(path, altered);
    try {
      found = { asked: await ask(caller, authority, pod, "/time/verify"), verified: await verify(system, pod) };
    } finally {
      await writeFile(path, kept);
    }
    return { line, ...found, after: await ask(caller, authority, pod, "/time/verify") };
  });
}

async function replicas(system: RunningSystem): Promise<Pod[]> {
  await must(system, "rollout", "status", "deployment/api", "--namespace", namespace, "--timeout", "120s");
  return (await podsOf(system, [namespace])).filter(({ part }) => part === `${namespace}/api`);
}

/** Reads the volume from inside a replica. */
async function verify(system: RunningSystem, pod: Pod): Promise<{ code: number; report: Report }> {
  const args = ["exec", "--namespace", namespace, pod.name, "--container", "api", "--", "./startup.sh", "verify"];
  const { code, stdout, stderr } = await system.room.kubectl(...args);
  if (stdout === "") throw new Error(`the chain cannot be read: ${stderr}`);
  return { code, report: JSON.parse(stdout) as Report };
}

/** Status of an answer. */
async function ask(caller: Pod, authority: string, { address }: Pod, path: string): Promise<string> {
  const args = ["-sS", "--cacert", authority, "--resolve", `${host}:8000:${address}`, "--output", "/dev/null"];
  const { stdout, stderr } = await runInNetworkOf(
    caller,
    "curl",
    ...args,
    "--write-out",
    "%{http_code}",
    `https://${host}:8000${path}`,
  );
  return stdout || stderr;
}
