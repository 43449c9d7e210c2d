// PF-1, SA-9, SA-13: compute EKS, AWS's side in a local AWS and the objects in a real API server: both come up, stay, are as a customer's cluster has them, and go without a trace.
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { readStackFile } from "../../src/config/file";
import { type LocalStack, pulumi } from "../../toolchain/stack";
import { openRoom, type Room } from "../local-stack";
import { AwsApi, find, texts } from "../sandbox/aws-api";
import { added, type Census, takeCensus, withoutKept } from "../sandbox/census";
import { type ApiServer, startApiServer } from "../toolchain/api-server";
import { readyStatus, type StandInNode, standInNode } from "../toolchain/stand-in-node";
import { customersObjects } from "./eks-customer";
import { documentedDifferences, foundDifferences } from "./eks-differences";
import { adminRole, openEksStack, releaseRole } from "./eks-stack";
import { everything, identity, type LiveObject, liveObjects } from "./live-objects";

const namespaces = ["sanctum-dev", "router-dev"];

let room: Room;
let stack: LocalStack;
let api: AwsApi;
let before: Census;
/** Stands in for the control plane of EKS, which a local AWS has not. */
let cluster: ApiServer;
let inCluster: string[];
/** Stands in for the nodes: the engine waits for pods as it always does. */
let nodes: StandInNode;
/** The workloads' objects, as they were before they went. */
let ours: LiveObject[];

beforeAll(async () => {
  cluster = await startApiServer();
  room = await openRoom();
  nodes = standInNode(
    cluster,
    pod => cluster.writeStatus("pod", pod.metadata.name, readyStatus(pod), pod.metadata.namespace),
    { everyMs: 1000 },
  );
  api = new AwsApi(room.sandbox.endpoint, "eu-central-1");
  stack = await openEksStack(room, "eks", { kubeconfig: cluster.kubeconfig });
  before = await takeCensus(api);
  inCluster = await everything(cluster);
});
afterAll(async () => {
  try {
    await nodes?.stop();
  } finally {
    await Promise.all([cluster?.stop(), room?.close()]);
  }
});

async function succeeds(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await pulumi(stack, [...args, "--suppress-progress"]);
  expect(code, `${args.join(" ")}\n${stdout}\n${stderr}`).toBe(0);
  return stdout + stderr;
}

interface Cluster {
  version: string;
  resourcesVpcConfig: { endpointPublicAccess: boolean; endpointPrivateAccess: boolean; publicAccessCidrs: string[] };
  encryptionConfig: { resources: string[]; provider: { keyArn: string } }[];
  accessConfig: { authenticationMode: string; bootstrapClusterCreatorAdminPermissions: boolean };
  logging: { clusterLogging: { types: string[]; enabled: boolean }[] };
}
interface NodeGroup {
  amiType: string;
  subnets: string[];
  launchTemplate: { id: string };
  resources: { autoScalingGroups: { name: string }[] };
}
const eks = <T>(path: string) => api.restJson<T>("eks", `/clusters/palisade-dev${path}`);

describe.sequential("a cluster of two workloads", () => {
  test("comes up: the API server takes every object, and its controllers make every pod", async () => {
    const text = await succeeds(["up", "--yes", "--skip-preview"]);
    expect(text).toMatch(/\+ \d+ created/);
    expect(text).not.toContain("no control plane");
    const deployments = await liveObjects(cluster, namespaces, ["deployments"]);
    const pods = (await liveObjects(cluster, namespaces, ["pods"])).map(identity);
    expect(deployments.length).toBeGreaterThan(0);
    // Past Pod Security, quota, limits and service accounts.
    for (const { metadata } of deployments.filter(({ kind }) => kind === "Deployment"))
      expect(pods).toContainEqual(expect.stringMatching(`^Pod ${metadata.namespace}/${metadata.name}-[0-9a-f]`));
  });

  test("nothing changes by itself", async () => {
    await succeeds(["preview", "--expect-no-changes", "--diff"]);
  });

  test("its endpoint is private, its Secrets are sealed, every log of its control plane is on (SA-7, SA-9)", async () => {
    const { cluster } = await eks<{ cluster: Cluster }>("");
    expect(cluster.version).toBe("1.33");
    expect(cluster.resourcesVpcConfig).toMatchObject({
      endpointPublicAccess: false,
      endpointPrivateAccess: true,
      publicAccessCidrs: [],
    });
    const [sealed] = cluster.encryptionConfig;
    expect(sealed?.resources).toEqual(["secrets"]);
    const { Aliases } = await api.json<{ Aliases: { AliasName: string; TargetKeyId?: string }[] }>(
      "kms",
      "ListAliases",
      {},
    );
    const secretsKey = Aliases.find(({ AliasName }) => AliasName === "alias/palisade/dev/secrets")?.TargetKeyId;
    expect(sealed?.provider.keyArn.endsWith(`/${secretsKey}`)).toBe(true);
    const on = cluster.logging.clusterLogging.filter(({ enabled }) => enabled).flatMap(({ types }) => types);
    expect(on.sort()).toEqual(["api", "audit", "authenticator", "controllerManager", "scheduler"]);
    const { logGroups } = await api.json<{ logGroups: { retentionInDays?: number; kmsKeyId?: string }[] }>(
      "logs",
      "DescribeLogGroups",
      { logGroupNamePrefix: "/aws/eks/palisade-dev/cluster" },
    );
    expect(logGroups).toMatchObject([{ retentionInDays: 7, kmsKeyId: expect.any(String) }]);
  });

  test("it knows the release and the admin role, by entries, and nobody else (SA-13)", async () => {
    const { cluster } = await eks<{ cluster: Cluster }>("");
    expect(cluster.accessConfig).toEqual({
      authenticationMode: "API",
      bootstrapClusterCreatorAdminPermissions: false,
    });
    const { accessEntries } = await eks<{ accessEntries: string[] }>("/access-entries");
    expect(accessEntries).toEqual([adminRole, releaseRole].sort());
  });

  test("its nodes are private, want a token for their metadata, and have encrypted disks (SA-7, SA-9)", async () => {
    const { nodegroups } = await eks<{ nodegroups: string[] }>("/node-groups");
    expect(nodegroups).toHaveLength(1);
    const { nodegroup } = await eks<{ nodegroup: NodeGroup }>(`/node-groups/${nodegroups[0]}`);
    expect(nodegroup.amiType).toBe("BOTTLEROCKET_x86_64");
    const subnets = find(await api.query("ec2", "DescribeSubnets"), "subnetSet/item").filter(item =>
      nodegroup.subnets.includes(texts(item, "subnetId")[0] ?? ""),
    );
    expect(subnets).toHaveLength(2);
    for (const subnet of subnets) expect(texts(subnet, "mapPublicIpOnLaunch")).toEqual(["false"]);
    const [version] = find(
      await api.query("ec2", "DescribeLaunchTemplateVersions", { LaunchTemplateId: nodegroup.launchTemplate.id }),
      "launchTemplateVersionSet/item/launchTemplateData",
    );
    expect(texts(version ?? "", "metadataOptions/httpTokens")).toEqual(["required"]);
    expect(texts(version ?? "", "metadataOptions/httpPutResponseHopLimit")).toEqual(["1"]);
    expect(texts(version ?? "", "blockDeviceMappingSet/item/ebs/encrypted")).toEqual(["true", "true"]);
    expect(texts(version ?? "", "keyName")).toEqual([]);
  });

  test("each service has an identity, given to its own service account (SA-13, CP-3)", async () => {
    const { associations } = await eks<{ associations: { namespace: string; serviceAccount: string }[] }>(
      "/pod-identity-associations",
    );
    expect(associations.map(({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`).sort()).toEqual([
      "amazon-cloudwatch/cloudwatch-agent",
      "kube-system/aws-node",
      "router-dev/poller",
      "sanctum-dev/ai-core",
      "sanctum-dev/backend",
    ]);
  });

  test("it has just the add-ons that are named, each at its version", async () => {
    const { addons } = await eks<{ addons: string[] }>("/addons");
    expect(addons).toEqual([
      "amazon-cloudwatch-observability",
      "coredns",
      "eks-pod-identity-agent",
      "kube-proxy",
      "metrics-server",
      "vpc-cni",
    ]);
    const { addon } = await eks<{ addon: { addonVersion: string; configurationValues: string } }>("/addons/vpc-cni");
    expect(addon.addonVersion).toBe("v1.20.2-eksbuild.1");
    expect(JSON.parse(addon.configurationValues)).toMatchObject({ enableNetworkPolicy: "true" });
  });

  test("one changed value is one update, of one Deployment", async () => {
    const document = parseDocument(await readFile(stack.configFile, "utf8"));
    const place = ["config", "palisade:workloads", "router", "services", "poller", "environment"];
    document.setIn([...place, "CHANGED_BY_THE_TEST"], "1");
    await writeFile(stack.configFile, document.toString());
    const text = await succeeds(["up", "--yes", "--skip-preview", "--diff"]);
    expect(text).toMatch(/~ 1 updated\s+\d+ unchanged/);
    expect(text).toContain("router-dev-deployment-poller");
    const live = await liveObjects(cluster, ["router-dev"], ["deployments"]);
    expect(JSON.stringify(live)).toContain('{"name":"CHANGED_BY_THE_TEST","value":"1"}');
    ours = await liveObjects(cluster, namespaces);
  });

  test("and it leaves nothing behind, in AWS and in the cluster", async () => {
    await succeeds(["destroy", "--yes", "--skip-preview"]);
    expect(withoutKept(added(before, await takeCensus(api)))).toEqual({});
    // The server takes the definition's own API away a moment later.
    const left = async () => (await everything(cluster)).filter(name => !inCluster.includes(name));
    await expect.poll(left, { timeout: 30_000, interval: 1000 }).toEqual([]);
  });

  test("its objects were those of a customer's cluster, but for what is documented (PF-1)", async () => {
    const file = readStackFile(stack.configFile);
    const contents = customersObjects(file.raw);
    for (const { objects } of contents)
      await cluster.kubectl(["apply", "--server-side", "--filename", "-"], {
        apiVersion: "v1",
        kind: "List",
        items: objects,
      });
    const theirs = await liveObjects(cluster, namespaces);
    const found = foundDifferences(
      ours,
      theirs,
      contents.flatMap(({ secrets }) => secrets),
    );
    const documented = documentedDifferences.map(({ what }) => what);
    expect(found.filter(line => !documented.some(what => what.test(line)))).toEqual([]);
    expect(documented.filter(what => !found.some(line => what.test(line)))).toEqual([]);
  });
});
