package main

import (
	"maps"
	"strings"
	"unicode"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

type fields = map[string]*tfbridge.SchemaInfo

// Terraform name → Pulumi module and type. Inputs keep the names the bridge derives; where @pulumi/aws has another, the
// third column says so. test/toolchain holds this table against the package's own types.
var table = []struct {
	terraform, pulumi string
	fields            fields
}{
	{"aws_acm_certificate", "acm/Certificate", nil},
	{"aws_acm_certificate_validation", "acm/CertificateValidation", nil},
	{"aws_acmpca_certificate", "acmpca/Certificate", nil},
	{"aws_acmpca_certificate_authority", "acmpca/CertificateAuthority", nil},
	{"aws_acmpca_certificate_authority_certificate", "acmpca/CertificateAuthorityCertificate", nil},
	{"aws_appautoscaling_policy", "appautoscaling/Policy", nil},
	{"aws_appautoscaling_target", "appautoscaling/Target", nil},
	{"aws_autoscaling_attachment", "autoscaling/Attachment", nil},
	{"aws_autoscaling_group", "autoscaling/Group", fields{"tag": named("tags")}},
	{"aws_budgets_budget", "budgets/Budget", nil},
	{"aws_cloudfront_distribution", "cloudfront/Distribution", nil},
	{"aws_cloudfront_origin_access_control", "cloudfront/OriginAccessControl", nil},
	{"aws_cloudfront_response_headers_policy", "cloudfront/ResponseHeadersPolicy", nil},
	{"aws_cloudtrail", "cloudtrail/Trail", nil},
	{"aws_cloudwatch_contributor_insight_rule", "cloudwatch/ContributorInsightRule", nil},
	{"aws_cloudwatch_dashboard", "cloudwatch/Dashboard", nil},
	{"aws_cloudwatch_event_rule", "cloudwatch/EventRule", fields{"name": tfbridge.AutoName("name", 64, "-")}},
	{"aws_cloudwatch_event_target", "cloudwatch/EventTarget", fields{"target_id": tfbridge.AutoName("targetId", 255, "-")}},
	{"aws_cloudwatch_log_group", "cloudwatch/LogGroup", nil},
	{"aws_cloudwatch_log_metric_filter", "cloudwatch/LogMetricFilter", nil},
	{"aws_cloudwatch_log_resource_policy", "cloudwatch/LogResourcePolicy", nil},
	{"aws_cloudwatch_log_subscription_filter", "cloudwatch/LogSubscriptionFilter", fields{"log_group_name": named("logGroup")}},
	{"aws_cloudwatch_metric_alarm", "cloudwatch/MetricAlarm", fields{"alarm_name": tfbridge.AutoName("name", 255, "-")}},
	{"aws_config_configuration_recorder", "cfg/Recorder", nil},
	{"aws_config_configuration_recorder_status", "cfg/RecorderStatus", nil},
	{"aws_config_delivery_channel", "cfg/DeliveryChannel", nil},
	{"aws_db_instance", "rds/Instance", nil},
	{"aws_db_parameter_group", "rds/ParameterGroup", nil},
	{"aws_db_subnet_group", "rds/SubnetGroup", nil},
	{"aws_default_network_acl", "ec2/DefaultNetworkAcl", fields{"ingress": named("ingress"), "egress": named("egress")}},
	{"aws_default_security_group", "ec2/DefaultSecurityGroup", fields{"ingress": named("ingress"), "egress": named("egress")}},
	{"aws_dynamodb_table", "dynamodb/Table", fields{
		"global_secondary_index": named("globalSecondaryIndexes"),
		"local_secondary_index":  named("localSecondaryIndexes"),
	}},
	{"aws_ecr_lifecycle_policy", "ecr/LifecyclePolicy", nil},
	{"aws_ecr_repository", "ecr/Repository", nil},
	{"aws_ecr_repository_policy", "ecr/RepositoryPolicy", nil},
	{"aws_ecs_capacity_provider", "ecs/CapacityProvider", nil},
	{"aws_ecs_cluster", "ecs/Cluster", nil},
	{"aws_ecs_cluster_capacity_providers", "ecs/ClusterCapacityProviders", nil},
	{"aws_ecs_service", "ecs/Service", fields{
		"service_connect_configuration": within(fields{"service": within(fields{"client_alias": list("clientAlias")})}),
	}},
	{"aws_ecs_task_definition", "ecs/TaskDefinition", nil},
	{"aws_efs_access_point", "efs/AccessPoint", nil},
	{"aws_efs_backup_policy", "efs/BackupPolicy", nil},
	{"aws_efs_file_system", "efs/FileSystem", fields{"creation_token": tfbridge.AutoName("creationToken", 255, "-")}},
	{"aws_efs_file_system_policy", "efs/FileSystemPolicy", nil},
	{"aws_efs_mount_target", "efs/MountTarget", nil},
	{"aws_egress_only_internet_gateway", "ec2/EgressOnlyInternetGateway", nil},
	{"aws_eip", "ec2/Eip", nil},
	{"aws_eks_access_entry", "eks/AccessEntry", nil},
	{"aws_eks_access_policy_association", "eks/AccessPolicyAssociation", nil},
	{"aws_eks_addon", "eks/Addon", nil},
	{"aws_eks_cluster", "eks/Cluster", fields{
		"name":                  tfbridge.AutoName("name", 100, "-"),
		"certificate_authority": {Name: "certificateAuthority", MaxItemsOne: tfbridge.True()},
	}},
	{"aws_eks_node_group", "eks/NodeGroup", fields{"node_group_name": tfbridge.AutoName("nodeGroupName", 63, "-")}},
	{"aws_eks_pod_identity_association", "eks/PodIdentityAssociation", nil},
	{"aws_flow_log", "ec2/FlowLog", nil},
	{"aws_guardduty_detector", "guardduty/Detector", nil},
	{"aws_iam_instance_profile", "iam/InstanceProfile", nil},
	{"aws_iam_policy", "iam/Policy", nil},
	{"aws_iam_role", "iam/Role", nil},
	{"aws_iam_role_policy", "iam/RolePolicy", nil},
	{"aws_iam_role_policy_attachment", "iam/RolePolicyAttachment", nil},
	{"aws_internet_gateway", "ec2/InternetGateway", nil},
	{"aws_kinesis_firehose_delivery_stream", "kinesis/FirehoseDeliveryStream", nil},
	{"aws_kms_alias", "kms/Alias", nil},
	{"aws_kms_key", "kms/Key", nil},
	{"aws_lambda_event_source_mapping", "lambda/EventSourceMapping", nil},
	{"aws_lambda_function", "lambda/Function", fields{
		"function_name": tfbridge.AutoName("name", 64, "-"),
		"architectures": list("architectures"),
		"filename":      archive("code", "source_code_hash"),
	}},
	{"aws_lambda_permission", "lambda/Permission", fields{
		"function_name": named("function"),
		"statement_id":  tfbridge.AutoName("statementId", 100, "-"),
	}},
	{"aws_launch_template", "ec2/LaunchTemplate", nil},
	{"aws_lb", "lb/LoadBalancer", nil},
	{"aws_lb_listener", "lb/Listener", nil},
	{"aws_lb_listener_rule", "lb/ListenerRule", nil},
	{"aws_lb_target_group", "lb/TargetGroup", fields{"deregistration_delay": {Type: "integer"}}},
	{"aws_nat_gateway", "ec2/NatGateway", nil},
	{"aws_route", "ec2/Route", nil},
	{"aws_route53_record", "route53/Record", fields{
		"name":                       named("name"),
		"alias":                      list("aliases"),
		"failover_routing_policy":    list("failoverRoutingPolicies"),
		"geolocation_routing_policy": list("geolocationRoutingPolicies"),
		"latency_routing_policy":     list("latencyRoutingPolicies"),
		"weighted_routing_policy":    list("weightedRoutingPolicies"),
	}},
	{"aws_route53_resolver_firewall_config", "route53/ResolverFirewallConfig", nil},
	{"aws_route53_resolver_firewall_domain_list", "route53/ResolverFirewallDomainList", nil},
	{"aws_route53_resolver_firewall_rule", "route53/ResolverFirewallRule", nil},
	{"aws_route53_resolver_firewall_rule_group", "route53/ResolverFirewallRuleGroup", nil},
	{"aws_route53_resolver_firewall_rule_group_association", "route53/ResolverFirewallRuleGroupAssociation", nil},
	{"aws_route53_resolver_query_log_config", "route53/ResolverQueryLogConfig", nil},
	{"aws_route53_resolver_query_log_config_association", "route53/ResolverQueryLogConfigAssociation", nil},
	{"aws_route53_zone", "route53/Zone", nil},
	{"aws_route_table", "ec2/RouteTable", nil},
	{"aws_route_table_association", "ec2/RouteTableAssociation", nil},
	{"aws_s3_bucket", "s3/Bucket", fields{"bucket": tfbridge.AutoNameTransform("bucket", 63, strings.ToLower)}},
	{"aws_s3_bucket_lifecycle_configuration", "s3/BucketLifecycleConfiguration", nil},
	{"aws_s3_bucket_logging", "s3/BucketLogging", nil},
	{"aws_s3_bucket_notification", "s3/BucketNotification", nil},
	{"aws_s3_bucket_object_lock_configuration", "s3/BucketObjectLockConfiguration", nil},
	{"aws_s3_bucket_ownership_controls", "s3/BucketOwnershipControls", nil},
	{"aws_s3_bucket_policy", "s3/BucketPolicy", nil},
	{"aws_s3_bucket_public_access_block", "s3/BucketPublicAccessBlock", nil},
	{"aws_s3_bucket_replication_configuration", "s3/BucketReplicationConfig", nil},
	{"aws_s3_bucket_server_side_encryption_configuration", "s3/BucketServerSideEncryptionConfiguration", nil},
	{"aws_s3_bucket_versioning", "s3/BucketVersioning", nil},
	{"aws_secretsmanager_secret", "secretsmanager/Secret", nil},
	{"aws_secretsmanager_secret_policy", "secretsmanager/SecretPolicy", nil},
	{"aws_secretsmanager_secret_version", "secretsmanager/SecretVersion", nil},
	{"aws_security_group", "ec2/SecurityGroup", fields{"ingress": named("ingress"), "egress": named("egress")}},
	{"aws_securityhub_account", "securityhub/Account", nil},
	{"aws_securityhub_standards_subscription", "securityhub/StandardsSubscription", nil},
	{"aws_service_discovery_http_namespace", "servicediscovery/HttpNamespace", nil},
	{"aws_sns_topic", "sns/Topic", nil},
	{"aws_sns_topic_policy", "sns/TopicPolicy", nil},
	{"aws_sns_topic_subscription", "sns/TopicSubscription", fields{"topic_arn": named("topic")}},
	{"aws_sqs_queue", "sqs/Queue", fields{"name": queueName()}},
	{"aws_sqs_queue_policy", "sqs/QueuePolicy", nil},
	{"aws_sqs_queue_redrive_policy", "sqs/RedrivePolicy", nil},
	{"aws_ssm_association", "ssm/Association", nil},
	{"aws_ssm_document", "ssm/Document", nil},
	{"aws_ssm_parameter", "ssm/Parameter", nil},
	{"aws_subnet", "ec2/Subnet", nil},
	{"aws_vpc", "ec2/Vpc", nil},
	{"aws_vpc_endpoint", "ec2/VpcEndpoint", nil},
	{"aws_vpc_security_group_egress_rule", "vpc/SecurityGroupEgressRule", nil},
	{"aws_vpc_security_group_ingress_rule", "vpc/SecurityGroupIngressRule", nil},
	{"aws_wafv2_web_acl", "wafv2/WebAcl", nil},
	{"aws_wafv2_web_acl_association", "wafv2/WebAclAssociation", nil},
	{"aws_wafv2_web_acl_logging_configuration", "wafv2/WebAclLoggingConfiguration", nil},
}

func named(name string) *tfbridge.SchemaInfo { return &tfbridge.SchemaInfo{Name: name} }

func list(name string) *tfbridge.SchemaInfo {
	return &tfbridge.SchemaInfo{Name: name, MaxItemsOne: tfbridge.False()}
}

func within(nested fields) *tfbridge.SchemaInfo {
	return &tfbridge.SchemaInfo{Elem: &tfbridge.SchemaInfo{Fields: nested}}
}

// archive makes an asset of the path of a zip file: Terraform names a file, a Pulumi program hands over its content. The
// hash is what the provider tells a change by.
func archive(name, hash string) *tfbridge.SchemaInfo {
	return &tfbridge.SchemaInfo{
		Name:  name,
		Asset: &tfbridge.AssetTranslation{Kind: tfbridge.FileArchive, Format: resource.ZIPArchive, HashField: hash},
	}
}

// queueName is the default name of a queue. SQS takes a FIFO queue only under a name that ends in `.fifo`.
func queueName() *tfbridge.SchemaInfo {
	return tfbridge.AutoNameWithCustomOptions("name", tfbridge.AutoNameOptions{
		Separator: "-",
		Maxlen:    80,
		Randlen:   7,
		PostTransform: func(queue *tfbridge.PulumiResource, name string) (string, error) {
			if fifo := queue.Properties["fifoQueue"]; fifo.IsBool() && fifo.BoolValue() {
				return name + ".fifo", nil
			}
			return name, nil
		},
	})
}

// Replacing one of these deletes the old one first: AWS takes no second one beside it (one mount target a zone),
// or takes old and new for the same thing, which the deletion would then take away.
var oneAtATime = map[string]bool{
	"aws_cloudwatch_log_subscription_filter": true,
	"aws_ecr_lifecycle_policy":               true,
	"aws_efs_mount_target":                   true,
	"aws_iam_role_policy_attachment":         true,
}

// resourcesOf describes the table to the bridge. `tags_all` is what the provider makes of tags and default tags: an
// output, never an input.
func resourcesOf(provider shim.Provider) map[string]*tfbridge.ResourceInfo {
	infos := map[string]*tfbridge.ResourceInfo{}
	for _, row := range table {
		module, name, _ := strings.Cut(row.pulumi, "/")
		info := &tfbridge.ResourceInfo{
			Tok:    tokens.Type("aws:" + module + "/" + lowerFirst(name) + ":" + name),
			Fields: fields{},

			DeleteBeforeReplace: oneAtATime[row.terraform],
		}
		maps.Copy(info.Fields, row.fields)
		if _, tagged := provider.ResourcesMap().Get(row.terraform).Schema().GetOk("tags_all"); tagged {
			info.Fields["tags_all"] = &tfbridge.SchemaInfo{MarkAsComputedOnly: tfbridge.True()}
		}
		infos[row.terraform] = info
	}
	return infos
}

var dataSources = map[string]*tfbridge.DataSourceInfo{
	"aws_caller_identity":         {Tok: "aws:index/getCallerIdentity:getCallerIdentity"},
	"aws_ecr_authorization_token": {Tok: "aws:ecr/getAuthorizationToken:getAuthorizationToken"},
}

func lowerFirst(s string) string {
	r := []rune(s)
	r[0] = unicode.ToLower(r[0])
	return string(r)
}
