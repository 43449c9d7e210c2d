// Unit tests: foundation, second region and workload of a hand-off pipeline, registered together against the mocks.
import { contentPipeline } from "../../../src/catalog/content-pipeline";
import { endpointServices } from "../../../src/components/aws/endpoint-services";
import { createProvider } from "../../../src/components/aws/provider";
import { SaasFoundation } from "../../../src/components/aws/saas-foundation";
import { SaasWorkload } from "../../../src/components/aws/saas-workload";
import { SecondRegion } from "../../../src/components/aws/second-region";
import { egressOf, union } from "../../../src/workload/egress";
import { defineWorkload, type Workload } from "../../../src/workload/workload";
import { type Registered, record } from "../record";
import { digest } from "./samples";

export const accountId = "123456789012";
export const region = "eu-central-1";
export const approver = `arn:aws:iam::${accountId}:role/editor`;

/** The content pipeline with its bot in a container and without ways out, which other parts of the platform make. */
export const pipeline: Workload = defineWorkload({
  ...contentPipeline,
  name: "pipeline",
  services: Object.fromEntries(
    Object.entries(contentPipeline.services).map(([name, { machine: _, ...service }]) => [
      name,
      { ...service, network: { exposure: "none" as const } },
    ]),
  ),
});

const choice = {
  instanceClass: "db.t4g.micro",
  multiAz: false,
  deletionProtection: false,
  finalSnapshot: false,
  backupRetentionDays: 1,
};

/** Everything that is registered; arguments of the workload may be changed. */
export async function recordPipeline(changes: Partial<ConstructorParameters<typeof SaasWorkload>[1]> = {}) {
  const common = { environment: "dev", accountId, region, disposable: true, awaitReality: false };
  return record({ types: everyType, outputs }, () => {
    const provider = createProvider("aws", { region, tags: {} });
    const foundation = new SaasFoundation(
      "palisade-dev",
      {
        ...common,
        network: {
          cidr: "10.0.0.0/16",
          egress: "single-nat",
          zones: ["a", "b"].map((zone, i) => ({
            name: `${region}${zone}`,
            publicCidr: `10.0.${i}.0/24`,
            privateCidr: `10.0.${16 + 16 * i}.0/20`,
            dataCidr: `10.0.${4 + i}.0/24`,
          })),
        },
        retention: { logDays: 7, objectLockDays: 1, keyDeletionDays: 7, accessLogDays: 1 },
        domain: "dev.example.com",
        hostNames: [],
        certificateArn: "arn:certificate",
        rateLimit: 2000,
        alarms: { emails: [] },
        serviceCa: { validityYears: 1 },
        platformImages: {},
        endpointServices: endpointServices([pipeline]),
        machines: true,
        buildSha: "0".repeat(40),
        egress: union(Object.values(pipeline.services).map(egressOf)),
        accountBaseline: { cloudTrail: false, config: false, guardDuty: false, securityHub: false },
      },
      { provider },
    );
    const secondRegion = new SecondRegion(
      "palisade-dev-second",
      { region: "eu-west-1", environment: "dev", accountId, keyDeletionDays: 7 },
      createProvider("aws-second", { region: "eu-west-1", tags: {} }),
    );
    new SaasWorkload(
      "pipeline-dev",
      {
        ...common,
        workload: pipeline,
        foundation,
        images: { editorbot: digest, renderer: digest },
        databases: { postgres: choice, vectors: choice },
        logDays: 7,
        secretRecoveryDays: 0,
        hostName: "pipeline.dev.example.com",
        rulePriority: 1,
        release: { buildSha: "0".repeat(40) },
        tracing: { samplePercent: 100, exporter: "xray" },
        keyDeletionDays: 7,
        complianceDays: 1,
        tenants: [],
        secondRegion,
        approvers: [approver],
        monthlyBudgetUsd: 200,
        ...changes,
      },
      { provider },
    );
  });
}

const named = (_: Record<string, unknown>, name: string) => ({ name });

/** Names and addresses that AWS gives. */
const outputs = {
  "aws:s3/bucket:Bucket": (_: Record<string, unknown>, name: string) => ({ bucket: name }),
  "aws:sqs/queue:Queue": (_: Record<string, unknown>, name: string) => ({ name, url: `https://sqs/${name}` }),
  "aws:ecr/repository:Repository": (_: Record<string, unknown>, name: string) => ({
    repositoryUrl: `registry/${name}`,
  }),
  "aws:ec2/launchTemplate:LaunchTemplate": () => ({ latestVersion: 1 }),
  "aws:cloudwatch/eventRule:EventRule": named,
  "aws:ecs/capacityProvider:CapacityProvider": named,
  "aws:ecs/cluster:Cluster": named,
  "aws:ecs/service:Service": named,
  "aws:lambda/function:Function": named,
  "aws:ssm/document:Document": named,
};

/** Policies of roles, by the name of the registration. */
export function rolePolicies(all: readonly Registered[]): Map<string, string> {
  return new Map(
    all.filter(r => r.type === "aws:iam/rolePolicy:RolePolicy").map(r => [r.name, String(r.inputs.policy)]),
  );
}

const everyType = [
  "aws:acmpca/certificate:Certificate",
  "aws:acmpca/certificateAuthority:CertificateAuthority",
  "aws:acmpca/certificateAuthorityCertificate:CertificateAuthorityCertificate",
  "aws:appautoscaling/policy:Policy",
  "aws:appautoscaling/target:Target",
  "aws:autoscaling/group:Group",
  "aws:budgets/budget:Budget",
  "aws:cloudwatch/dashboard:Dashboard",
  "aws:cloudwatch/eventRule:EventRule",
  "aws:cloudwatch/eventTarget:EventTarget",
  "aws:cloudwatch/logGroup:LogGroup",
  "aws:cloudwatch/logMetricFilter:LogMetricFilter",
  "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
  "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
  "aws:cloudwatch/metricAlarm:MetricAlarm",
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
  "aws:ec2/eip:Eip",
  "aws:ec2/flowLog:FlowLog",
  "aws:ec2/internetGateway:InternetGateway",
  "aws:ec2/launchTemplate:LaunchTemplate",
  "aws:ec2/natGateway:NatGateway",
  "aws:ec2/route:Route",
  "aws:ec2/routeTable:RouteTable",
  "aws:ec2/routeTableAssociation:RouteTableAssociation",
  "aws:ec2/securityGroup:SecurityGroup",
  "aws:ec2/subnet:Subnet",
  "aws:ec2/vpc:Vpc",
  "aws:ec2/vpcEndpoint:VpcEndpoint",
  "aws:ecr/lifecyclePolicy:LifecyclePolicy",
  "aws:ecr/repository:Repository",
  "aws:ecr/repositoryPolicy:RepositoryPolicy",
  "aws:ecs/capacityProvider:CapacityProvider",
  "aws:ecs/cluster:Cluster",
  "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
  "aws:ecs/service:Service",
  "aws:ecs/taskDefinition:TaskDefinition",
  "aws:iam/instanceProfile:InstanceProfile",
  "aws:iam/role:Role",
  "aws:iam/rolePolicy:RolePolicy",
  "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
  "aws:kms/alias:Alias",
  "aws:kms/key:Key",
  "aws:lambda/eventSourceMapping:EventSourceMapping",
  "aws:lambda/function:Function",
  "aws:lambda/permission:Permission",
  "aws:route53/resolverFirewallConfig:ResolverFirewallConfig",
  "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList",
  "aws:route53/resolverFirewallRule:ResolverFirewallRule",
  "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup",
  "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation",
  "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig",
  "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation",
  "aws:s3/bucket:Bucket",
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
  "aws:s3/bucketNotification:BucketNotification",
  "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
  "aws:s3/bucketPolicy:BucketPolicy",
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
  "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
  "aws:s3/bucketVersioning:BucketVersioning",
  "aws:secretsmanager/secret:Secret",
  "aws:secretsmanager/secretPolicy:SecretPolicy",
  "aws:servicediscovery/httpNamespace:HttpNamespace",
  "aws:sns/topic:Topic",
  "aws:sns/topicPolicy:TopicPolicy",
  "aws:sqs/queue:Queue",
  "aws:sqs/queuePolicy:QueuePolicy",
  "aws:sqs/redrivePolicy:RedrivePolicy",
  "aws:ssm/document:Document",
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
  "pulumi:providers:aws",
] as const;
