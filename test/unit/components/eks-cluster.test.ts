// Unit tests: a cluster of EKS is closed, sealed and logged, and lets in whom it names (SA-7, SA-9, SA-13).
import { describe, expect, test } from "vitest";
import { EksAccess } from "../../../src/components/aws/eks-access";
import { EksCluster, type EksClusterArgs } from "../../../src/components/aws/eks-cluster";
import { EksNodes, type EksNodesArgs } from "../../../src/components/aws/eks-nodes";
import { PodRole, trustPods } from "../../../src/components/aws/eks-pod-role";
import { only, record } from "../record";
import { statementAbout, statementsOf } from "./samples";

const cluster = "aws:eks/cluster:Cluster";
const types = [
  cluster,
  "aws:cloudwatch/logGroup:LogGroup",
  "aws:ec2/launchTemplate:LaunchTemplate",
  "aws:ec2/securityGroup:SecurityGroup",
  "aws:eks/accessEntry:AccessEntry",
  "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
  "aws:eks/nodeGroup:NodeGroup",
  "aws:eks/podIdentityAssociation:PodIdentityAssociation",
  "aws:iam/role:Role",
  "aws:iam/rolePolicy:RolePolicy",
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
];
const outputs = {
  [cluster]: () => ({ endpoint: "https://eks.example", certificateAuthority: { data: "Q0E=" } }),
  "aws:eks/nodeGroup:NodeGroup": () => ({ resources: [{ autoscalingGroups: [{ name: "eks-group" }] }] }),
};
const build = (make: () => unknown) => record({ types, outputs }, make);

const args: EksClusterArgs = {
  accountId: "111122223333",
  region: "eu-central-1",
  vpcId: "vpc-1",
  subnetIds: ["subnet-a", "subnet-b"],
  serviceRange: "172.20.0.0/16",
  secretsKeyArn: "arn:secrets-key",
  log: { retentionDays: 90, keyArn: "arn:logs-key" },
  deletionProtection: true,
};
const made = (changes: Partial<EksClusterArgs> = {}) => build(() => new EksCluster("c", { ...args, ...changes }));

describe("the cluster", () => {
  test("has no public address, unless ranges are named", async () => {
    expect(only(await made(), cluster).inputs.vpcConfig).toMatchObject({
      endpointPrivateAccess: true,
      endpointPublicAccess: false,
    });
    expect(only(await made(), cluster).inputs.vpcConfig).not.toHaveProperty("publicAccessCidrs");
    const open = only(await made({ publicRanges: ["198.51.100.0/24"] }), cluster).inputs.vpcConfig;
    expect(open).toMatchObject({ endpointPublicAccess: true, publicAccessCidrs: ["198.51.100.0/24"] });
  });

  test("seals its Secrets with the key of their class", async () => {
    expect(only(await made(), cluster).inputs.encryptionConfig).toEqual({
      provider: { keyArn: "arn:secrets-key" },
      resources: ["secrets"],
    });
  });

  test("writes every kind of log, to a group that is there before it, with key and retention", async () => {
    const all = await made();
    expect(only(all, cluster).inputs.enabledClusterLogTypes).toEqual([
      "api",
      "audit",
      "authenticator",
      "controllerManager",
      "scheduler",
    ]);
    expect(only(all, "aws:cloudwatch/logGroup:LogGroup").inputs).toMatchObject({
      name: "/aws/eks/c/cluster",
      retentionInDays: 90,
      kmsKeyId: "arn:logs-key",
    });
    const order = all.map(({ type }) => type);
    expect(order.indexOf("aws:cloudwatch/logGroup:LogGroup")).toBeLessThan(order.indexOf(cluster));
  });

  test("knows identities by entries alone: no aws-auth, nothing for whoever created it", async () => {
    expect(only(await made(), cluster).inputs.accessConfig).toEqual({
      authenticationMode: "API",
      bootstrapClusterCreatorAdminPermissions: false,
    });
  });

  test("has a version, and only add-ons that the stack names", async () => {
    const { inputs } = only(await made(), cluster);
    expect(inputs).toMatchObject({ version: "1.33", bootstrapSelfManagedAddons: false, deletionProtection: true });
  });

  test("its role is EKS's for this cluster alone", async () => {
    const { inputs } = only(await made(), "aws:iam/role:Role");
    const [trust] = statementsOf(inputs.assumeRolePolicy);
    expect(trust?.Condition).toEqual({
      StringEquals: { "aws:SourceAccount": "111122223333" },
      ArnEquals: { "aws:SourceArn": "arn:aws:eks:eu-central-1:111122223333:cluster/c" },
    });
  });
});

describe("access", () => {
  const access = (adminRoleArn?: string) =>
    build(
      () =>
        new EksAccess("c", {
          clusterName: "c",
          releaseRoleArn: "arn:release",
          adminRoleArn,
          securityGroupId: "sg-1",
          fromRanges: { office: "192.168.0.0/24" },
        }),
    );
  const entry = "aws:eks/accessEntry:AccessEntry";

  test("the release has an entry; people only where a role is named for them", async () => {
    const alone = (await access()).filter(({ type }) => type === entry);
    expect(alone.map(({ inputs }) => inputs.principalArn)).toEqual(["arn:release"]);
    const both = (await access("arn:admin")).filter(({ type }) => type === entry);
    expect(both.map(({ inputs }) => inputs.principalArn).sort()).toEqual(["arn:admin", "arn:release"]);
  });

  test("the API server is reached from named networks on 443 alone", async () => {
    const rule = only(await access(), "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    expect(rule.inputs).toMatchObject({ cidrIpv4: "192.168.0.0/24", fromPort: 443, toPort: 443, ipProtocol: "tcp" });
  });
});

describe("nodes", () => {
  const nodes: EksNodesArgs = {
    clusterName: "c",
    nodeType: "m6i.xlarge",
    count: 3,
    maximum: 5,
    vpcId: "vpc-1",
    subnetIds: ["subnet-a", "subnet-b"],
    securityGroupId: "sg-nodes",
    diskKeyArn: "arn:disk-key",
    dependsOn: [],
  };
  const started = (changes: Partial<EksNodesArgs> = {}) => build(() => new EksNodes("c", { ...nodes, ...changes }));

  test("want a token for their metadata, which goes one hop, so not into a pod", async () => {
    const { inputs } = only(await started(), "aws:ec2/launchTemplate:LaunchTemplate");
    expect(inputs.metadataOptions).toEqual({
      httpEndpoint: "enabled",
      httpTokens: "required",
      httpPutResponseHopLimit: 1,
      instanceMetadataTags: "disabled",
    });
    expect(inputs).not.toHaveProperty("keyName");
    expect(inputs).not.toHaveProperty("networkInterfaces");
  });

  test("have encrypted disks, no core dumps and no session", async () => {
    const { inputs } = only(await started(), "aws:ec2/launchTemplate:LaunchTemplate");
    for (const { ebs } of inputs.blockDeviceMappings as { ebs: object }[])
      expect(ebs).toMatchObject({ encrypted: "true", kmsKeyId: "arn:disk-key", volumeType: "gp3" });
    const settings = Buffer.from(String(inputs.userData), "base64").toString();
    expect(settings).toContain('"kernel.core_pattern" = "|/bin/false"');
    expect(settings.match(/enabled = false/g)).toHaveLength(2);
  });

  test("are Bottlerocket in private subnets, replaced one at a time", async () => {
    expect(only(await started(), "aws:eks/nodeGroup:NodeGroup").inputs).toMatchObject({
      amiType: "BOTTLEROCKET_x86_64",
      subnetIds: ["subnet-a", "subnet-b"],
      scalingConfig: { minSize: 3, desiredSize: 3, maxSize: 5 },
      updateConfig: { maxUnavailable: 1 },
    });
  });

  test("their role is a node's and no more: the network add-on has one of its own", async () => {
    const attached = (await started()).filter(
      ({ type }) => type === "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    );
    expect(attached.map(({ inputs }) => String(inputs.policyArn).split("/").at(-1)).sort()).toEqual([
      "AmazonEC2ContainerRegistryPullOnly",
      "AmazonEKSWorkerNodePolicy",
    ]);
  });

  test.each([0, 1.5, 6])("%s of at most 5 are refused", count => {
    expect(() => new EksNodes("c", { ...nodes, count })).toThrow("`count`");
  });
});

describe("the role of pods", () => {
  const role = { region: "eu-central-1", accountId: "111122223333", clusterName: "c" };

  test("is EKS's to give, to pods of this cluster of this account", async () => {
    const all = await build(() => new PodRole("api", { ...role, statements: [] }));
    const { assumeRolePolicy } = only(all, "aws:iam/role:Role").inputs;
    const [trust] = statementsOf(assumeRolePolicy);
    expect(trust).toMatchObject({
      Principal: { Service: "pods.eks.amazonaws.com" },
      Action: ["sts:AssumeRole", "sts:TagSession"],
      Condition: {
        StringEquals: { "aws:SourceAccount": "111122223333" },
        ArnEquals: { "aws:SourceArn": "arn:aws:eks:eu-central-1:111122223333:cluster/c" },
      },
    });
    expect(trustPods(role)).not.toHaveProperty("Resource");
  });

  test("has exactly its statements, and goes to one service account", async () => {
    const statements = [{ Effect: "Allow" as const, Action: "sqs:SendMessage", Resource: "arn:queue" }];
    const all = await build(() => new PodRole("api", { ...role, statements }).giveTo("sample-dev", "api"));
    const { policy } = only(all, "aws:iam/rolePolicy:RolePolicy").inputs;
    expect(statementsOf(policy)).toHaveLength(1);
    expect(statementAbout("sqs:SendMessage", policy).Resource).toBe("arn:queue");
    expect(only(all, "aws:eks/podIdentityAssociation:PodIdentityAssociation").inputs).toMatchObject({
      clusterName: "c",
      namespace: "sample-dev",
      serviceAccount: "api",
    });
  });
});
