// Sandbox tests: everything that stands in a local AWS, counted by AWS's own list calls. What the stack makes must be in it.
import { type AwsApi, find, type Params, texts } from "./aws-api";

/** Resources by kind; each is named by id, with its state where a deleted one is still listed. */
export type Census = Record<string, string[]>;

interface Kind {
  /** Types of the provider that are counted here. */
  types: readonly string[];
  list: (api: AwsApi) => Promise<string[]>;
}

const ec2 =
  (action: string, path: string, params?: Params) =>
  async (api: AwsApi): Promise<string[]> =>
    texts(await api.query("ec2", action, params), path);

/** Ids with their state, of what EC2 goes on listing for a while after it was deleted. */
const withState =
  (action: string, path: string, id: string) =>
  async (api: AwsApi): Promise<string[]> =>
    find(await api.query("ec2", action), path).map(item => `${texts(item, id)[0]} ${texts(item, "state")[0]}`);

type Named = Record<string, string>;

/** A JSON list call: `answer[list]`, each item by the fields that name it, or the item itself if it is a text. */
const json =
  (service: Parameters<AwsApi["json"]>[0], action: string, list: string, fields: readonly string[] = [], input = {}) =>
  async (api: AwsApi): Promise<string[]> => {
    const answer = await api.json<Record<string, (string | Named)[] | undefined>>(service, action, input);
    return (answer[list] ?? []).map(item =>
      typeof item === "string" ? item : fields.map(field => item[field] ?? "").join(" "),
    );
  };

/** As `json`, of a service that is asked by paths. */
const restJson =
  (service: Parameters<AwsApi["restJson"]>[0], path: string, list: string, fields: readonly string[] = []) =>
  async (api: AwsApi): Promise<string[]> => {
    const answer = await api.restJson<Record<string, (string | Named)[] | undefined>>(service, path);
    return (answer[list] ?? []).map(item =>
      typeof item === "string" ? item : fields.map(field => item[field] ?? "").join(" "),
    );
  };

const cloudfront =
  (path: string, list: string) =>
  async (api: AwsApi): Promise<string[]> =>
    texts(await api.rest("cloudfront", `/2020-05-31/${path}`), list);

/** One list for each item of another. */
const each =
  (outer: (api: AwsApi) => Promise<string[]>, inner: (id: string) => (api: AwsApi) => Promise<string[]>) =>
  async (api: AwsApi): Promise<string[]> =>
    (await Promise.all((await outer(api)).map(id => inner(id)(api)))).flat();

const fileSystems = restJson("elasticfilesystem", "/2015-02-01/file-systems?MaxItems=100", "FileSystems", [
  "FileSystemId",
]);

/** What each cluster of EKS has of a kind. */
const ofCluster = (path: string, list: string, fields?: readonly string[]) =>
  each(restJson("eks", "/clusters", "clusters"), name => restJson("eks", `/clusters/${name}/${path}`, list, fields));

const eventRules = json("events", "ListRules", "Rules", ["Name"]);

/** The hub of a region, and what it subscribes to; AWS refuses both where there is none. */
const securityHub =
  (ask: (api: AwsApi) => Promise<string[]>) =>
  async (api: AwsApi): Promise<string[]> => {
    try {
      return await ask(api);
    } catch (error) {
      if (String(error).includes("not subscribed to AWS Security Hub")) return [];
      throw error;
    }
  };

/** Those of machines go with them. */
async function networkInterfaces(api: AwsApi): Promise<string[]> {
  return find(await api.query("ec2", "DescribeNetworkInterfaces"), "networkInterfaceSet/item")
    .filter(item => texts(item, "attachment/instanceId").length === 0)
    .flatMap(item => texts(item, "networkInterfaceId"));
}

async function instances(api: AwsApi): Promise<string[]> {
  return find(await api.query("ec2", "DescribeInstances"), "reservationSet/item/instancesSet/item").map(
    item => `${texts(item, "instanceId")[0]} ${texts(item, "instanceState/name")[0]}`,
  );
}

async function clustersWithStatus(api: AwsApi): Promise<string[]> {
  const clusters = await json("ecs", "ListClusters", "clusterArns")(api);
  return json("ecs", "DescribeClusters", "clusters", ["clusterArn", "status"], { clusters })(api);
}

const kinds: Record<string, Kind> = {
  vpcs: { types: ["ec2/vpc:Vpc"], list: ec2("DescribeVpcs", "vpcSet/item/vpcId") },
  subnets: { types: ["ec2/subnet:Subnet"], list: ec2("DescribeSubnets", "subnetSet/item/subnetId") },
  "internet gateways": {
    types: ["ec2/internetGateway:InternetGateway"],
    list: ec2("DescribeInternetGateways", "internetGatewaySet/item/internetGatewayId"),
  },
  "NAT gateways": {
    types: ["ec2/natGateway:NatGateway"],
    list: withState("DescribeNatGateways", "natGatewaySet/item", "natGatewayId"),
  },
  "elastic addresses": {
    types: ["ec2/eip:Eip"],
    list: ec2("DescribeAddresses", "addressesSet/item/allocationId"),
  },
  "egress-only internet gateways": {
    types: ["ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway"],
    list: ec2("DescribeEgressOnlyInternetGateways", "egressOnlyInternetGatewaySet/item/egressOnlyInternetGatewayId"),
  },
  "route tables": {
    types: ["ec2/routeTable:RouteTable"],
    list: ec2("DescribeRouteTables", "routeTableSet/item/routeTableId"),
  },
  "network access lists": { types: [], list: ec2("DescribeNetworkAcls", "networkAclSet/item/networkAclId") },
  "network interfaces": { types: [], list: networkInterfaces },
  "VPC endpoints": {
    types: ["ec2/vpcEndpoint:VpcEndpoint"],
    list: withState("DescribeVpcEndpoints", "vpcEndpointSet/item", "vpcEndpointId"),
  },
  "flow logs": { types: ["ec2/flowLog:FlowLog"], list: ec2("DescribeFlowLogs", "flowLogSet/item/flowLogId") },
  "security groups": {
    types: ["ec2/securityGroup:SecurityGroup"],
    list: ec2("DescribeSecurityGroups", "securityGroupInfo/item/groupId"),
  },
  "security group rules": {
    types: [
      "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
      "vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    ],
    list: ec2("DescribeSecurityGroupRules", "securityGroupRuleSet/item/securityGroupRuleId"),
  },
  keys: {
    types: ["kms/key:Key"],
    async list(api) {
      const ids = await json("kms", "ListKeys", "Keys", ["KeyId"])(api);
      const each = await Promise.all(
        ids.map(async KeyId => {
          const { KeyMetadata } = await api.json<{ KeyMetadata: { KeyState: string; KeyManager: string } }>(
            "kms",
            "DescribeKey",
            { KeyId },
          );
          // Those that AWS makes for its services nobody can delete.
          return KeyMetadata.KeyManager === "AWS" ? [] : [`${KeyId} ${KeyMetadata.KeyState}`];
        }),
      );
      return each.flat();
    },
  },
  "key aliases": { types: ["kms/alias:Alias"], list: json("kms", "ListAliases", "Aliases", ["AliasName"]) },
  buckets: {
    types: ["s3/bucket:Bucket"],
    list: async api => texts(await api.rest("s3", "/"), "Buckets/Bucket/Name"),
  },
  roles: {
    types: ["iam/role:Role"],
    list: async api => texts(await api.query("iam", "ListRoles"), "Roles/member/RoleName"),
  },
  policies: {
    types: ["iam/policy:Policy"],
    list: async api => texts(await api.query("iam", "ListPolicies", { Scope: "Local" }), "Policies/member/Arn"),
  },
  "log groups": {
    types: ["cloudwatch/logGroup:LogGroup"],
    list: json("logs", "DescribeLogGroups", "logGroups", ["logGroupName"]),
  },
  "metric filters": {
    types: ["cloudwatch/logMetricFilter:LogMetricFilter"],
    list: json("logs", "DescribeMetricFilters", "metricFilters", ["filterName"]),
  },
  alarms: {
    types: ["cloudwatch/metricAlarm:MetricAlarm"],
    list: json("monitoring", "DescribeAlarms", "MetricAlarms", ["AlarmName"]),
  },
  topics: {
    types: ["sns/topic:Topic"],
    list: async api => texts(await api.query("sns", "ListTopics"), "Topics/member/TopicArn"),
  },
  subscriptions: {
    types: ["sns/topicSubscription:TopicSubscription"],
    list: async api => texts(await api.query("sns", "ListSubscriptions"), "Subscriptions/member/SubscriptionArn"),
  },
  "delivery streams": {
    types: ["kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"],
    list: json("firehose", "ListDeliveryStreams", "DeliveryStreamNames"),
  },
  secrets: {
    types: ["secretsmanager/secret:Secret"],
    list: json("secretsmanager", "ListSecrets", "SecretList", ["Name"], { IncludePlannedDeletion: true }),
  },
  databases: {
    types: ["rds/instance:Instance"],
    list: async api => texts(await api.query("rds", "DescribeDBInstances"), "DBInstance/DBInstanceIdentifier"),
  },
  "database subnet groups": {
    types: ["rds/subnetGroup:SubnetGroup"],
    list: async api =>
      texts(await api.query("rds", "DescribeDBSubnetGroups"), "DBSubnetGroups/DBSubnetGroup/DBSubnetGroupName"),
  },
  "database parameter groups": {
    types: ["rds/parameterGroup:ParameterGroup"],
    list: async api =>
      texts(await api.query("rds", "DescribeDBParameterGroups"), "DBParameterGroup/DBParameterGroupName"),
  },
  "database snapshots": {
    types: [],
    list: async api => texts(await api.query("rds", "DescribeDBSnapshots"), "DBSnapshot/DBSnapshotIdentifier"),
  },
  clusters: { types: ["ecs/cluster:Cluster"], list: clustersWithStatus },
  "clusters of EKS": { types: ["eks/cluster:Cluster"], list: restJson("eks", "/clusters", "clusters") },
  "node groups": { types: ["eks/nodeGroup:NodeGroup"], list: ofCluster("node-groups", "nodegroups") },
  "access entries": { types: ["eks/accessEntry:AccessEntry"], list: ofCluster("access-entries", "accessEntries") },
  "add-ons": { types: ["eks/addon:Addon"], list: ofCluster("addons", "addons") },
  "pod identities": {
    types: ["eks/podIdentityAssociation:PodIdentityAssociation"],
    list: ofCluster("pod-identity-associations", "associations", ["associationId"]),
  },
  services: {
    types: ["ecs/service:Service"],
    async list(api) {
      const clusters = await json("ecs", "ListClusters", "clusterArns")(api);
      const each = await Promise.all(
        clusters.map(async cluster => {
          const services = await json("ecs", "ListServices", "serviceArns", [], { cluster })(api);
          if (services.length === 0) return [];
          return json("ecs", "DescribeServices", "services", ["serviceArn", "status"], { cluster, services })(api);
        }),
      );
      return each.flat();
    },
  },
  "task definitions": {
    types: ["ecs/taskDefinition:TaskDefinition"],
    list: json("ecs", "ListTaskDefinitions", "taskDefinitionArns"),
  },
  repositories: {
    types: ["ecr/repository:Repository"],
    list: json("ecr", "DescribeRepositories", "repositories", ["repositoryName"]),
  },
  "load balancers": {
    types: ["lb/loadBalancer:LoadBalancer"],
    list: async api =>
      texts(await api.query("elasticloadbalancing", "DescribeLoadBalancers"), "LoadBalancers/member/LoadBalancerArn"),
  },
  listeners: {
    types: ["lb/listener:Listener"],
    async list(api) {
      const balancers = await api.query("elasticloadbalancing", "DescribeLoadBalancers");
      const each = texts(balancers, "LoadBalancers/member/LoadBalancerArn").map(LoadBalancerArn =>
        api.query("elasticloadbalancing", "DescribeListeners", { LoadBalancerArn }),
      );
      return (await Promise.all(each)).flatMap(answer => texts(answer, "Listeners/member/ListenerArn"));
    },
  },
  "target groups": {
    types: ["lb/targetGroup:TargetGroup"],
    list: async api =>
      texts(await api.query("elasticloadbalancing", "DescribeTargetGroups"), "TargetGroups/member/TargetGroupArn"),
  },
  "hosted zones": {
    types: ["route53/zone:Zone"],
    list: async api => texts(await api.rest("route53", "/2013-04-01/hostedzone"), "HostedZones/HostedZone/Id"),
  },
  certificates: {
    types: ["acm/certificate:Certificate"],
    list: json("acm", "ListCertificates", "CertificateSummaryList", ["CertificateArn"]),
  },
  "certificate authorities": {
    types: ["acmpca/certificateAuthority:CertificateAuthority"],
    list: json("acm-pca", "ListCertificateAuthorities", "CertificateAuthorities", ["Arn", "Status"]),
  },
  namespaces: {
    types: ["servicediscovery/httpNamespace:HttpNamespace"],
    list: json("servicediscovery", "ListNamespaces", "Namespaces", ["Id"]),
  },
  firewalls: {
    types: ["wafv2/webAcl:WebAcl"],
    async list(api) {
      const of = (Scope: string) => json("wafv2", "ListWebACLs", "WebACLs", ["ARN"], { Scope })(api);
      return [...(await of("REGIONAL")), ...(await of("CLOUDFRONT"))];
    },
  },
  "scalable targets": {
    types: ["appautoscaling/target:Target"],
    list: json("application-autoscaling", "DescribeScalableTargets", "ScalableTargets", ["ResourceId"], {
      ServiceNamespace: "ecs",
    }),
  },
  "scaling policies": {
    types: ["appautoscaling/policy:Policy"],
    list: json("application-autoscaling", "DescribeScalingPolicies", "ScalingPolicies", ["PolicyName"], {
      ServiceNamespace: "ecs",
    }),
  },
  "launch templates": {
    types: ["ec2/launchTemplate:LaunchTemplate"],
    list: ec2("DescribeLaunchTemplates", "launchTemplates/item/launchTemplateId"),
  },
  "Auto Scaling groups": {
    types: ["autoscaling/group:Group"],
    list: async api =>
      texts(
        await api.query("autoscaling", "DescribeAutoScalingGroups"),
        "AutoScalingGroups/member/AutoScalingGroupName",
      ),
  },
  instances: { types: [], list: instances },
  volumes: { types: [], list: ec2("DescribeVolumes", "volumeSet/item/volumeId") },
  "instance profiles": {
    types: ["iam/instanceProfile:InstanceProfile"],
    list: async api =>
      texts(await api.query("iam", "ListInstanceProfiles"), "InstanceProfiles/member/InstanceProfileName"),
  },
  "capacity providers": {
    types: ["ecs/capacityProvider:CapacityProvider"],
    list: json("ecs", "DescribeCapacityProviders", "capacityProviders", ["name", "status"]),
  },
  "file systems": { types: ["efs/fileSystem:FileSystem"], list: fileSystems },
  "access points": {
    types: ["efs/accessPoint:AccessPoint"],
    list: restJson("elasticfilesystem", "/2015-02-01/access-points", "AccessPoints", ["AccessPointId"]),
  },
  "mount targets": {
    types: ["efs/mountTarget:MountTarget"],
    list: each(fileSystems, id =>
      restJson("elasticfilesystem", `/2015-02-01/mount-targets?FileSystemId=${id}&MaxItems=100`, "MountTargets", [
        "MountTargetId",
      ]),
    ),
  },
  tables: { types: ["dynamodb/table:Table"], list: json("dynamodb", "ListTables", "TableNames") },
  queues: { types: ["sqs/queue:Queue"], list: json("sqs", "ListQueues", "QueueUrls") },
  functions: {
    types: ["lambda/function:Function"],
    list: restJson("lambda", "/2015-03-31/functions/", "Functions", ["FunctionName"]),
  },
  "event source mappings": {
    types: ["lambda/eventSourceMapping:EventSourceMapping"],
    list: restJson("lambda", "/2015-03-31/event-source-mappings/", "EventSourceMappings", ["UUID"]),
  },
  parameters: { types: ["ssm/parameter:Parameter"], list: json("ssm", "DescribeParameters", "Parameters", ["Name"]) },
  documents: {
    types: ["ssm/document:Document"],
    list: json("ssm", "ListDocuments", "DocumentIdentifiers", ["Name"], {
      Filters: [{ Key: "Owner", Values: ["Self"] }],
    }),
  },
  associations: {
    types: ["ssm/association:Association"],
    list: json("ssm", "ListAssociations", "Associations", ["AssociationId"]),
  },
  budgets: {
    types: ["budgets/budget:Budget"],
    list: json("budgets", "DescribeBudgets", "Budgets", ["BudgetName"], { AccountId: "123456789012" }),
  },
  distributions: {
    types: ["cloudfront/distribution:Distribution"],
    list: cloudfront("distribution", "DistributionSummary/Id"),
  },
  "origin access controls": {
    types: ["cloudfront/originAccessControl:OriginAccessControl"],
    list: cloudfront("origin-access-control", "OriginAccessControlSummary/Id"),
  },
  "response headers policies": {
    types: ["cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"],
    list: cloudfront("response-headers-policy", "ResponseHeadersPolicySummary/ResponseHeadersPolicy/Id"),
  },
  trails: { types: ["cloudtrail/trail:Trail"], list: json("cloudtrail", "ListTrails", "Trails", ["TrailARN"]) },
  "configuration recorders": {
    types: ["cfg/recorder:Recorder"],
    list: json("config", "DescribeConfigurationRecorders", "ConfigurationRecorders", ["name"]),
  },
  "delivery channels": {
    types: ["cfg/deliveryChannel:DeliveryChannel"],
    list: json("config", "DescribeDeliveryChannels", "DeliveryChannels", ["name"]),
  },
  detectors: {
    types: ["guardduty/detector:Detector"],
    list: restJson("guardduty", "/detector", "detectorIds"),
  },
  "security hubs": {
    types: ["securityhub/account:Account"],
    list: securityHub(async api => [(await api.restJson<{ HubArn: string }>("securityhub", "/accounts")).HubArn]),
  },
  "standards subscriptions": {
    types: ["securityhub/standardsSubscription:StandardsSubscription"],
    list: securityHub(async api => {
      const { StandardsSubscriptions } = await api.restJson<{
        StandardsSubscriptions: { StandardsSubscriptionArn: string }[];
      }>("securityhub", "/standards/get", {});
      return StandardsSubscriptions.map(one => one.StandardsSubscriptionArn);
    }),
  },
  dashboards: {
    types: ["cloudwatch/dashboard:Dashboard"],
    list: json("monitoring", "ListDashboards", "DashboardEntries", ["DashboardName"]),
  },
  "log resource policies": {
    types: ["cloudwatch/logResourcePolicy:LogResourcePolicy"],
    list: json("logs", "DescribeResourcePolicies", "resourcePolicies", ["policyName"]),
  },
  "contributor insight rules": {
    types: ["cloudwatch/contributorInsightRule:ContributorInsightRule"],
    list: json("monitoring", "DescribeInsightRules", "InsightRules", ["Name"]),
  },
  "event rules": { types: ["cloudwatch/eventRule:EventRule"], list: eventRules },
  "event targets": {
    types: ["cloudwatch/eventTarget:EventTarget"],
    list: each(eventRules, Rule => json("events", "ListTargetsByRule", "Targets", ["Id"], { Rule })),
  },
  "DNS firewall domain lists": {
    types: ["route53/resolverFirewallDomainList:ResolverFirewallDomainList"],
    list: json("route53resolver", "ListFirewallDomainLists", "FirewallDomainLists", ["Id"]),
  },
  "DNS firewall rule groups": {
    types: ["route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup"],
    list: json("route53resolver", "ListFirewallRuleGroups", "FirewallRuleGroups", ["Id"]),
  },
  "DNS firewall associations": {
    types: ["route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation"],
    list: json("route53resolver", "ListFirewallRuleGroupAssociations", "FirewallRuleGroupAssociations", ["Id"]),
  },
  "DNS firewall configurations": {
    types: ["route53/resolverFirewallConfig:ResolverFirewallConfig"],
    list: json("route53resolver", "ListFirewallConfigs", "FirewallConfigs", ["Id"]),
  },
  "query log configurations": {
    types: ["route53/resolverQueryLogConfig:ResolverQueryLogConfig"],
    list: json("route53resolver", "ListResolverQueryLogConfigs", "ResolverQueryLogConfigs", ["Id"]),
  },
  "query log associations": {
    types: ["route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation"],
    list: json("route53resolver", "ListResolverQueryLogConfigAssociations", "ResolverQueryLogConfigAssociations", [
      "Id",
    ]),
  },
};

/** Types without a list of their own: each is a part of the resource named, and gone with it. */
const parts: Record<string, readonly string[]> = {
  buckets: [
    "s3/bucketLogging:BucketLogging",
    "s3/bucketNotification:BucketNotification",
    "s3/bucketReplicationConfig:BucketReplicationConfig",
    "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    "s3/bucketOwnershipControls:BucketOwnershipControls",
    "s3/bucketPolicy:BucketPolicy",
    "s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "s3/bucketVersioning:BucketVersioning",
  ],
  "certificate authorities": [
    "acmpca/certificate:Certificate",
    "acmpca/certificateAuthorityCertificate:CertificateAuthorityCertificate",
  ],
  "configuration recorders": ["cfg/recorderStatus:RecorderStatus"],
  "DNS firewall rule groups": ["route53/resolverFirewallRule:ResolverFirewallRule"],
  "file systems": ["efs/backupPolicy:BackupPolicy", "efs/fileSystemPolicy:FileSystemPolicy"],
  functions: ["lambda/permission:Permission"],
  queues: ["sqs/queuePolicy:QueuePolicy", "sqs/redrivePolicy:RedrivePolicy"],
  "Auto Scaling groups": ["autoscaling/attachment:Attachment"],
  clusters: ["ecs/clusterCapacityProviders:ClusterCapacityProviders"],
  "clusters of EKS": ["eks/accessPolicyAssociation:AccessPolicyAssociation"],
  firewalls: [
    "wafv2/webAclAssociation:WebAclAssociation",
    "wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
  ],
  "hosted zones": ["route53/record:Record"],
  listeners: ["lb/listenerRule:ListenerRule"],
  "log groups": ["cloudwatch/logSubscriptionFilter:LogSubscriptionFilter"],
  repositories: ["ecr/lifecyclePolicy:LifecyclePolicy", "ecr/repositoryPolicy:RepositoryPolicy"],
  roles: ["iam/rolePolicy:RolePolicy", "iam/rolePolicyAttachment:RolePolicyAttachment"],
  "route tables": ["ec2/route:Route", "ec2/routeTableAssociation:RouteTableAssociation"],
  secrets: ["secretsmanager/secretPolicy:SecretPolicy", "secretsmanager/secretVersion:SecretVersion"],
  topics: ["sns/topicPolicy:TopicPolicy"],
  vpcs: ["ec2/defaultSecurityGroup:DefaultSecurityGroup", "ec2/defaultNetworkAcl:DefaultNetworkAcl"],
};

/** Types that a census covers, as tokens of the engine. */
export const countedTypes: ReadonlySet<string> = new Set(
  [...Object.values(kinds).map(kind => kind.types), ...Object.values(parts)].flat().map(type => `aws:${type}`),
);

/**
 * Asks for everything, one list after the other, in each region that an API is given for; what is global is counted once.
 *
 * moto has a list of its own, `/moto-api/data.json`, which is of no use here: it never forgets what was deleted.
 */
export async function takeCensus(...regions: readonly AwsApi[]): Promise<Census> {
  const census: Census = {};
  for (const [kind, { list }] of Object.entries(kinds)) {
    const found = new Set<string>();
    for (const api of regions) for (const id of await list(api)) found.add(id);
    census[kind] = [...found].sort();
  }
  return census;
}

/** What stands in `after` and did not in `before`; kinds without any are left out. */
export function added(before: Census, after: Census): Census {
  const entries = Object.entries(after)
    .map(([kind, found]) => [kind, found.filter(id => !before[kind]?.includes(id))] as const)
    .filter(([, found]) => found.length > 0);
  return Object.fromEntries(entries);
}

/** What is still listed after everything was deleted, each with the reason. */
const kept: readonly { kind: string; which: RegExp; reason: string }[] = [
  { kind: "keys", which: / PendingDeletion$/, reason: "KMS keeps a deleted key for its waiting period" },
  { kind: "certificate authorities", which: / DELETED$/, reason: "kept for the 30 days in which it can be restored" },
  { kind: "NAT gateways", which: / deleted$/, reason: "listed for an hour after their deletion" },
  { kind: "VPC endpoints", which: / deleted$/, reason: "listed for a while after their deletion" },
  { kind: "clusters", which: / INACTIVE$/, reason: "described for a while after their deletion" },
  { kind: "services", which: / INACTIVE$/, reason: "described for a while after their deletion" },
  { kind: "instances", which: / terminated$/, reason: "described for an hour after their end" },
  {
    kind: "network access lists",
    which: /^acl-/,
    reason: "moto keeps a VPC's default list, which AWS deletes with it; the stack makes none",
  },
  {
    kind: "network interfaces",
    which: /^eni-/,
    reason:
      "moto keeps the interfaces of NAT gateways and endpoints, which AWS deletes with them; the stack makes none",
  },
  {
    kind: "task definitions",
    which: /:task-definition\//,
    reason: "`skipDestroy`: a rollback needs the revision it goes back to",
  },
];

/** `census` without what AWS keeps by nature. */
export function withoutKept(census: Census): Census {
  const entries = Object.entries(census)
    .map(([kind, found]) => {
      const rules = kept.filter(rule => rule.kind === kind);
      return [kind, found.filter(id => !rules.some(rule => rule.which.test(id)))] as const;
    })
    .filter(([, found]) => found.length > 0);
  return Object.fromEntries(entries);
}

/** What AWS makes of its own accord beside what it was asked for. */
const madeByAws: readonly { kind: string; which: RegExp; reason: string }[] = [
  { kind: "alarms", which: /^TargetTracking-/, reason: "target tracking keeps the alarms it scales by" },
  { kind: "database snapshots", which: /^rds:/, reason: "the first automated backup of an instance" },
  { kind: "instances", which: /^i-/, reason: "an Auto Scaling group makes its machines" },
  { kind: "volumes", which: /^vol-/, reason: "a machine has its disks" },
];

/** What stands in `census` and is nowhere in an exported state: nobody would ever delete it. */
export function strangers(census: Census, exported: string): string[] {
  return Object.entries(census).flatMap(([kind, found]) =>
    found
      .filter(id => !madeByAws.some(rule => rule.kind === kind && rule.which.test(id)))
      .map(id => (id.split(" ")[0] ?? "").replace(/^\/hostedzone\//, ""))
      .filter(id => !exported.includes(id))
      .map(id => `${kind}: ${id}`),
  );
}
