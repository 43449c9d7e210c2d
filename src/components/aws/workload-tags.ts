// AWS components: the tag by which costs are told apart, on everything a workload has (CP-12).
import * as pulumi from "@pulumi/pulumi";

/** Its value is the workload in its environment, such as `sanctum-staging`: environments may share an account. */
export const workloadTag = "palisade:workload";

/**
 * Types with a `tags` mapping that components of a workload register. A test holds it against the provider's types and
 * the components' sources.
 */
export const taggable: ReadonlySet<string> = new Set([
  "aws:acm/certificate:Certificate",
  "aws:acmpca/certificateAuthority:CertificateAuthority",
  "aws:appautoscaling/target:Target",
  "aws:budgets/budget:Budget",
  "aws:cloudfront/distribution:Distribution",
  "aws:cloudtrail/trail:Trail",
  "aws:cloudwatch/compositeAlarm:CompositeAlarm",
  "aws:cloudwatch/contributorInsightRule:ContributorInsightRule",
  "aws:cloudwatch/eventRule:EventRule",
  "aws:cloudwatch/logGroup:LogGroup",
  "aws:cloudwatch/metricAlarm:MetricAlarm",
  "aws:dynamodb/table:Table",
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
  "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway",
  "aws:ec2/eip:Eip",
  "aws:ec2/flowLog:FlowLog",
  "aws:ec2/instance:Instance",
  "aws:ec2/internetGateway:InternetGateway",
  "aws:ec2/launchTemplate:LaunchTemplate",
  "aws:ec2/managedPrefixList:ManagedPrefixList",
  "aws:ec2/natGateway:NatGateway",
  "aws:ec2/networkInterface:NetworkInterface",
  "aws:ec2/routeTable:RouteTable",
  "aws:ec2/securityGroup:SecurityGroup",
  "aws:ec2/subnet:Subnet",
  "aws:ec2/vpc:Vpc",
  "aws:ec2/vpcEndpoint:VpcEndpoint",
  "aws:ecr/repository:Repository",
  "aws:ecs/capacityProvider:CapacityProvider",
  "aws:ecs/cluster:Cluster",
  "aws:ecs/service:Service",
  "aws:ecs/taskDefinition:TaskDefinition",
  "aws:efs/accessPoint:AccessPoint",
  "aws:efs/fileSystem:FileSystem",
  "aws:eks/accessEntry:AccessEntry",
  "aws:eks/addon:Addon",
  "aws:eks/cluster:Cluster",
  "aws:eks/nodeGroup:NodeGroup",
  "aws:eks/podIdentityAssociation:PodIdentityAssociation",
  "aws:guardduty/detector:Detector",
  "aws:iam/instanceProfile:InstanceProfile",
  "aws:iam/policy:Policy",
  "aws:iam/role:Role",
  "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
  "aws:kms/key:Key",
  "aws:lambda/eventSourceMapping:EventSourceMapping",
  "aws:lambda/function:Function",
  "aws:lb/listener:Listener",
  "aws:lb/listenerRule:ListenerRule",
  "aws:lb/loadBalancer:LoadBalancer",
  "aws:lb/targetGroup:TargetGroup",
  "aws:rds/instance:Instance",
  "aws:rds/parameterGroup:ParameterGroup",
  "aws:rds/subnetGroup:SubnetGroup",
  "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList",
  "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup",
  "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation",
  "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig",
  "aws:route53/zone:Zone",
  "aws:s3/bucket:Bucket",
  "aws:s3/bucketObjectv2:BucketObjectv2",
  "aws:secretsmanager/secret:Secret",
  "aws:servicediscovery/httpNamespace:HttpNamespace",
  "aws:sns/topic:Topic",
  "aws:sqs/queue:Queue",
  "aws:ssm/association:Association",
  "aws:ssm/document:Document",
  "aws:ssm/parameter:Parameter",
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
  "aws:wafv2/webAcl:WebAcl",
]);

const group = "aws:autoscaling/group:Group";
const template = "aws:ec2/launchTemplate:LaunchTemplate";

/**
 * Adds the tag to every resource below. On the side of the program, and so without another provider process or a call
 * back from the engine for each resource.
 */
export function tagWorkload(value: string): pulumi.ResourceTransformation {
  const tag = { [workloadTag]: value };
  return ({ type, props, opts }) => {
    if (type === group) {
      const own = { key: workloadTag, value, propagateAtLaunch: true };
      return { props: { ...props, tags: pulumi.output(props.tags).apply(tags => [...(tags ?? []), own]) }, opts };
    }
    if (!taggable.has(type)) return undefined;
    const tags = { ...tag, ...props.tags };
    if (type !== template) return { props: { ...props, tags }, opts };
    // What a template starts has no tags but those it is told to give.
    const tagSpecifications = ["instance", "volume", "network-interface"].map(resourceType => ({
      resourceType,
      tags: tag,
    }));
    return { props: { ...props, tags, tagSpecifications: props.tagSpecifications ?? tagSpecifications }, opts };
  };
}
