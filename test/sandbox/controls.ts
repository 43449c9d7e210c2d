// Sandbox tests: controls that need proof at run time, as tables over what AWS itself says it has.
import { type AwsApi, find, type Xml } from "./aws-api";

/** One property of one resource, and whether it is as the control wants it. */
export interface Finding {
  subject: string;
  ok: boolean;
}

export interface Control {
  id: string;
  says: string;
  findings: (api: AwsApi) => Promise<Finding[]>;
}

/** Judges every resource that `list` finds by every rule; a rule says what must hold. */
function control<T>(
  id: string,
  says: string,
  list: (api: AwsApi) => Promise<[name: string, resource: T][]>,
  rules: Record<string, (resource: T) => boolean>,
): Control {
  return {
    id,
    says,
    findings: async api =>
      (await list(api)).flatMap(([name, resource]) =>
        Object.entries(rules).map(([rule, holds]) => ({ subject: `${name}: ${rule}`, ok: holds(resource) })),
      ),
  };
}

type Texts = (path: string) => string | undefined;

/** Resources of an XML answer, each as a function from path to its first text there. */
const xml =
  (service: Parameters<AwsApi["query"]>[0], action: string, path: string, name: string) =>
  async (api: AwsApi): Promise<[string, Texts][]> =>
    find(await api.query(service, action), path).map(node => {
      const at = first(node);
      return [at(name) ?? "", at];
    });

const first =
  (node: Xml): Texts =>
  path =>
    find(node, path).find(found => typeof found === "string");

const customerKey = (arn: string | undefined) => /^arn:aws:kms:.*:key\/[0-9a-f-]{36}$/.test(arn ?? "");

async function buckets(api: AwsApi): Promise<[string, Texts][]> {
  const names = find(await api.rest("s3", "/"), "Buckets/Bucket/Name").map(String);
  return Promise.all(
    names.map(async (name): Promise<[string, Texts]> => {
      const parts = ["encryption", "versioning", "publicAccessBlock", "ownershipControls"];
      const answers = await Promise.all(parts.map(part => api.rest("s3", `/${name}?${part}`)));
      return [name, first(Object.fromEntries(parts.map((part, i) => [part, [answers[i] ?? ""]])))];
    }),
  );
}

const databases = xml("rds", "DescribeDBInstances", "DBInstances/DBInstance", "DBInstanceIdentifier");

async function databaseParameters(api: AwsApi): Promise<[string, Map<string, string>][]> {
  const groups = find(await api.query("rds", "DescribeDBInstances"), "DBParameterGroup/DBParameterGroupName").map(
    String,
  );
  return Promise.all(
    groups.map(async (group): Promise<[string, Map<string, string>]> => {
      const answer = await api.query("rds", "DescribeDBParameters", { DBParameterGroupName: group });
      const parameters = find(answer, "Parameters/Parameter").map(first);
      return [group, new Map(parameters.map(at => [at("ParameterName") ?? "", at("ParameterValue") ?? ""]))];
    }),
  );
}

interface Key {
  KeyId: string;
  KeyManager?: string;
  KeyRotationEnabled?: boolean;
}

async function keys(api: AwsApi): Promise<[string, Key][]> {
  const { Keys } = await api.json<{ Keys: Key[] }>("kms", "ListKeys");
  return Promise.all(
    Keys.map(async ({ KeyId }): Promise<[string, Key]> => {
      const { KeyMetadata } = await api.json<{ KeyMetadata: Key }>("kms", "DescribeKey", { KeyId });
      return [KeyId, { ...KeyMetadata, ...(await api.json<Partial<Key>>("kms", "GetKeyRotationStatus", { KeyId })) }];
    }),
  );
}

interface LogGroup {
  logGroupName: string;
  retentionInDays?: number;
  kmsKeyId?: string;
  destinations: string[];
}

async function logGroups(api: AwsApi): Promise<[string, LogGroup][]> {
  const { logGroups } = await api.json<{ logGroups: LogGroup[] }>("logs", "DescribeLogGroups");
  return Promise.all(
    logGroups.map(async (group): Promise<[string, LogGroup]> => {
      const { subscriptionFilters } = await api.json<{ subscriptionFilters: { destinationArn: string }[] }>(
        "logs",
        "DescribeSubscriptionFilters",
        { logGroupName: group.logGroupName },
      );
      return [group.logGroupName, { ...group, destinations: subscriptionFilters.map(filter => filter.destinationArn) }];
    }),
  );
}

interface Container {
  name: string;
  image: string;
  user?: string;
  privileged?: boolean;
  readonlyRootFilesystem?: boolean;
  environment?: { name: string }[];
  secrets?: { name: string; valueFrom: string }[];
  linuxParameters?: { capabilities?: { drop?: string[]; add?: string[] } };
}

async function containers(api: AwsApi): Promise<[string, Container][]> {
  const { taskDefinitionArns } = await api.json<{ taskDefinitionArns: string[] }>("ecs", "ListTaskDefinitions");
  const definitions = await Promise.all(
    taskDefinitionArns.map(taskDefinition =>
      api.json<{ taskDefinition: { family: string; containerDefinitions: Container[] } }>(
        "ecs",
        "DescribeTaskDefinition",
        { taskDefinition },
      ),
    ),
  );
  return definitions.flatMap(({ taskDefinition: { family, containerDefinitions } }) =>
    containerDefinitions.map((container): [string, Container] => [`${family}/${container.name}`, container]),
  );
}

interface Service {
  serviceName: string;
  enableExecuteCommand?: boolean;
  networkConfiguration?: { awsvpcConfiguration?: { assignPublicIp?: string } };
  deploymentConfiguration?: {
    deploymentCircuitBreaker?: { enable: boolean; rollback: boolean };
    minimumHealthyPercent?: number;
  };
  deployments: { serviceConnectConfiguration?: { enabled: boolean; services?: { tls?: object }[] } }[];
}

async function services(api: AwsApi): Promise<[string, Service][]> {
  const { clusterArns } = await api.json<{ clusterArns: string[] }>("ecs", "ListClusters");
  const found = await Promise.all(
    clusterArns.map(async cluster => {
      const { serviceArns } = await api.json<{ serviceArns: string[] }>("ecs", "ListServices", { cluster });
      return api.json<{ services: Service[] }>("ecs", "DescribeServices", { cluster, services: serviceArns });
    }),
  );
  return found.flatMap(({ services }) => services.map((service): [string, Service] => [service.serviceName, service]));
}

interface Rule {
  egress: boolean;
  from: number;
  to: number;
  /** Whole address ranges; none where the peer is a group or a prefix list. */
  ranges: string[];
  ofEdge: boolean;
}

/** Rules of every group but the default one of the VPC AWS makes by itself. */
async function securityGroupRules(api: AwsApi): Promise<[string, Rule][]> {
  const balancers = await api.query("elasticloadbalancing", "DescribeLoadBalancers");
  const edge = find(balancers, "SecurityGroups/member").map(String);
  const vpcs = find(await api.query("ec2", "DescribeVpcs"), "vpcSet/item").map(first);
  const own = vpcs.filter(at => at("isDefault") !== "true").map(at => at("vpcId"));
  const groups = find(await api.query("ec2", "DescribeSecurityGroups"), "securityGroupInfo/item").map(first);
  const names = new Map(
    groups.filter(at => own.includes(at("vpcId"))).map(at => [at("groupId") ?? "", at("groupName") ?? ""]),
  );
  const rules = find(await api.query("ec2", "DescribeSecurityGroupRules"), "securityGroupRuleSet/item").map(first);
  return rules
    .filter(at => names.has(at("groupId") ?? ""))
    .map(at => {
      const group = at("groupId") ?? "";
      const rule: Rule = {
        egress: at("isEgress") === "true",
        from: Number(at("fromPort")),
        to: Number(at("toPort")),
        ranges: [at("cidrIpv4"), at("cidrIpv6")].filter(range => range !== undefined),
        ofEdge: edge.includes(group),
      };
      return [
        `${names.get(group)} ${rule.egress ? "egress" : "ingress"} ${rule.from} ${at("securityGroupRuleId")}`,
        rule,
      ];
    });
}

interface Subnet {
  tier: string;
  publicAddresses: boolean;
  defaultRoute?: string;
}

/** Subnets of the platform's VPC with the way their default route goes. */
async function subnets(api: AwsApi): Promise<[string, Subnet][]> {
  const tables = find(await api.query("ec2", "DescribeRouteTables"), "routeTableSet/item");
  const found = find(await api.query("ec2", "DescribeSubnets"), "subnetSet/item");
  return found
    .map(node => ({ at: first(node), name: tagOf(node, "Name") }))
    .filter(({ name }) => name !== undefined)
    .map(({ at, name = "" }) => {
      const table = tables.find(node => find(node, "associationSet/item/subnetId").includes(at("subnetId") ?? ""));
      const route = find(table ?? "", "routeSet/item")
        .map(first)
        .find(at => at("destinationCidrBlock") === "0.0.0.0/0");
      return [
        name,
        {
          tier: /-(public|private|data)-/.exec(name)?.[1] ?? "",
          publicAddresses: at("mapPublicIpOnLaunch") !== "false",
          defaultRoute: route?.("gatewayId") ?? route?.("natGatewayId"),
        },
      ];
    });
}

function tagOf(node: Xml, key: string): string | undefined {
  const tag = find(node, "tagSet/item")
    .map(first)
    .find(at => at("key") === key);
  return tag?.("value");
}

interface Edge {
  listeners: Texts[];
  attributes: Map<string, string>;
  rateLimits: number[];
}

async function edges(api: AwsApi): Promise<[string, Edge][]> {
  const balancers = find(await api.query("elasticloadbalancing", "DescribeLoadBalancers"), "LoadBalancers/member").map(
    first,
  );
  return Promise.all(
    balancers.map(async (at): Promise<[string, Edge]> => {
      const LoadBalancerArn = at("LoadBalancerArn") ?? "";
      const listeners = await api.query("elasticloadbalancing", "DescribeListeners", { LoadBalancerArn });
      const attributes = await api.query("elasticloadbalancing", "DescribeLoadBalancerAttributes", { LoadBalancerArn });
      const { WebACL } = await api.json<{
        WebACL?: { Rules: { Statement: { RateBasedStatement?: { Limit: number } } }[] };
      }>("wafv2", "GetWebACLForResource", { ResourceArn: LoadBalancerArn });
      return [
        at("LoadBalancerName") ?? "",
        {
          listeners: find(listeners, "Listeners/member").map(first),
          attributes: new Map(
            find(attributes, "Attributes/member")
              .map(first)
              .map(at => [at("Key") ?? "", at("Value") ?? ""]),
          ),
          rateLimits: (WebACL?.Rules ?? []).flatMap(rule => rule.Statement.RateBasedStatement?.Limit ?? []),
        },
      ];
    }),
  );
}

const list =
  <T>(service: Parameters<AwsApi["json"]>[0], action: string, field: string, name: keyof T, input = {}) =>
  async (api: AwsApi): Promise<[string, T][]> => {
    const answer = await api.json<Record<string, T[]>>(service, action, input);
    return (answer[field] ?? []).map(item => [String(item[name]), item]);
  };

interface DeliveryStream {
  DeliveryStreamEncryptionConfiguration?: { Status?: string; KeyType?: string; KeyARN?: string };
}

async function deliveryStreams(api: AwsApi): Promise<[string, DeliveryStream][]> {
  const { DeliveryStreamNames } = await api.json<{ DeliveryStreamNames: string[] }>("firehose", "ListDeliveryStreams");
  return Promise.all(
    DeliveryStreamNames.map(async (name): Promise<[string, DeliveryStream]> => {
      const answer = await api.json<{ DeliveryStreamDescription: DeliveryStream }>(
        "firehose",
        "DescribeDeliveryStream",
        {
          DeliveryStreamName: name,
        },
      );
      return [name, answer.DeliveryStreamDescription];
    }),
  );
}

async function topics(api: AwsApi): Promise<[string, Map<string, string>][]> {
  const arns = find(await api.query("sns", "ListTopics"), "Topics/member/TopicArn").map(String);
  return Promise.all(
    arns.map(async (TopicArn): Promise<[string, Map<string, string>]> => {
      const entries = find(await api.query("sns", "GetTopicAttributes", { TopicArn }), "Attributes/entry").map(first);
      return [TopicArn, new Map(entries.map(at => [at("key") ?? "", at("value") ?? ""]))];
    }),
  );
}

/** What Pulumi.dev.yaml asks for where a control leaves it to the stack. */
const dev = { logDays: 7, objectLockDays: "1", rateLimit: 2000 };

export const controls: readonly Control[] = [
  control("SA-7", "every bucket is encrypted, versioned and closed to the public", buckets, {
    "is encrypted": at => ["aws:kms", "AES256"].includes(at("SSEAlgorithm") ?? ""),
    "keeps earlier versions": at => at("versioning/GetBucketVersioningResponse/Status") === "Enabled",
    "ignores and blocks public lists and policies": at =>
      ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"].every(
        part => at(part) === "true",
      ),
    "has no access lists": at => at("ObjectOwnership") === "BucketOwnerEnforced",
  }),
  control(
    "SP-14",
    "the log archive is locked, and encrypted with a key of the customer's",
    async api => {
      const archives = (await buckets(api)).filter(([name]) => name.includes("-logs-archive-"));
      return Promise.all(
        archives.map(async ([name, at]): Promise<[string, { at: Texts; lock: Texts }]> => {
          return [name, { at, lock: first(await api.rest("s3", `/${name}?object-lock`)) }];
        }),
      );
    },
    {
      "has a customer's key": ({ at }) => customerKey(at("KMSMasterKeyID")),
      "is locked": ({ lock }) => lock("Mode") === "GOVERNANCE" && lock("Days") === dev.objectLockDays,
    },
  ),
  control("SA-7", "databases are encrypted with a key of the customer's", databases, {
    "storage is encrypted": at => at("StorageEncrypted") === "true" && customerKey(at("KmsKeyId")),
    "query statistics are encrypted": at => customerKey(at("PerformanceInsightsKMSKeyId")),
    "snapshots carry its tags": at => at("CopyTagsToSnapshot") === "true",
  }),
  control("SA-9", "databases are not reached from outside", databases, {
    "is private": at => at("PubliclyAccessible") === "false",
  }),
  control("SA-13", "databases know services by their identity", databases, {
    "takes IAM tokens": at => at("IAMDatabaseAuthenticationEnabled") === "true",
    "master user's secret is RDS's": at =>
      /:secret:rds!db-/.test(at("MasterUserSecret/SecretArn") ?? "") && customerKey(at("MasterUserSecret/KmsKeyId")),
  }),
  control("RT-23", "databases export their logs", databases, {
    exports: at => at("EnabledCloudwatchLogsExports/member") !== undefined,
  }),
  control("PF-6", "databases are backed up", databases, {
    "has backups": at => Number(at("BackupRetentionPeriod")) >= 1,
  }),
  control("SA-6", "databases refuse connections without TLS", databaseParameters, {
    "forces TLS": parameters => parameters.get("rds.force_ssl") === "1",
    "from 1.2": parameters => parameters.get("ssl_min_protocol_version") === "TLSv1.2",
  }),
  control("SA-7", "keys rotate", keys, {
    "is the customer's": key => key.KeyManager === "CUSTOMER",
    rotates: key => key.KeyRotationEnabled === true,
  }),
  control("RT-23", "log groups keep what they must, encrypted, and send it on", logGroups, {
    "is kept as long as the stack says": group => group.retentionInDays === dev.logDays,
    "is encrypted": group => customerKey(group.kmsKeyId),
    "goes to the archive": group => group.destinations.some(arn => /-(logs|compliance)-archive-/.test(arn)),
    "goes to the SIEM": group => group.destinations.some(arn => /-(logs|compliance)-siem-/.test(arn)),
  }),
  control("SA-7", "logs are encrypted on their way to the sink", deliveryStreams, {
    "has a customer's key": ({ DeliveryStreamEncryptionConfiguration: encryption }) =>
      encryption?.Status === "ENABLED" && customerKey(encryption.KeyARN),
  }),
  control("SA-9", "the internet reaches the edge's port and nothing else", securityGroupRules, {
    "lets in no range but on 443 of the edge": ({ egress, ranges, ofEdge, from, to }) =>
      egress || ranges.length === 0 || (ofEdge && from === 443 && to === 443),
    "lets out to no range but on 443": ({ egress, ranges, from, to }) =>
      !egress || ranges.length === 0 || (from === 443 && to === 443),
    "names one port": ({ from, to }) => from === to && from > 0,
  }),
  control("SA-2", "subnets lead where their tier may go", subnets, {
    "gives no public addresses": subnet => !subnet.publicAddresses,
    "has the way out of its tier": ({ tier, defaultRoute = "none" }) =>
      ({ public: /^igw-/, private: /^nat-/, data: /^none$/ })[tier]?.test(defaultRoute) ?? false,
  }),
  control("RT-12", "containers can change nothing", containers, {
    "root file system is read-only": container => container.readonlyRootFilesystem === true,
  }),
  control("RT-27", "containers have no privileges", containers, {
    "runs as a user and group that are not root": container => /^[1-9]\d*:[1-9]\d*$/.test(container.user ?? ""),
    "drops every capability": ({ linuxParameters }) =>
      linuxParameters?.capabilities?.drop?.includes("ALL") === true &&
      (linuxParameters.capabilities.add ?? []).length === 0,
    "is not privileged": container => container.privileged === false,
  }),
  control("RT-1", "containers run images by digest", containers, {
    "has a digest": container => /@sha256:[0-9a-f]{64}$/.test(container.image),
  }),
  control("SA-8", "containers fetch their secrets from Secrets Manager", containers, {
    "has secrets, all of them there": ({ secrets = [] }) =>
      secrets.length > 0 && secrets.every(({ valueFrom }) => /^arn:aws:secretsmanager:.*:secret:/.test(valueFrom)),
    "has no variable of a secret's name": ({ secrets = [], environment = [] }) =>
      environment.every(({ name }) => !secrets.some(secret => secret.name === name)),
  }),
  control(
    "SA-7",
    "secrets are encrypted with a key of the customer's",
    list<{ Name: string; KmsKeyId?: string }>("secretsmanager", "ListSecrets", "SecretList", "Name"),
    {
      "has a customer's key": secret => customerKey(secret.KmsKeyId),
    },
  ),
  control("SA-13", "services let nobody in", services, {
    "gives no shell": service => service.enableExecuteCommand !== true,
    "has no public address": service =>
      service.networkConfiguration?.awsvpcConfiguration?.assignPublicIp === "DISABLED",
    "speaks TLS with other services": ({ deployments }) =>
      deployments.every(
        ({ serviceConnectConfiguration: connect }) =>
          connect?.enabled === true && (connect.services ?? []).every(({ tls }) => tls !== undefined),
      ),
  }),
  control("SA-10", "services roll out without a gap and go back by themselves", services, {
    "keeps all tasks": service => service.deploymentConfiguration?.minimumHealthyPercent === 100,
    "goes back": ({ deploymentConfiguration }) =>
      deploymentConfiguration?.deploymentCircuitBreaker?.enable === true &&
      deploymentConfiguration.deploymentCircuitBreaker.rollback,
  }),
  control(
    "SA-12",
    "services scale",
    list<{ ResourceId: string; MinCapacity: number; MaxCapacity: number }>(
      "application-autoscaling",
      "DescribeScalableTargets",
      "ScalableTargets",
      "ResourceId",
      { ServiceNamespace: "ecs" },
    ),
    { "has room to grow": target => target.MinCapacity >= 1 && target.MaxCapacity > target.MinCapacity },
  ),
  control("SA-6", "the edge speaks TLS 1.2 and later", edges, {
    "has one listener, on 443": ({ listeners }) => listeners.map(at => at("Port")).join() === "443",
    "443 is TLS 1.2 or later": ({ listeners }) =>
      listeners.every(
        at => at("Protocol") === "HTTPS" && /^ELBSecurityPolicy-TLS13-1-[23]-2021-06$/.test(at("SslPolicy") ?? ""),
      ),
  }),
  control("SA-12", "the edge defends itself", edges, {
    "has a firewall with the stack's rate limit": ({ rateLimits }) => rateLimits.includes(dev.rateLimit),
    "passes nothing without it": ({ attributes }) => attributes.get("waf.fail_open.enabled") === "false",
    "refuses ambiguous requests": ({ attributes }) =>
      attributes.get("routing.http.desync_mitigation_mode") === "strictest" &&
      attributes.get("routing.http.drop_invalid_header_fields.enabled") === "true",
  }),
  control("RT-23", "the edge keeps access logs", edges, {
    "has access logs": ({ attributes }) => attributes.get("access_logs.s3.enabled") === "true",
  }),
  control(
    "RT-10",
    "repositories are immutable, scanned and encrypted",
    list<{
      repositoryName: string;
      imageTagMutability: string;
      imageScanningConfiguration?: { scanOnPush: boolean };
      encryptionConfiguration?: { encryptionType: string; kmsKey?: string };
    }>("ecr", "DescribeRepositories", "repositories", "repositoryName"),
    {
      "tags are final": repository => repository.imageTagMutability === "IMMUTABLE",
      "images are scanned": repository => repository.imageScanningConfiguration?.scanOnPush === true,
      "has a customer's key": repository => customerKey(repository.encryptionConfiguration?.kmsKey),
    },
  ),
  control("SA-7", "alarms travel encrypted", topics, {
    "has a customer's key": attributes => customerKey(attributes.get("KmsMasterKeyId")),
  }),
  control(
    "SA-12",
    "alarms call somebody",
    async api => {
      // Target tracking keeps alarms of its own, which call the autoscaler.
      const alarms = await list<{ AlarmName: string; AlarmActions: string[]; ActionsEnabled: boolean }>(
        "monitoring",
        "DescribeAlarms",
        "MetricAlarms",
        "AlarmName",
      )(api);
      return alarms.filter(([name]) => !name.startsWith("TargetTracking-"));
    },
    {
      "calls the topic": alarm =>
        alarm.ActionsEnabled && alarm.AlarmActions.some(arn => arn.startsWith("arn:aws:sns:")),
    },
  ),
];
