// PF-3, RT-1, RT-9, RT-12, SA-13, RT-16, RT-27, IS-8, IS-11: a bundle without a registry of the customer's: served by the executable out of its file, and
// brought straight onto the node; by an account that has the printed grant and no more. And what keeps an install from beginning, on a real cluster.
import { open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { PlannedImage } from "../../src/onprem/images/plan";
import { API_PORT, NODE_ADDRESS, NODE_NAME } from "../../toolchain/cluster/addresses";
import { type RunResult, run } from "../../toolchain/run";
import { imageNamed, imagesIn, largestOf, placeIn } from "./bundle-contents";
import { type BundleRoom, openBundleRoom } from "./bundle-room";
import { onlyOf, shippedValues } from "./bundle-stack";
import { everythingLasting } from "./left-behind";
import { type NodeOfOperator, nodeOf } from "./node-of-operator";
import { kubectlApply, prepareCluster } from "./running-system";
import { askServed, type ServedBundle, serveBundle, servedAddress, trustServed } from "./served-bundle";

/** The one that has databases: what the finding on network policies says to type asks one. */
const system = "sanctum";
const namespaces = ["palisade-dev", `${system}-dev`];
const account = "system:serviceaccount:customer:installer";
const path = "customer/images";
const served = `${servedAddress}/${path}`;
/** Nobody answers by this name: what pods get can only be what was imported. */
const nowhere = "registry.nowhere.example:5000/a";

let room: BundleRoom;
let bundle: string;
let images: PlannedImage[];
let node: NodeOfOperator;
let before: string[];

beforeAll(async () => {
  room = await openBundleRoom([]);
  await prepareCluster(room);
  bundle = await room.ship({ version: "1.0.0", values: onlyOf(shippedValues(room), system) });
  images = await imagesIn(fileOf(bundle), room.vendor.publicKeyPem);
  node = nodeOf(room, [bundle, "vendor.pub", "values.yaml", "installer.kubeconfig"]);
  await trustServed(room);
  before = await everythingLasting(room);
});
afterAll(() => room?.close());

const placeAt = (registry: string) => ["--key", "vendor.pub", "--values", "values.yaml", "--registry", registry];
const fileOf = (name: string) => join(room.operator.directory, name);
const ask = (method: string, url: string, range?: string) => askServed(room, method, url, range);
const imageOf = (repository: string) => imageNamed(images, repository);
const palisade = (...args: string[]) => room.operator.palisade(...args);
const asAdministrator = ["--kubeconfig", "kubeconfig"];
const asInstaller = ["--kubeconfig", "installer.kubeconfig"];
/** The account may not look for the installation in all namespaces. */
const recorded = ["--namespace", "palisade-dev", ...asInstaller];

function done({ code, stdout, stderr }: RunResult): string {
  expect(code, stdout + stderr).toBe(0);
  // How far a command without a plan is comes there.
  expect(stderr.replaceAll(/^ {2}[…✓] (verify the bundle|import the images into this node).*\n/gm, "")).toBe("");
  return stdout;
}

/** As an administrator types it at a shell. */
const typed = (line: string) => {
  const { binaries, kubeconfig } = room.cluster;
  const PATH = `${dirname(binaries.kubectl)}:${process.env.PATH}`;
  return run("sh", ["-c", line], { env: { ...process.env, PATH, KUBECONFIG: kubeconfig }, timeoutMs: 120_000 });
};

async function kubectl(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await room.kubectl(...args);
  expect(code, stderr).toBe(0);
  return stdout;
}

interface Container {
  image: string;
}

/** Images that containers of the release run from. */
async function imagesInUse(): Promise<string[]> {
  const used: string[] = [];
  for (const namespace of [...namespaces, "palisade-dev-nodes"]) {
    const { items } = JSON.parse(await kubectl("get", "pods", "--namespace", namespace, "--output", "json")) as {
      items: { spec: { containers: Container[]; initContainers?: Container[] } }[];
    };
    for (const { spec } of items)
      used.push(...[...spec.containers, ...(spec.initContainers ?? [])].map(({ image }) => image));
  }
  return [...new Set(used)];
}

async function healthy(): Promise<void> {
  const status = JSON.parse(done(await palisade("status", "--json", ...recorded)));
  expect(status).toMatchObject({ version: "1.0.0", healthy: true });
}

/** The account that the grant is for, and what an administrator hands out of it. */
async function handOut(): Promise<void> {
  await kubectl("create", "namespace", "customer");
  await kubectl("create", "serviceaccount", "installer", "--namespace", "customer");
  const token = (await kubectl("create", "token", "installer", "--namespace", "customer", "--duration", "2h")).trim();
  const config = JSON.parse(await kubectl("config", "view", "--raw", "--output", "json")) as {
    clusters: { cluster: { server: string } }[];
    users: { user: object }[];
  };
  for (const each of config.clusters) each.cluster.server = `https://${NODE_ADDRESS}:${API_PORT}`;
  for (const each of config.users) each.user = { token };
  await room.operator.give("installer.kubeconfig", JSON.stringify(config));
}

describe.sequential("without a registry of the customer's", () => {
  let registry: ServedBundle | undefined;
  /** The grant. */
  let printed: string;
  afterAll(() => registry?.stop());

  test("the grant for an account is printed by either command, and is all that it then needs", async () => {
    await handOut();
    const denied = await palisade("plan", bundle, ...placeAt(served), "--images-to", "none", ...asInstaller);
    expect(denied.code).toBe(1);
    expect(denied.stderr).toContain("permission denied");
    expect(denied.stderr).toContain(`--registry ${served} --for ${account} | kubectl apply -f -`);
    const unread = await palisade("status", "--namespace", "palisade-dev", ...asInstaller);
    expect([unread.code, unread.stderr]).toEqual([
      1,
      expect.stringMatching(/^palisade: the cluster refuses: configmaps is forbidden/),
    ]);
    printed = done(await palisade("grant", bundle, ...placeAt(served), "--for", account));
    expect(done(await palisade("plan", bundle, ...placeAt(served), "--grant", "--for", account))).toBe(printed);
    const applied = await kubectlApply(room.cluster, printed);
    expect(applied.code, applied.stderr).toBe(0);
    // An account of their own was named: none is made.
    expect((await kubectl("get", "serviceaccounts", "--namespace", "palisade-dev", "--output", "name")).trim()).toBe(
      "serviceaccount/default",
    );
    const plan = done(await palisade("plan", bundle, ...placeAt(served), "--images-to", "none", ...asInstaller));
    expect(plan).toContain("Nothing was done: this was the plan.");
    // What it may not see it says, with what an administrator types to look.
    expect([...plan.matchAll(/^ +! (\S+)/gm)].map(([, id]) => id)).toEqual([
      "node-resources",
      "image-disk",
      "network-policy",
    ]);
    await commandsWork(plan);
  });

  test("all that keeps an install from beginning is told at once, each with what mends it, and nothing is changed", async () => {
    const state = await everythingLasting(room);
    await kubectl("create", "quota", "of-the-customer", "--hard=pods=2,requests.storage=1Gi", "-n", `${system}-dev`);
    await room.operator.give("wrong.yaml", wrongValues(await readFile(fileOf("values.yaml"), "utf8")));
    const wrong = ["--key", "vendor.pub", "--values", "wrong.yaml", "--registry", "127.0.0.1:1"];
    const { code, stdout, stderr } = await palisade("plan", bundle, ...wrong, ...asAdministrator);
    await kubectl("delete", "quota", "of-the-customer", "-n", `${system}-dev`);
    expect(code, stdout + stderr).toBe(1);
    for (const finding of [
      /✗ node-resources +1 node has [\d.]+ cores and .*needed: [\d.]+ cores/,
      /✗ largest-pod +no node has room for a pod of Deployment sanctum-dev\/backend/,
      /✗ storage-class +there is no storage class `nowhere`; .*\n.*`cluster\.storageClasses\.replica` in the values\. See: kubectl get storageclass/,
      /✗ ingress-class +there is no ingress class `nginx`; .*\n.*See: kubectl get ingressclass/,
      /✗ registry +127\.0\.0\.1:1: .*connection refused.*\n.*curl -v http:\/\/127\.0\.0\.1:1\/v2\//,
      /✗ quota +quota of-the-customer of namespace sanctum-dev gives .*pods 2 of \d+.*requests\.storage 1 GiB of \d+ GiB.*\n.*kubectl edit resourcequota of-the-customer -n sanctum-dev/,
    ])
      expect(stderr).toMatch(finding);
    expect(stderr).toMatch(/6 of \d+ checks failed; nothing was changed/);
    expect(await everythingLasting(room)).toEqual(state);
    await commandsWork(stderr);
    await kubectl("cordon", NODE_NAME);
    const closed = await palisade("plan", bundle, ...placeAt(served), "--images-to", "none", ...asAdministrator);
    await kubectl("uncordon", NODE_NAME);
    expect(closed.stderr).toMatch(/1 of \d+ checks failed[\s\S]*✗ node-resources +none of 1 nodes takes pods/);
  });

  test("the executable serves the bundle, and takes nothing", async () => {
    registry = await serveBundle(room, bundle, path);
    const at = `https://${served.replace("/", "/v2/")}`;
    const repository = `${at}/sanctum/backend`;
    const { digest } = imageOf("sanctum/backend");
    expect((await ask("GET", `${repository}/manifests/${digest}`)).status).toBe(200);
    const other = `sha256:${"0".repeat(64)}`;
    for (const [method, url, status] of [
      ["POST", `${repository}/blobs/uploads/`, 405],
      ["PUT", `${repository}/manifests/latest`, 405],
      ["DELETE", `${repository}/manifests/${digest}`, 405],
      ["GET", `${repository}/manifests/${other}`, 404],
      ["GET", `${repository}/blobs/${other}`, 404],
      ["GET", `${at}/another/repository/manifests/${digest}`, 404],
      // Without the path that its references have, nothing is there.
      ["GET", `https://${servedAddress}/v2/sanctum/backend/manifests/${digest}`, 404],
    ] as const)
      expect([method, url, (await ask(method, url)).status]).toEqual([method, url, status]);
    // Whoever tries to push there is told what to do instead.
    const unknown = await palisade("plan", bundle, ...placeAt(served), ...asInstaller);
    expect(unknown.stderr).toMatch(/1 of \d+ checks failed[\s\S]*✗ registry .*certificate[\s\S]*--registry-ca FILE/);
    const trusted = ["--registry-ca", "authority.pem", ...asInstaller];
    const readOnly = await palisade("plan", bundle, ...placeAt(served), ...trusted);
    expect(readOnly.stderr).toMatch(
      /1 of \d+ checks failed[\s\S]*✗ registry .*takes no uploads[\s\S]*--images-to none/,
    );
  });

  test("it is installed from there, and every image comes from there", async () => {
    const installed = await palisade("install", bundle, ...placeAt(served), "--images-to", "none", ...asInstaller);
    expect(done(installed)).toContain("Release 1.0.0 runs.");
    await healthy();
    const used = await imagesInUse();
    expect(used.length).toBeGreaterThan(4);
    expect(used.filter(image => !image.startsWith(`${served}/`))).toEqual([]);
  });

  test("what an operator is told to type shows whether policies are enforced, and that Pod Security is", async () => {
    const plan = done(await palisade("plan", bundle, ...placeAt(served), "--images-to", "none", ...asAdministrator));
    const control = /→ (kubectl exec -n .*)$/m.exec(plan)?.[1] ?? "";
    expect((await typed(control)).stdout).toContain("127.0.0.1:5432 - accepting connections");
    // An administrator may look at everything, and is asked to look at nothing else.
    expect([...plan.matchAll(/^ +! (\S+)/gm)].map(([, id]) => id)).toEqual(["network-policy"]);
    const command = /→ (kubectl run try-policy .*)$/m.exec(plan)?.[1] ?? "";
    const enforced = await typed(command);
    expect(enforced.stdout, enforced.stderr).toContain("postgres.sanctum-dev.svc:5432 - no response");
    // With the policies gone it says otherwise: the answer is theirs.
    await kubectl("delete", "networkpolicies", "--all", "--namespace", `${system}-dev`);
    const open = await typed(command);
    expect(open.stdout, open.stderr).toContain("postgres.sanctum-dev.svc:5432 - accepting connections");
    const left = async () => (await kubectl("get", "pods", "--namespace", "default", "--output", "name")).trim();
    await expect.poll(left, { timeout: 30_000, interval: 500 }).toBe("");
    // The same command brings back what somebody took away.
    const mended = await palisade("install", bundle, ...placeAt(served), "--images-to", "none", ...asInstaller);
    expect(done(mended)).toContain("Release 1.0.0 runs.");
    const closed = await typed(command);
    expect(closed.stdout, closed.stderr).toContain("postgres.sanctum-dev.svc:5432 - no response");
  });

  test("a bundle that is altered while it is served is an error, and never other bytes", async () => {
    const { digest, size } = largestOf(imageOf("sanctum/backend"));
    const url = `https://${servedAddress}/v2/${path}/sanctum/backend/blobs/${digest}`;
    expect(await ask("GET", url)).toEqual({ status: 200, bytes: size });
    const file = await open(fileOf(bundle), "r+");
    try {
      const at = await placeIn(fileOf(bundle), digest);
      const kept = Buffer.alloc(1);
      await file.read(kept, 0, 1, at + 10);
      await file.write(Buffer.from([(kept[0] ?? 0) ^ 1]), 0, 1, at + 10);
      expect((await ask("GET", url)).error).toBeDefined();
      // What begins after the altered byte is of the same blob.
      expect((await ask("GET", url, `bytes=${size - 100}-`)).error).toBeDefined();
      await file.write(kept, 0, 1, at + 10);
      expect(await ask("GET", url, `bytes=${size - 100}-`)).toEqual({ status: 206, bytes: 100 });
    } finally {
      await file.close();
    }
    expect(registry?.complaints()).toMatch(/was altered since it was verified/);
    const ended = await registry?.stop();
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining("Ending") });
    registry = undefined;
  });

  test("brought onto the node, it runs though no registry answers, and is not brought again", async () => {
    done(await palisade("uninstall", "--delete-data", "--yes", ...recorded));
    await node.forget(images);
    const { digest } = largestOf(imageOf("sanctum/backend"));
    await expect.poll(() => node.ctr("content", "ls", "--quiet"), { timeout: 30_000 }).not.toContain(digest);
    const brought = await node.palisade("import", bundle, ...placeAt(nowhere));
    expect(brought.stderr).toContain("✓ import the images into this node");
    const imported = done(brought);
    expect(imported).toContain(`${images.length} images imported into this node, 0 there before`);
    const installed = await palisade("install", bundle, ...placeAt(nowhere), "--images-to", "none", ...asInstaller);
    expect(done(installed)).toContain("Release 1.0.0 runs.");
    await healthy();
    expect((await imagesInUse()).filter(image => !image.startsWith(`${nowhere}/`))).toEqual([]);
    const again = done(await node.palisade("import", bundle, ...placeAt(nowhere)));
    expect(again).toContain(`0 images imported into this node, ${images.length} there before`);
  });

  test("in one go with the install, what the node lacks is brought, and nothing else", async () => {
    const lost = imageOf("palisade/queue");
    await node.ctr("images", "rm", "--sync", `${nowhere}/${lost.repository}@${lost.digest}`);
    const here = [...placeAt(nowhere), "--images-to", "node"];
    const installed = await node.palisade("install", bundle, ...here, ...asInstaller);
    const rest = images.length - 1;
    expect(done(installed)).toContain(`1 images imported into this node, ${rest} there before`);
    expect(installed.stdout).toContain("Release 1.0.0 runs; nothing had to be changed.");
  });

  test("an upgrade whose images cannot be had goes back by itself, databases and queues too", async () => {
    const lost = [...placeAt("127.0.0.1:1/lost"), "--images-to", "none", "--timeout", "40"];
    const upgraded = await palisade("upgrade", bundle, ...lost, ...asInstaller);
    expect(upgraded.code, upgraded.stdout + upgraded.stderr).toBe(1);
    expect(upgraded.stdout).toMatch(/pod sanctum-dev\/\S+-0 never started and is of another release; it is made anew/);
    expect(upgraded.stderr).toContain("Went back to release 1.0.0, which runs again");
    await healthy();
    expect((await imagesInUse()).filter(image => !image.startsWith(`${nowhere}/`))).toEqual([]);
  });

  test("an uninstall leaves the grant alone behind, which its own text takes back", async () => {
    done(await palisade("uninstall", "--delete-data", "--yes", ...recorded));
    const deleted = await kubectlApply(room.cluster, printed, "delete");
    expect(deleted.code, deleted.stderr).toBe(0);
    await kubectl("delete", "namespace", "customer");
    await expect.poll(() => everythingLasting(room), { timeout: 60_000, interval: 1_000 }).toEqual(before);
  });
});

/** Asks more of the node than it has, and names classes that are not there. */
function wrongValues(text: string): string {
  const values = parse(text) as { cluster: Record<string, object>; workloads?: object };
  const { cluster } = values;
  cluster.storageClasses = { ...cluster.storageClasses, replica: "nowhere" };
  cluster.ingress = { ...cluster.ingress, className: "nginx" };
  const backend = { cpuMillicores: 16_000, memoryMiB: 122_880 };
  return stringify({ ...values, workloads: { [system]: { services: { backend } } } });
}

/** Every command that a finding says to look with is one that works. */
async function commandsWork(text: string): Promise<void> {
  const commands = [...text.matchAll(/(kubectl (?:get|describe) [^\n]*?)\.?$/gm)].map(([, line = ""]) => line);
  expect(commands.length).toBeGreaterThan(1);
  for (const command of new Set(commands)) {
    const { code, stderr } = await typed(command.replace(/\bNODE\b/, NODE_NAME));
    expect([command, code, stderr]).toEqual([command, 0, ""]);
  }
}
