// Sandbox tests: controls over machines, and how they are reached and delivered to (CP-1, CP-6, CP-9, CP-12).
import { type AwsApi, find, texts, type Xml } from "../aws-api";
import {
  type Control,
  control,
  customerKey,
  first,
  many,
  same,
  statements,
  type Texts,
  those,
  withoutSuffix,
} from "./control";

interface Template {
  at: Texts;
  node: Xml;
  userData: string;
}

/** What each launch template says last. */
async function templates(api: AwsApi): Promise<[string, Template][]> {
  const all = find(await api.query("ec2", "DescribeLaunchTemplates"), "launchTemplates/item").map(first);
  return Promise.all(
    all.map(async (at): Promise<[string, Template]> => {
      const answer = await api.query("ec2", "DescribeLaunchTemplateVersions", {
        LaunchTemplateId: at("launchTemplateId") ?? "",
        "LaunchTemplateVersion.1": "$Latest",
      });
      const node = find(answer, "launchTemplateData")[0] ?? "";
      const userData = Buffer.from(first(node)("userData") ?? "", "base64").toString();
      return [withoutSuffix(at("launchTemplateName") ?? ""), { at: first(node), node, userData }];
    }),
  );
}

async function groups(api: AwsApi): Promise<[string, Texts][]> {
  const answer = await api.query("autoscaling", "DescribeAutoScalingGroups");
  return find(answer, "AutoScalingGroups/member")
    .map(first)
    .map(at => [withoutSuffix(at("AutoScalingGroupName") ?? ""), at]);
}

const bot = "content-pipeline-dev-editorbot";
const gpu = "content-pipeline-dev-renderer";

interface Document {
  DocumentType: string;
  content: string;
}

async function documents(api: AwsApi): Promise<[string, Document][]> {
  const { DocumentIdentifiers } = await api.json<{ DocumentIdentifiers: { Name: string; DocumentType: string }[] }>(
    "ssm",
    "ListDocuments",
    { Filters: [{ Key: "Owner", Values: ["Self"] }] },
  );
  return Promise.all(
    DocumentIdentifiers.map(async ({ Name, DocumentType }): Promise<[string, Document]> => {
      const { Content } = await api.json<{ Content: string }>("ssm", "GetDocument", { Name });
      return [withoutSuffix(Name), { DocumentType, content: Content }];
    }),
  );
}

async function instances(api: AwsApi): Promise<[string, Texts][]> {
  const answer = await api.query("ec2", "DescribeInstances");
  return find(answer, "instancesSet/item")
    .map(first)
    .filter(at => at("instanceState/name") === "running")
    .map(at => [at("instanceId") ?? "", at]);
}

interface Association {
  Name: string;
  AssociationName: string;
  AssociationId: string;
  Targets: { Key: string; Values: string[] }[];
  description?: { MaxConcurrency?: string; MaxErrors?: string; Parameters?: Record<string, string[]> };
}

async function associations(api: AwsApi): Promise<[string, Association][]> {
  const { Associations } = await api.json<{ Associations: Association[] }>("ssm", "ListAssociations");
  return Promise.all(
    Associations.map(async (association): Promise<[string, Association]> => {
      const { AssociationId } = association;
      const { AssociationDescription: description } = await api.json<{
        AssociationDescription: Association["description"];
      }>("ssm", "DescribeAssociation", { AssociationId });
      return [association.AssociationName, { ...association, description }];
    }),
  );
}

interface Role {
  /** Actions on objects, each as `action prefix`. */
  objects: string[];
  /** Actions that its policies allow, each with its resources. */
  allowed: { actions: string[]; resources: string[] }[];
}

/** Roles, with what their own policies allow. */
async function roles(api: AwsApi): Promise<[string, Role][]> {
  const names = texts(await api.query("iam", "ListRoles"), "Roles/member/RoleName");
  return Promise.all(
    names.map(async (RoleName): Promise<[string, Role]> => {
      const policies = texts(await api.query("iam", "ListRolePolicies", { RoleName }), "PolicyNames/member");
      const documents = await Promise.all(
        policies.map(async PolicyName => {
          const answer = await api.query("iam", "GetRolePolicy", { RoleName, PolicyName });
          return decodeURIComponent(texts(answer, "PolicyDocument")[0] ?? "");
        }),
      );
      const allowed = documents
        .flatMap(statements)
        .filter(({ Effect }) => Effect === "Allow")
        .map(({ Action, Resource }) => ({ actions: many(Action), resources: many(Resource) }));
      const objects = allowed.flatMap(({ actions, resources }) =>
        actions
          .filter(action => /^s3:(Get|Put)Object$/.test(action))
          .flatMap(action => resources.map(resource => `${action} ${resource.replace(/^[^/]*\//, "")}`)),
      );
      return [withoutSuffix(RoleName), { objects, allowed }];
    }),
  );
}

export const machineControls: readonly Control[] = [
  control("CP-6", "machines have no key pair, no public address, and give their identity to nobody else", templates, {
    "has no key pair": ({ at }) => at("keyName") === undefined,
    "asks for a token": ({ at }) =>
      at("metadataOptions/httpTokens") === "required" && at("metadataOptions/httpPutResponseHopLimit") === "1",
    "has no public address": ({ node }) =>
      texts(node, "networkInterfaceSet/item/associatePublicIpAddress").every(answer => answer === "false"),
    "has a disk of the customer's key": ({ at }) => at("ebs/encrypted") === "true" && customerKey(at("ebs/kmsKeyId")),
  }),
  control(
    "CP-1",
    "the control machine is a t3.medium with Ubuntu 22.04",
    those(templates, name => name === bot),
    {
      "is of that size": ({ at }) => at("instanceType") === "t3.medium",
      "is of that system": ({ at }) => at("imageId")?.includes("/canonical/ubuntu/server/22.04/") === true,
      "takes no password": ({ userData }) =>
        userData.includes("ssh_pwauth: false") && userData.includes("disable_root: true"),
    },
  ),
  control(
    "CP-1",
    "the control machine is replaced when it is lost, and does not grow old",
    those(groups, name => name === bot),
    {
      "is one": at => [at("MinSize"), at("MaxSize"), at("DesiredCapacity")].join() === "1,1,1",
      "lives 30 days": at => at("MaxInstanceLifetime") === String(30 * 86_400),
    },
  ),
  control("CP-6", "machines are reached from no network", instances, {
    "has no public address": at => at("ipAddress") === undefined,
    "has no key pair": at => at("keyName") === undefined,
  }),
  control(
    "CP-12",
    "GPUs are spot, none while there is no work, two at most",
    those(groups, name => name === gpu),
    {
      "is bounded": at => [at("MinSize"), at("MaxSize"), at("DesiredCapacity")].join() === "0,2,0",
      "is spot only": at =>
        at("InstancesDistribution/OnDemandBaseCapacity") === "0" &&
        at("InstancesDistribution/OnDemandPercentageAboveBaseCapacity") === "0",
    },
  ),
  control(
    "CP-6",
    "sessions are encrypted, recorded and end",
    those(documents, name => name === `${bot}-session`),
    {
      "is encrypted and recorded": ({ DocumentType, content }) => {
        const { inputs } = JSON.parse(content) as { inputs: Record<string, unknown> };
        return (
          DocumentType === "Session" &&
          customerKey(String(inputs.kmsKeyId)) &&
          inputs.cloudWatchEncryptionEnabled === true &&
          inputs.cloudWatchStreamingEnabled === true &&
          inputs.cloudWatchLogGroupName === "/palisade/dev/content-pipeline/editorbot/sessions" &&
          Number(inputs.idleSessionTimeout) <= 20
        );
      },
    },
  ),
  control(
    "CP-9",
    "deliveries are by digest and git commit",
    those(documents, name => name === `${bot}-deliver`),
    {
      "takes nothing else": ({ DocumentType, content }) => {
        const { parameters } = JSON.parse(content) as { parameters: Record<string, { allowedPattern?: string }> };
        return (
          DocumentType === "Command" &&
          same(Object.keys(parameters), ["ImageDigest", "GitSha"]) &&
          parameters.ImageDigest?.allowedPattern === "^sha256:[0-9a-f]{64}$" &&
          parameters.GitSha?.allowedPattern === "^[0-9a-f]{40}$"
        );
      },
    },
  ),
  control("CP-9", "the stack's own release is delivered to every machine, one after the other", associations, {
    "goes to the machines": ({ Name, Targets }) =>
      Name === `${bot}-deliver` &&
      JSON.stringify(Targets) === JSON.stringify([{ Key: "tag:palisade:service", Values: [bot] }]),
    "stops at the first fault": ({ description }) =>
      description?.MaxConcurrency === "1" && description.MaxErrors === "0",
    "is the digest of the stack": ({ description }) =>
      /^sha256:[0-9a-f]{64}$/.test(description?.Parameters?.ImageDigest?.[0] ?? ""),
  }),
  control(
    "CP-3",
    "the pipeline's identities reach just their prefixes",
    async api => {
      const found = await roles(api);
      return Object.entries(prefixes).map(
        ([name, wanted]): [string, { wanted: readonly string[]; objects: string[] }] => [
          name,
          { wanted, objects: found.filter(([role]) => role === name).flatMap(([, { objects }]) => objects) },
        ],
      );
    },
    { "reaches those": ({ wanted, objects }) => same(objects, wanted) },
  ),
  control("CP-3", "no role may do everything", roles, {
    "names its actions": ({ allowed }) =>
      allowed.every(({ actions }) => actions.every(action => /^[a-z0-9-]+:[A-Za-z]\w+\*?$/.test(action))),
  }),
];

const get = (...of: string[]) => of.map(prefix => `s3:GetObject ${prefix}*`);
const put = (...of: string[]) => of.map(prefix => `s3:PutObject ${prefix}*`);

/** What each identity reads and writes, by the role of its process. */
const prefixes: Readonly<Record<string, readonly string[]>> = {
  [`${bot}-process`]: [
    ...get("audio/raw/", "audio/cleaned/", "scripts/", "subtitles/", "video/short/", "video/long/"),
    ...put("audio/raw/", "audio/cleaned/", "scripts/"),
  ],
  [gpu]: [...get("audio/cleaned/", "scripts/", "subtitles/"), ...put("subtitles/", "video/short/", "video/long/")],
};
