// Sandbox tests: controls over keys, secrets and parameters (SA-7, SA-8, SP-9, CP-5).
import { type AwsApi, texts } from "../aws-api";
import { leaks, type Place, SHORTEST_SECRET, storedSecrets } from "../secret-scan";
import { type Control, control, customerKey, dev, list, type Statement, statements } from "./control";

interface Key {
  KeyId: string;
  KeyManager?: string;
  KeyRotationEnabled?: boolean;
}

/** Keys of both regions, without those that AWS makes for its services and rotates itself. */
async function keys(api: AwsApi): Promise<[string, Key][]> {
  const regions = await Promise.all([api, api.in(dev.secondRegion)].map(keysOfRegion));
  return regions.flat().filter(([, key]) => key.KeyManager !== "AWS");
}

async function keysOfRegion(api: AwsApi): Promise<[string, Key][]> {
  const { Keys } = await api.json<{ Keys: Key[] }>("kms", "ListKeys");
  return Promise.all(
    Keys.map(async ({ KeyId }): Promise<[string, Key]> => {
      const { KeyMetadata } = await api.json<{ KeyMetadata: Key }>("kms", "DescribeKey", { KeyId });
      return [KeyId, { ...KeyMetadata, ...(await api.json<Partial<Key>>("kms", "GetKeyRotationStatus", { KeyId })) }];
    }),
  );
}

/** The key of each tenant of ScriptPulse, by its alias, with the statements of its policy. */
async function tenantKeys(api: AwsApi): Promise<[string, { tenant: string; policy: Statement[] }][]> {
  const { Aliases } = await api.json<{ Aliases: { AliasName: string; TargetKeyId: string }[] }>("kms", "ListAliases");
  return Promise.all(
    dev.tenants.map(async (tenant): Promise<[string, { tenant: string; policy: Statement[] }]> => {
      const name = `alias/palisade/dev/scriptpulse/${tenant}`;
      const KeyId = Aliases.find(alias => alias.AliasName === name)?.TargetKeyId;
      if (!KeyId) return [name, { tenant, policy: [] }];
      const { Policy } = await api.json<{ Policy: string }>("kms", "GetKeyPolicy", { KeyId, PolicyName: "default" });
      return [name, { tenant, policy: statements(Policy) }];
    }),
  );
}

const context = "kms:EncryptionContext:tenant_id";

/** Whatever AWS shows to those who may read settings, and no secret. */
async function readable(api: AwsApi): Promise<Place[]> {
  const { taskDefinitionArns } = await api.json<{ taskDefinitionArns: string[] }>("ecs", "ListTaskDefinitions");
  const { DocumentIdentifiers } = await api.json<{ DocumentIdentifiers: { Name: string }[] }>("ssm", "ListDocuments", {
    Filters: [{ Key: "Owner", Values: ["Self"] }],
  });
  const templates = texts(await api.query("ec2", "DescribeLaunchTemplates"), "launchTemplates/item/launchTemplateId");
  const answers: [string, Promise<unknown>][] = [
    ...taskDefinitionArns.map((arn): [string, Promise<unknown>] => [
      arn,
      api.json("ecs", "DescribeTaskDefinition", { taskDefinition: arn }),
    ]),
    ...DocumentIdentifiers.map(({ Name }): [string, Promise<unknown>] => [
      Name,
      api.json("ssm", "GetDocument", { Name }),
    ]),
    ...templates.map((LaunchTemplateId): [string, Promise<unknown>] => [
      LaunchTemplateId,
      api.query("ec2", "DescribeLaunchTemplateVersions", { LaunchTemplateId }),
    ]),
    ["functions", api.restJson("lambda", "/2015-03-31/functions/")],
  ];
  return Promise.all(answers.map(async ([name, answer]) => ({ name, text: JSON.stringify(await answer) })));
}

interface Readable {
  place: Place;
  secrets: ReadonlyMap<string, string>;
}

async function readableSecrets(api: AwsApi): Promise<[string, Readable][]> {
  const stored = await storedSecrets(api);
  // What a person may guess, such as a user name in a document of RDS, is no secret.
  const secrets = new Map([...stored].filter(([, value]) => value.length >= SHORTEST_SECRET));
  return (await readable(api)).map(place => [place.name, { place, secrets }]);
}

export const keyControls: readonly Control[] = [
  control("SA-7", "keys rotate", keys, { rotates: key => key.KeyRotationEnabled === true }),
  control(
    "SA-7",
    "secrets are encrypted with a key of the customer's",
    list<{ Name: string; KmsKeyId?: string }>("secretsmanager", "ListSecrets", "SecretList", "Name"),
    {
      "has a customer's key": secret => customerKey(secret.KmsKeyId),
    },
  ),
  control(
    "CP-5",
    "parameters are encrypted with a key of the customer's",
    list<{ Name: string; Type: string; KeyId?: string }>("ssm", "DescribeParameters", "Parameters", "Name"),
    { "is a SecureString of its own key": ({ Type, KeyId }) => Type === "SecureString" && customerKey(KeyId) },
  ),
  control("PF-7", "no setting that AWS shows holds a secret's value", readableSecrets, {
    "holds none": ({ place, secrets }) => secrets.size >= 4 && leaks(secrets, [place]).length === 0,
  }),
  control("SP-9", "a tenant's key is used in that tenant's name only", tenantKeys, {
    "refuses every other name, and none": ({ tenant, policy }) =>
      policy.some(
        ({ Effect, Principal, Action = [], Condition }) =>
          Effect === "Deny" &&
          Principal === "*" &&
          ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"].every(action =>
            Action.includes(action),
          ) &&
          Condition?.StringNotEquals?.[context] === tenant,
      ),
    "encrypts the tenant's log groups and no other": ({ tenant, policy }) =>
      policy
        .filter(({ Effect, Principal }) => Effect === "Allow" && JSON.stringify(Principal).includes("logs."))
        .every(({ Condition }) =>
          String(Condition?.ArnLike?.["kms:EncryptionContext:aws:logs:arn"]).endsWith(
            `:log-group:/palisade/dev/scriptpulse/tenants/${tenant}/*`,
          ),
        ),
  }),
];
