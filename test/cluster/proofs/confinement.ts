// RT-12, RT-27, SP-11, PF-9: no process of the stack is root, has a capability or can get one, or can write its root. Seen and tried from inside each container.
import { readFileSync } from "node:fs";
import { run } from "../../../toolchain/run";
import {
  type Container,
  nodesNamespace,
  type Pod,
  podsOf,
  processesOf,
  type RunningSystem,
  stackNamespaces,
} from "../running-system";

/** One container, as its processes and its mounts show it. */
export interface Confined {
  container: string;
  /** What is not as it must be; empty if all is. */
  faults: string[];
}

/** What `probe escape` tried inside a container, each with the name of the error it met, or `done`. */
interface Escape {
  writeRoot: string;
  writeRootAsRoot: string;
  mount: string;
  becomeRoot: string;
  remountRoot: string;
}

/** The one exception: what reads the logs of all pods on a node runs as root there, with nothing else of root (PF-9). */
const mayBeRoot = (pod: Pod) => pod.namespace === nodesNamespace;

/** Every running container of the stack, helpers and sidecars included. */
export async function lookIntoContainers(
  system: RunningSystem,
  namespaces: readonly string[] = stackNamespaces,
): Promise<Confined[]> {
  const pods = await podsOf(system, namespaces);
  const running = pods.flatMap(pod =>
    pod.containers.filter(({ isRunning }) => isRunning).map(container => ({ pod, container })),
  );
  const looked = await Promise.all(
    running.map(async ({ pod, container }): Promise<Confined[]> => {
      const faults = await faultsOf(system, pod, container).catch((error: NodeJS.ErrnoException) => {
        // It ended while it was looked at.
        if (error.code === "ENOENT" || error.code === "ESRCH") return undefined;
        throw error;
      });
      return faults ? [{ container: `${pod.part}/${container.name}`, faults }] : [];
    }),
  );
  return looked.flat();
}

/** Undefined if nothing of it runs any more. */
async function faultsOf(system: RunningSystem, pod: Pod, container: Container): Promise<string[] | undefined> {
  const processes = processesOf(container.id);
  const [first] = processes;
  if (first === undefined) return undefined;
  return [
    ...processes.flatMap(pid => faultsOfProcess(readFileSync(`/proc/${pid}/status`, "utf8"), mayBeRoot(pod))),
    ...faultsOfMounts(readFileSync(`/proc/${first}/mountinfo`, "utf8")),
    ...(await faultsOfEscape(system, first, mayBeRoot(pod))),
  ];
}

/** `status` as /proc has it. */
function faultsOfProcess(status: string, mayBeRoot: boolean): string[] {
  const value = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
  const ids = [...value("Uid").split("\t"), ...value("Gid").split("\t")];
  const capabilities = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].filter(name => !/^0+$/.test(value(name)));
  return [
    ...(!mayBeRoot && ids.includes("0") ? [`runs as ${ids.join(",")}`] : []),
    ...(!mayBeRoot && value("Groups").trim().split(" ").includes("0") ? ["is in group 0"] : []),
    ...capabilities.map(name => `${name} is ${value(name)}`),
    ...(value("NoNewPrivs") === "1" ? [] : ["may gain privileges"]),
    ...(value("Seccomp") === "2" ? [] : ["has no filter of system calls"]),
  ];
}

/** `mountinfo` as /proc has it. */
function faultsOfMounts(mountinfo: string): string[] {
  const root = mountinfo.split("\n").find(line => line.split(" ")[4] === "/");
  const isReadOnly = root?.split(" ")[5]?.split(",").includes("ro") ?? false;
  return isReadOnly ? [] : ["its root can be written"];
}

async function faultsOfEscape(system: RunningSystem, pid: number, mayBeRoot: boolean): Promise<string[]> {
  const { code, stdout, stderr } = await run(system.programs.probe, ["escape", String(pid)]);
  if (code !== 0) return [`could not be tried: ${stderr}`];
  const found = JSON.parse(stdout) as Escape;
  const expected: Escape = {
    writeRoot: "EROFS",
    // Even root, with every capability, finds nothing to write there.
    writeRootAsRoot: "EROFS",
    mount: "EPERM",
    remountRoot: "EPERM",
    becomeRoot: mayBeRoot ? "done" : "EPERM",
  };
  return (Object.keys(expected) as (keyof Escape)[])
    .filter(name => found[name] !== expected[name])
    .map(name => `${name}: ${found[name]}, expected ${expected[name]}`);
}

/** The same from a shell of the container's own, started by the runtime under all that binds the container. */
export async function writeFromShell(system: RunningSystem, namespace: string, deployment: string): Promise<string> {
  const line = "echo escaped > /escaped";
  const args = ["exec", "--namespace", namespace, `deployment/${deployment}`, "--", "/bin/sh", "-c", line];
  const { code, stderr } = await system.room.kubectl(...args);
  return code === 0 ? "written" : stderr;
}

/** What the API server says to a pod that asks for more, in a namespace of the stack. */
export async function askForMore(system: RunningSystem, namespace: string): Promise<string[]> {
  const image = `${system.room.cluster.registry.pull}/test/peers@${system.room.digests["test/peers"]}`;
  const wishes: Record<string, object> = {
    privileged: { securityContext: { privileged: true } },
    root: { securityContext: { runAsUser: 0 } },
    escalation: { securityContext: { allowPrivilegeEscalation: true } },
  };
  const admitted: string[] = [];
  for (const [wish, more] of Object.entries(wishes)) {
    const overrides = JSON.stringify({ spec: { containers: [{ name: "more", image, ...more }] } });
    const args = [
      "run",
      "more",
      "--namespace",
      namespace,
      "--image",
      image,
      "--dry-run=server",
      "--overrides",
      overrides,
    ];
    const { code, stderr } = await system.room.kubectl(...args);
    if (code === 0 || !stderr.includes("violates PodSecurity")) admitted.push(`${wish}: ${stderr || "admitted"}`);
  }
  return admitted;
}
