// Tests of the documentation: whoever installs a bundle, as docs/installing.md and its runbooks say, with an API server in place of the
// cluster: what leads up to an install is typed here, the install itself by the tests of test/cluster.
import { chmodSync, linkSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ensureClusterTools } from "../../../toolchain/cluster/cluster";
import type { RunResult } from "../../../toolchain/run";
import { type ApiServer, startApiServer } from "../../toolchain/api-server";
import type { Clone } from "../clone";
import { blockAfter, blocks, commands, pattern, transcripts } from "../markdown";
import { succeeded, type } from "../typing";

const page = "docs/installing.md";

/** What the vendor has by then: bundle and key, the installer with its signature, a registry, and cosign on PATH. */
export interface Vendor {
  clone: Clone;
  registry: string;
  env: NodeJS.ProcessEnv;
}

/** @param vendor asked once its own tests have run */
export function installing(vendor: () => Vendor): void {
  const of = (part: string): string => {
    const found = [page, "runbooks/bundle-refused.md"].flatMap(blocks).flatMap(commands);
    const command = found.find(each => each.includes(part));
    if (!command) throw new Error(`${page} has no command with ${part}`);
    return command;
  };

  test("an operator checks what was handed over, and reads what is in it", async () => {
    const room = operatorsRoom(vendor());
    const checked = await room.type([of("sha256sum palisade"), of("palisade-linux-amd64.sigstore"), of("install -m")]);
    succeeded(checked);
    expect(checked.stdout).toContain("Verified OK");
    succeeded(await room.type([of("sha256sum onprem")]));
    succeeded(await room.type([of('release="'), of("files.txt"), of("values.example.yaml")]));
    expect(readFileSync(room.path("values.example.yaml"), "utf8")).toContain("Values of stack `onprem`");
    const listed = readFileSync(room.path("files.txt"), "utf8");
    expect(listed).toMatch(/^[0-9a-f]{64} {2}runbooks\/installing\.md$/m);
    expect(listed).toMatch(/^[0-9a-f]{64} {2}installer\/palisade-linux-arm64$/m);
  });

  test("the plan is what the page shows, and the grant is taken by a real API server", async () => {
    const room = operatorsRoom(vendor());
    const api = await startApiServer();
    try {
      await prepare(api);
      writeFileSync(room.path("values.yaml"), valuesOf(vendor().registry));
      const { kubernetes } = await ensureClusterTools();
      const env = { KUBECONFIG: api.kubeconfig, PATH: `${kubernetes}:${vendor().env.PATH}` };
      const plan = of("./palisade plan");
      const planned = await room.type([plan], env);
      succeeded(planned);
      const shown = transcripts(page).get(plan) ?? "nothing";
      expect(planned.stdout).toMatch(pattern(shown.replace(/registry\.customer\.example:5000/g, vendor().registry)));
      succeeded(await room.type([of("./palisade grant"), of("kubectl apply -f grant.yaml")], env));
      const token = await room.type([of("kubectl create token")], env);
      succeeded(token);
      // Who has that token and nothing else sees what is installed, and may not look for it everywhere.
      const narrow = { ...env, KUBECONFIG: api.kubeconfigOf(token.stdout.trim()) };
      const everywhere = await room.shell("./palisade status", narrow);
      expect(everywhere).toMatchObject({ code: 1 });
      expect(everywhere.stdout).toContain("--namespace NAMESPACE");
      const own = await room.shell("./palisade status --namespace palisade-prod", narrow);
      succeeded(own);
      expect(own.stdout).toContain("No release runs");
    } finally {
      await api.stop();
    }
  });
}

interface Room {
  path: (name: string) => string;
  /** Commands of the pages, in one shell. */
  type: (commands: readonly string[], env?: NodeJS.ProcessEnv) => Promise<RunResult>;
  shell: (line: string, env?: NodeJS.ProcessEnv) => Promise<RunResult>;
}

/** A directory with what was handed over, and nothing of the project. */
function operatorsRoom({ clone, env }: Vendor): Room {
  const cwd = join(clone.room, "operator");
  const path = (name: string) => join(cwd, name);
  const [executable, arch] = ["palisade-linux-amd64", process.arch === "arm64" ? "arm64" : "amd64"];
  if (mkdirSync(cwd, { recursive: true }) !== undefined) {
    const hand = (from: string, to: string) => linkSync(join(clone.directory, from), path(to));
    for (const name of ["onprem-1.4.0.tar", "vendor.pub"]) hand(name, name);
    // The pages speak of the usual one.
    for (const end of ["", ".sigstore.json"])
      hand(join("installer", `palisade-linux-${arch}${end}`), `${executable}${end}`);
    chmodSync(path(executable), 0o644);
  }
  return {
    path,
    type: (typed, more = {}) => type(clone, typed, { cwd, env: { ...env, ...more } }),
    shell: (line, more = {}) => clone.type(line, { cwd, env: { ...env, ...more } }),
  };
}

/** Those of the page; the registry is the test's, and Traefik's kinds are not known to the API server. */
function valuesOf(registry: string): string {
  const shown = blockAfter(page, "## Values", "yaml");
  return shown.replace("registry.customer.example:5000", registry).replace(/^edge:/m, "  ingress: null\nedge:");
}

/** What a cluster would have: classes of storage, and a node with room. */
async function prepare({ kubectl, writeStatus }: ApiServer): Promise<void> {
  for (const name of ["ceph-block", "cephfs"])
    await kubectl(["apply", "-f", "-"], {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name },
      provisioner: `${name}.csi.example.com`,
    });
  await kubectl(["apply", "-f", "-"], { apiVersion: "v1", kind: "Node", metadata: { name: "node-1" } });
  // The API server itself lets nothing onto a new node until its kubelet is heard of.
  await kubectl(["taint", "node", "node-1", "node.kubernetes.io/not-ready:NoSchedule-"]);
  const most = { cpu: "64", memory: "256Gi", "ephemeral-storage": "500Gi", pods: "200" };
  const conditions = [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }];
  await writeStatus("node", "node-1", { capacity: most, allocatable: most, conditions }, "default");
}
