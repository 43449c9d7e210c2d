// Sandbox tests: damage done by hand, past the program, that the controls must notice; else they prove nothing.
import { type AwsApi, find, type Params, texts } from "./aws-api";

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
      const groups = find(await api.query("ec2", "DescribeSecurityGroups"), "securityGroupInfo/item");
      const [name = "", GroupId = ""] =
        groups
          .map(group => [texts(group, "groupName")[0] ?? "", texts(group, "groupId")[0] ?? ""])
          .find(([name]) => name?.includes("-postgres-")) ?? [];
      const rule = { IpProtocol: "tcp", FromPort: "5432", ToPort: "5432", "IpRanges.1.CidrIp": "0.0.0.0/0" };
      const params = Object.fromEntries(Object.entries(rule).map(([key, value]) => [`IpPermissions.1.${key}`, value]));
      await api.query("ec2", "AuthorizeSecurityGroupIngress", { GroupId, ...params });
      return { name, params: { GroupId, ...params } };
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
];

async function flowLogs(api: AwsApi): Promise<string> {
  const { logGroups } = await api.json<{ logGroups: { logGroupName: string }[] }>("logs", "DescribeLogGroups");
  return logGroups.find(group => group.logGroupName.endsWith("/flow-log"))?.logGroupName ?? "";
}
