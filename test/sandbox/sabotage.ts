// Sandbox tests: damage done by hand, past the program, that the controls must notice; else they prove nothing.
import { type AwsApi, find, type Params, texts } from "./aws-api";
import { type Statement, statements } from "./controls/control";

interface Target {
  /** Part of the finding's subject. */
  name: string;
  params: Params;
}

interface Sabotage {
  name: string;
  damage: (api: AwsApi) => Promise<Target>;
  repair: (api: AwsApi, target: Target) => Promise<unknown>;
}

export const sabotages: readonly Sabotage[] = [
  {
    name: "a database opened to the internet",
    async damage(api) {
      const { name, id } = await group(api, "-postgres-");
      const params = permission(id, 5432, { "IpRanges.1.CidrIp": "0.0.0.0/0" });
      await api.query("ec2", "AuthorizeSecurityGroupIngress", params);
      return { name, params };
    },
    repair: (api, { params }) => api.query("ec2", "RevokeSecurityGroupIngress", params),
  },
  {
    name: "a key that rotates no more",
    async damage(api) {
      const { Keys } = await api.json<{ Keys: { KeyId: string }[] }>("kms", "ListKeys");
      const KeyId = Keys[0]?.KeyId ?? "";
      await api.json("kms", "DisableKeyRotation", { KeyId });
      return { name: KeyId, params: { KeyId } };
    },
    repair: (api, { params }) => api.json("kms", "EnableKeyRotation", params),
  },
  {
    name: "a log group that forgets sooner",
    async damage(api) {
      const logGroupName = await flowLogs(api);
      await api.json("logs", "PutRetentionPolicy", { logGroupName, retentionInDays: 1 });
      return { name: logGroupName, params: { logGroupName } };
    },
    repair: (api, { params }) => api.json("logs", "PutRetentionPolicy", { ...params, retentionInDays: 7 }),
  },
  {
    name: "a port opened on the machine, to its neighbours only",
    async damage(api) {
      const { id } = await group(api, "content-pipeline-dev-editorbot-");
      const params = permission(id, 22, { "Groups.1.GroupId": id });
      await api.query("ec2", "AuthorizeSecurityGroupIngress", params);
      return { name: "content-pipeline-dev-editorbot: lets nobody in", params };
    },
    repair: (api, { params }) => api.query("ec2", "RevokeSecurityGroupIngress", params),
  },
  {
    name: "a way out for the router past its proxy",
    async damage(api) {
      const { id } = await group(api, /^router-dev-poller-[0-9a-f]{7}$/);
      const params = permission(id, 443, { "IpRanges.1.CidrIp": "149.154.160.0/20" });
      await api.query("ec2", "AuthorizeSecurityGroupEgress", params);
      return { name: "router-dev-poller: reaches no address by itself", params };
    },
    repair: (api, { params }) => api.query("ec2", "RevokeSecurityGroupEgress", params),
  },
  {
    name: "vaults that can be written to",
    async damage(api) {
      for (const FileSystemId of await fileSystems(api)) {
        const path = `/2015-02-01/file-systems/${FileSystemId}/policy`;
        const { Policy } = await api.restJson<{ Policy: string }>("elasticfilesystem", path);
        if (!Policy.includes("MemoryMatrixWriting")) continue;
        await putPolicy(api, path, without(Policy, "MemoryMatrixWriting"));
        return { name: "refuses writes to everybody", params: { path, Policy } };
      }
      return nothing;
    },
    repair: (api, { params: { path = "", Policy = "" } }) => putPolicy(api, path, Policy),
  },
  {
    name: "a DNS firewall without its last rule",
    async damage(api) {
      const { FirewallRuleGroups } = await resolver<{ FirewallRuleGroups: { Id: string }[] }>(
        api,
        "ListFirewallRuleGroups",
      );
      const FirewallRuleGroupId = FirewallRuleGroups[0]?.Id ?? "";
      const { FirewallRules } = await resolver<{
        FirewallRules: { FirewallDomainListId: string; Name: string; Action: string }[];
      }>(api, "ListFirewallRules", { FirewallRuleGroupId });
      const last = FirewallRules.find(({ Action }) => Action === "BLOCK");
      const { FirewallDomainListId = "", Name = "" } = last ?? {};
      await resolver(api, "DeleteFirewallRule", { FirewallRuleGroupId, FirewallDomainListId });
      return { name: "ends by refusing every name", params: { FirewallRuleGroupId, FirewallDomainListId, Name } };
    },
    repair: (api, { params }) =>
      resolver(api, "CreateFirewallRule", {
        ...params,
        CreatorRequestId: "repaired",
        Priority: 200,
        Action: "BLOCK",
        BlockResponse: "NXDOMAIN",
      }),
  },
  {
    name: "a queue to which not only the approved automation sends",
    async damage(api) {
      const { QueueUrls } = await api.json<{ QueueUrls: string[] }>("sqs", "ListQueues");
      const QueueUrl = QueueUrls.find(url => /-dev-render-[0-9a-f]{7}$/.test(url)) ?? "";
      const { Attributes } = await api.json<{ Attributes: { Policy: string } }>("sqs", "GetQueueAttributes", {
        QueueUrl,
        AttributeNames: ["Policy"],
      });
      const Policy = without(Attributes.Policy, "DenyAllButTheApproval");
      await api.json("sqs", "SetQueueAttributes", { QueueUrl, Attributes: { Policy } });
      return { name: "content-pipeline-dev-render: refuses everybody else", params: { QueueUrl, ...Attributes } };
    },
    repair: (api, { params: { QueueUrl, Policy } }) =>
      api.json("sqs", "SetQueueAttributes", { QueueUrl, Attributes: { Policy } }),
  },
  {
    name: "a tenant's key that every tenant may use",
    async damage(api) {
      const { Aliases } = await api.json<{ Aliases: { AliasName: string; TargetKeyId: string }[] }>(
        "kms",
        "ListAliases",
      );
      const KeyId = Aliases.find(({ AliasName }) => AliasName.endsWith("/scriptpulse/acme"))?.TargetKeyId ?? "";
      const { Policy } = await api.json<{ Policy: string }>("kms", "GetKeyPolicy", { KeyId, PolicyName: "default" });
      await api.json("kms", "PutKeyPolicy", {
        KeyId,
        PolicyName: "default",
        Policy: without(Policy, "InTheTenantsNameOnly"),
      });
      return { name: "/scriptpulse/acme: refuses every other name", params: { KeyId, Policy } };
    },
    repair: (api, { params }) => api.json("kms", "PutKeyPolicy", { ...params, PolicyName: "default" }),
  },
  {
    name: "leases that cannot be brought back",
    async damage(api) {
      const { TableNames } = await api.json<{ TableNames: string[] }>("dynamodb", "ListTables");
      const TableName = TableNames.find(name => name.includes("-lease-")) ?? "";
      await recovery(api, TableName, false);
      return { name: TableName, params: { TableName } };
    },
    repair: (api, { params: { TableName = "" } }) => recovery(api, TableName, true),
  },
  {
    name: "a GPU burst without its cap",
    async damage(api) {
      const answer = await api.query("autoscaling", "DescribeAutoScalingGroups");
      const names = texts(answer, "AutoScalingGroups/member/AutoScalingGroupName");
      const AutoScalingGroupName = names.find(name => name.includes("-renderer-")) ?? "";
      await api.query("autoscaling", "UpdateAutoScalingGroup", { AutoScalingGroupName, MaxSize: "20" });
      return { name: "content-pipeline-dev-renderer: is bounded", params: { AutoScalingGroupName } };
    },
    repair: (api, { params }) => api.query("autoscaling", "UpdateAutoScalingGroup", { ...params, MaxSize: "2" }),
  },
];

/** What a sabotage returns that found nothing to damage: no finding has this in its name. */
const nothing: Target = { name: "nothing was found to damage", params: {} };

async function group(api: AwsApi, name: string | RegExp): Promise<{ name: string; id: string }> {
  const groups = find(await api.query("ec2", "DescribeSecurityGroups"), "securityGroupInfo/item").map(node => ({
    name: texts(node, "groupName")[0] ?? "",
    id: texts(node, "groupId")[0] ?? "",
  }));
  const found = groups.find(group => group.name.search(name) >= 0);
  return found ?? { name: nothing.name, id: "" };
}

/** One rule of a group, as EC2 takes it. */
function permission(GroupId: string, port: number, peer: Params): Params {
  const rule = { IpProtocol: "tcp", FromPort: String(port), ToPort: String(port), ...peer };
  return {
    GroupId,
    ...Object.fromEntries(Object.entries(rule).map(([key, value]) => [`IpPermissions.1.${key}`, value])),
  };
}

/** A policy without the statement of that name. */
function without(policy: string, sid: string): string {
  const rest = statements(policy).filter((statement: Statement & { Sid?: string }) => statement.Sid !== sid);
  return JSON.stringify({ Version: "2012-10-17", Statement: rest });
}

async function fileSystems(api: AwsApi): Promise<string[]> {
  const { FileSystems } = await api.restJson<{ FileSystems: { FileSystemId: string }[] }>(
    "elasticfilesystem",
    "/2015-02-01/file-systems?MaxItems=100",
  );
  return FileSystems.map(({ FileSystemId }) => FileSystemId);
}

const putPolicy = (api: AwsApi, path: string, Policy: string) =>
  api.restJson("elasticfilesystem", path, { Policy }, "PUT");

const resolver = <T>(api: AwsApi, action: string, input = {}) => api.json<T>("route53resolver", action, input);

const recovery = (api: AwsApi, TableName: string, on: boolean) =>
  api.json("dynamodb", "UpdateContinuousBackups", {
    TableName,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: on },
  });

async function flowLogs(api: AwsApi): Promise<string> {
  const { logGroups } = await api.json<{ logGroups: { logGroupName: string }[] }>("logs", "DescribeLogGroups");
  return logGroups.find(group => group.logGroupName.endsWith("/flow-log"))?.logGroupName ?? "";
}
