"""What this version of moto gets wrong or forgets, and the platform's stacks need: each mend says which behaviour of
AWS it restores. What moto lacks as a whole has a file of its own.

A mend that no longer finds what it mends ends the start, so that none outlives its cause.
"""

import json
import secrets
import string
from typing import Any
from urllib.parse import unquote

import xmltodict
from moto.acm import models as acm_models
from moto.acm import responses as acm_responses
from moto.applicationautoscaling import responses as autoscaling_responses
from moto.awslambda import models as lambda_models
from moto.cloudtrail import models as cloudtrail_models
from moto.cloudtrail import responses as cloudtrail_responses
from moto.config import models as config_models
from moto.core.responses import ActionResult
from moto.ec2.models import instances as instance_models
from moto.ec2.models import launch_templates, nat_gateways
from moto.ec2.models import subnets as subnet_models
from moto.ec2.utils import parse_user_data
from moto.ecs import models as ecs_models
from moto.ecs import responses as ecs_responses
from moto.guardduty import models as guardduty_models
from moto.guardduty import responses as guardduty_responses
from moto.guardduty import urls as guardduty_urls
from moto.kms import models as kms_models
from moto.rds import models as rds_models
from moto.s3 import responses as s3_responses
from moto.sqs import models as sqs_models
from moto.ssm import models as ssm_models

from autoscaling_groups import keep_what_a_group_was_made_with
from budget_notifications import add_budget_notifications
from cloudfront_distributions import keep_distributions_as_asked_for
from efs_policies import add_efs_policies
from eks_clusters import add_eks_clusters
from kms_digests import sign_digests_as_they_are
from patching import add_operations, add_paths, after, body
from resolver_firewall import add_resolver_firewall
from response_headers_policies import add_response_headers_policies
from securityhub_standards import add_securityhub_standards
from speed import answer_sooner
from ssm_associations import add_ssm_associations


def apply_mends() -> None:
    keep_what_a_database_was_made_with()
    keep_what_a_service_was_made_with()
    keep_tags_given_when_a_bucket_is_made()
    keep_the_algorithm_of_a_certificate()
    keep_tags_of_scalable_targets()
    find_a_trail_by_its_arn()
    say_what_a_trail_selects()
    keep_what_a_detector_watches()
    give_detectors_tags()
    know_associations_as_taggable()
    keep_what_a_function_was_made_with()
    run_no_function()
    change_the_named_attributes_of_a_queue_alone()
    keep_how_often_a_recorder_records()
    say_the_state_of_a_subnets_ipv6()
    tell_a_launch_templates_tags_from_those_it_gives()
    describe_all_capacity_providers_if_none_is_named()
    tell_aws_keys_from_those_of_the_account()
    keep_what_a_replication_was_asked_for()
    keep_that_a_bucket_notifies_eventbridge()
    keep_what_a_group_was_made_with()
    add_budget_notifications()
    add_efs_policies()
    add_eks_clusters()
    add_resolver_firewall()
    add_response_headers_policies()
    add_securityhub_standards()
    add_ssm_associations()
    keep_distributions_as_asked_for()
    say_that_a_nat_gateway_is_zonal()
    give_a_machine_one_volume_a_device()
    sign_digests_as_they_are()
    answer_sooner()


def keep_what_a_database_was_made_with() -> None:
    """RDS finds instances by `DbiResourceId`, the same of all in moto; it has Performance Insights, and a newer CA."""
    alphabet = string.ascii_uppercase + string.digits

    def complete(_: Any, database: Any, *__: Any, **given: Any) -> None:
        database.dbi_resource_id = "db-" + "".join(secrets.choice(alphabet) for _ in range(26))
        if database.ca_certificate_identifier == "rds-ca-default":
            database.ca_certificate_identifier = "rds-ca-rsa2048-g1"
        database.performance_insights_enabled = given.get("enable_performance_insights", False)
        database.performance_insights_kms_key_id = given.get("performance_insights_kms_key_id")
        database.performance_insights_retention_period = given.get("performance_insights_retention_period")

    after(rds_models.DBInstance, "__init__", complete)


def keep_what_a_service_was_made_with() -> None:
    """ECS describes a service with all that was asked for; moto drops these."""
    plain = {
        "availabilityZoneRebalancing": "availability_zone_rebalancing",
        "capacityProviderStrategy": "capacity_provider_strategy",
        "deploymentConfiguration": "deployment_configuration",
        "enableECSManagedTags": "enable_ecs_managed_tags",
        "enableExecuteCommand": "enable_execute_command",
        "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
        "placementConstraints": "placement_constraints",
        "placementStrategy": "placement_strategy",
    }

    def keep(result: ActionResult, response: Any) -> ActionResult:
        service = result.result["service"]  # type: ignore[index]
        given = response._get_params()
        for parameter, attribute in plain.items():
            if parameter in given:
                setattr(service, attribute, given[parameter])
        if given.get("capacityProviderStrategy"):
            service.launch_type = None
        if "serviceConnectConfiguration" in given:
            for deployment in service.deployments:
                deployment["serviceConnectConfiguration"] = given["serviceConnectConfiguration"]
        return result

    after(ecs_responses.EC2ContainerServiceResponse, "create_service", keep)
    after(ecs_responses.EC2ContainerServiceResponse, "update_service", keep)


def keep_tags_given_when_a_bucket_is_made() -> None:
    """S3 takes tags in CreateBucket since 2025; moto reads them from PutBucketTagging alone."""

    def keep(result: Any, response: Any, _request: Any, bucket: str, querystring: dict[str, Any]) -> Any:
        if not querystring and b"<CreateBucketConfiguration" in response.body:
            given = xmltodict.parse(response.body, force_list=("Tag",))["CreateBucketConfiguration"] or {}
            tags = (given.get("Tags") or {}).get("Tag", [])
            response.backend.put_bucket_tagging(bucket, {tag["Key"]: tag["Value"] or "" for tag in tags})
        return result

    after(s3_responses.S3Response, "_bucket_response_put", keep)


def keep_the_algorithm_of_a_certificate() -> None:
    """ACM makes the kind of key that was asked for; moto always says RSA 2048."""
    asked: dict[str, str] = {}

    def keep(result: ActionResult, response: Any) -> ActionResult:
        asked[result.result["CertificateArn"]] = response._get_param("KeyAlgorithm") or "RSA_2048"  # type: ignore[index]
        return result

    def describe(result: dict[str, Any], certificate: Any) -> dict[str, Any]:
        if certificate.arn in asked:
            result["Certificate"]["KeyAlgorithm"] = asked[certificate.arn]
        return result

    after(acm_responses.AWSCertificateManagerResponse, "request_certificate", keep)
    after(acm_models.CertBundle, "describe", describe)


def keep_tags_of_scalable_targets() -> None:
    """Application Auto Scaling has tags; moto answers 500 when asked for them."""
    response = autoscaling_responses.ApplicationAutoScalingResponse
    tags: dict[str, dict[str, str]] = {}

    def keep(result: str, self: Any) -> str:
        tags.setdefault(json.loads(result)["ScalableTargetARN"], {}).update(self._get_param("Tags") or {})
        return result

    def list_tags(self: Any) -> str:
        return json.dumps({"Tags": tags.get(self._get_param("ResourceARN"), {})})

    def tag(self: Any) -> str:
        tags.setdefault(self._get_param("ResourceARN"), {}).update(self._get_param("Tags"))
        return "{}"

    def untag(self: Any) -> str:
        for key in self._get_param("TagKeys"):
            tags.get(self._get_param("ResourceARN"), {}).pop(key, None)
        return "{}"

    after(response, "register_scalable_target", keep)
    for name, method in {"list_tags_for_resource": list_tags, "tag_resource": tag, "untag_resource": untag}.items():
        if hasattr(response, name):
            raise AttributeError(f"moto has {name} of Application Auto Scaling now: drop this mend")
        setattr(response, name, method)


def find_a_trail_by_its_arn() -> None:
    """CloudTrail takes a trail's name or ARN everywhere; moto, asked to delete one by its ARN, leaves it standing, and
    asked to describe some, describes all.
    """

    def named(result: str, response: Any) -> str:
        asked = body(response).get("trailNameList")
        every = json.loads(result)["trailList"]
        found = [one for one in every if not asked or {one["Name"], one["TrailARN"]} & {*asked}]
        return json.dumps({"trailList": found})

    after(cloudtrail_responses.CloudTrailResponse, "describe_trails", named)
    original = cloudtrail_models.CloudTrailBackend.delete_trail

    def delete(self: Any, name: str) -> None:
        original(self, self.get_trail(name).trail_name)

    cloudtrail_models.CloudTrailBackend.delete_trail = delete  # type: ignore[method-assign]


def say_what_a_trail_selects() -> None:
    """CloudTrail says whether a trail selects events or insights; moto always denies it."""

    def describe(result: dict[str, Any], trail: Any, *_: Any, **__: Any) -> dict[str, Any]:
        result["HasCustomEventSelectors"] = bool(trail.event_selectors or trail.advanced_event_selectors)
        result["HasInsightSelectors"] = bool(trail.insight_selectors)
        return result

    after(cloudtrail_models.Trail, "description", describe)


def keep_what_a_detector_watches() -> None:
    """GuardDuty's foundational sources are always on; it has malware protection; an update changes what it names."""

    def describe(result: dict[str, Any], detector: Any) -> dict[str, Any]:
        sources = result["dataSources"]
        for always in ("cloudTrail", "dnsLogs", "flowLogs"):
            sources[always]["status"] = "ENABLED"
        scan = detector.datasources.get("malwareProtection", {}).get("scanEc2InstanceWithFindings", {})
        volumes = {"status": "ENABLED" if scan.get("ebsVolumes") else "DISABLED"}
        sources["malwareProtection"] = {"scanEc2InstanceWithFindings": {"ebsVolumes": volumes}}
        return result

    original = guardduty_models.Detector.update

    def update(self: Any, enable: Any, frequency: Any, sources: Any, features: Any) -> None:
        named = {feature["name"]: feature for feature in [*self.features, *(features or [])]}
        merged = {**self.datasources, **sources} if sources else None
        original(self, enable, frequency, merged, list(named.values()) if features else None)

    after(guardduty_models.Detector, "to_json", describe)
    guardduty_models.Detector.update = update  # type: ignore[method-assign]


def know_associations_as_taggable() -> None:
    """Systems Manager has tags of associations too; moto refuses the kind."""
    original = ssm_models.SimpleSystemManagerBackend._validate_resource_type_and_id

    def validate(self: Any, resource_type: str, resource_id: str) -> str:
        return resource_id if resource_type == "Association" else original(self, resource_type, resource_id)

    ssm_models.SimpleSystemManagerBackend._validate_resource_type_and_id = validate  # type: ignore[method-assign]


def give_detectors_tags() -> None:
    """GuardDuty's detectors take tags and lose them; moto knows only those they were made with."""

    def tags_of(response: Any) -> dict[str, str]:
        return response.guardduty_backend.get_detector(unquote(response.path).rsplit("/", 1)[1]).tags

    def list_tags_for_resource(self: Any) -> ActionResult:
        return ActionResult({"Tags": tags_of(self)})

    def tag_resource(self: Any) -> ActionResult:
        tags_of(self).update(body(self)["tags"])
        return ActionResult({})

    def untag_resource(self: Any) -> ActionResult:
        for key in self.querystring.get("tagKeys", []):
            tags_of(self).pop(key, None)
        return ActionResult({})

    add_operations(guardduty_responses.GuardDutyResponse, list_tags_for_resource, tag_resource, untag_resource)
    add_paths(guardduty_urls, "{0}/tags/(?P<arn>.+)$")


def keep_what_a_function_was_made_with() -> None:
    """Lambda describes a function with all that was asked for; moto drops these, and others when they are changed."""
    dropped = ("DeadLetterConfig", "LoggingConfig")

    def make(_: None, function: Any, spec: dict[str, Any], *__: Any, **___: Any) -> None:
        function.kept = {name: spec[name] for name in dropped if spec.get(name)}

    def describe(result: dict[str, Any], function: Any, *_: Any, **__: Any) -> dict[str, Any]:
        given = function.kept.get("LoggingConfig") or {}
        # AWS's own format has no levels.
        levels = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"} if given.get("LogFormat") == "JSON" else {}
        logging = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.function_name}", **levels, **given}
        if not any((result.get("ImageConfigResponse") or {}).get("ImageConfig", {}).values()):
            result.pop("ImageConfigResponse", None)
        return {**result, **function.kept, "LoggingConfig": logging}

    original = lambda_models.LambdaFunction.update_configuration

    def update(self: Any, updates: dict[str, Any]) -> dict[str, Any]:
        self.kept |= {name: updates[name] for name in dropped if name in updates}
        self.kms_key_arn = updates.get("KMSKeyArn", self.kms_key_arn)
        self.tracing_config = updates.get("TracingConfig", self.tracing_config)
        if "EphemeralStorage" in updates:
            self.ephemeral_storage = updates["EphemeralStorage"]["Size"]
        return original(self, updates)

    after(lambda_models.LambdaFunction, "__init__", make)
    after(lambda_models.LambdaFunction, "get_configuration", describe)
    lambda_models.LambdaFunction.update_configuration = update  # type: ignore[method-assign]


def run_no_function() -> None:
    """A function of the stack logs to the group that it names; moto makes another by the function's name, which nobody
    takes away, and fetches an image for docker. Here every call fails before any code runs, so that an event stays in its
    queue and nothing is logged: what the code does is tested without moto.
    """
    def refuse(function: Any, event: Any = None) -> tuple[str, bool, str]:
        message = f"function {function.function_name} was not run: the local AWS runs no code"
        return json.dumps({"errorType": "NotRun", "errorMessage": message}), True, ""

    if not hasattr(lambda_models.LambdaFunction, "_invoke_lambda"):
        raise AttributeError("moto runs functions otherwise now: mend that")
    lambda_models.LambdaFunction._invoke_lambda = refuse  # type: ignore[method-assign]


def change_the_named_attributes_of_a_queue_alone() -> None:
    """SQS changes what SetQueueAttributes names; moto takes the policy away with any other change. It has redrive allow
    policies, answers JSON without blanks, and encrypts with one key: KMS's or its own.
    """
    sqs_models.Queue.BASE_ATTRIBUTES.append("RedriveAllowPolicy")
    sqs_models.Queue.redrive_allow_policy = None  # type: ignore[attr-defined]
    original = sqs_models.Queue._set_attributes

    def change(self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
        if attributes.get("KmsMasterKeyId"):
            attributes = {**attributes, "SqsManagedSseEnabled": False}
        policy = self.policy if hasattr(self, "_policy_json") else None
        original(self, attributes if "Policy" in attributes else {**attributes, "Policy": policy}, now)

    def present(result: dict[str, Any], *_: Any) -> dict[str, Any]:
        if result.get("RedrivePolicy"):
            result["RedrivePolicy"] = json.dumps(json.loads(result["RedrivePolicy"]), separators=(",", ":"))
        return {name: value for name, value in result.items() if value not in (None, "")}

    sqs_models.Queue._set_attributes = change  # type: ignore[method-assign]
    attributes = sqs_models.Queue.attributes.fget
    sqs_models.Queue.attributes = property(lambda self: present(attributes(self)))  # type: ignore[misc, method-assign]


def keep_how_often_a_recorder_records() -> None:
    """AWS Config records continuously or daily, as asked; moto drops it."""

    def keep(_: None, backend: Any, asked: dict[str, Any]) -> None:
        mode = asked.get("recordingMode") or {"recordingFrequency": "CONTINUOUS"}
        backend.recorders[asked["name"]].recording_mode = mode

    after(config_models.ConfigBackend, "put_configuration_recorder", keep)


def say_the_state_of_a_subnets_ipv6() -> None:
    """EC2 answers the state of a subnet's IPv6 block as a word; moto answers the inside of its own model."""

    def plain(result: dict[str, Any] | list[dict[str, Any]], *_: Any, **__: Any) -> Any:
        for association in result:
            state = association["ipv6CidrBlockState"]  # type: ignore[index]
            if isinstance(state.get("state"), dict):
                state["state"] = state["state"]["State"]
        return result

    prop = subnet_models.Subnet.ipv6_cidr_block_association_set.fget
    subnet_models.Subnet.ipv6_cidr_block_association_set = property(lambda self: plain(prop(self)))


def tell_a_launch_templates_tags_from_those_it_gives() -> None:
    """A launch template has tags of its own beside those that its instances get; moto answers both as the latter, and
    goes on answering the first. It takes user data in base64 in each version, moto in the first alone.
    """
    original = launch_templates.LaunchTemplateVersion.__init__

    def init(self: Any, template: Any, number: int, data: dict[str, Any], description: str) -> None:
        given = [spec for spec in data.get("TagSpecifications") or [] if spec.get("ResourceType") != "launch-template"]
        rest = {name: value for name, value in data.items() if name != "TagSpecifications"}
        if isinstance(rest.get("UserData"), str):
            rest["UserData"] = parse_user_data(rest["UserData"])
        original(self, template, number, {**rest, **({"TagSpecifications": given} if given else {})}, description)

    launch_templates.LaunchTemplateVersion.__init__ = init  # type: ignore[method-assign]
    present = property(lambda template: template.get_tags(), lambda *_: None)
    launch_templates.LaunchTemplate.tags = present  # type: ignore[attr-defined]


def tell_aws_keys_from_those_of_the_account() -> None:
    """KMS says of the keys that AWS makes for its services that AWS manages them; moto says that the account does."""

    def managed(key_id: str | None, backend: Any, *_: Any) -> str | None:
        if key_id:
            backend.keys[key_id].key_manager = "AWS"
        return key_id

    after(kms_models.KmsBackend, "_generate_default_keys", managed)


def describe_all_capacity_providers_if_none_is_named() -> None:
    """ECS describes all that there are; moto answers 500."""
    original = ecs_models.EC2ContainerServiceBackend.describe_capacity_providers

    def describe(self: Any, names: list[str] | None) -> Any:
        return original(self, list(self.capacity_providers) if names is None else names)

    ecs_models.EC2ContainerServiceBackend.describe_capacity_providers = describe  # type: ignore[method-assign]


def keep_what_a_replication_was_asked_for() -> None:
    """S3 answers a replication rule as it was put; moto forgets what it selects, and what it does about deletions."""

    def answer(_: Any, response: Any) -> Any:
        replication = response.backend.get_bucket_replication(response.bucket_name)
        return response.serialized(
            ActionResult({"ReplicationConfiguration": {"Role": replication["Role"], "Rules": replication["Rule"]}})
        )

    def parse(result: dict[str, Any], _: Any, xml: str) -> dict[str, Any]:
        parsed = xmltodict.parse(xml, dict_constructor=dict, force_list=("Rule", "Tag"))
        return {**result, "Rule": [readable(rule) for rule in parsed["ReplicationConfiguration"]["Rule"]]}

    def readable(rule: dict[str, Any]) -> dict[str, Any]:
        both = (rule.get("Filter") or {}).get("And")
        if both and "Tag" in both:
            both["Tags"] = both.pop("Tag")
        elif rule.get("Filter") and "Tag" in rule["Filter"]:
            rule["Filter"]["Tag"] = rule["Filter"]["Tag"][0]
        elif "Filter" in rule:
            rule["Filter"] = {"Prefix": (rule["Filter"] or {}).get("Prefix") or ""} if not both else rule["Filter"]
        return rule

    after(s3_responses.S3Response, "_replication_config_from_xml", parse)
    after(s3_responses.S3Response, "get_bucket_replication", answer)


def keep_that_a_bucket_notifies_eventbridge() -> None:
    """S3 answers that a bucket notifies EventBridge; moto keeps it to itself."""
    original = s3_responses.S3Response.get_bucket_notification
    serialized = s3_responses.S3Response.serialized

    def answer(self: Any) -> Any:
        asked = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if not asked or asked.event_bridge is None:
            return original(self)

        def complete(result: ActionResult) -> Any:
            whole: Any = {**result.result, "EventBridgeConfiguration": {}}  # type: ignore[dict-item]
            return serialized(self, ActionResult(whole))

        self.serialized = complete
        try:
            return original(self)
        finally:
            del self.serialized

    s3_responses.S3Response.get_bucket_notification = answer  # type: ignore[method-assign]


def say_that_a_nat_gateway_is_zonal() -> None:
    """EC2 says whether a NAT gateway is of a zone or of a region; moto has those of a zone, and does not say so."""
    if hasattr(nat_gateways.NatGateway, "availability_mode"):
        raise AttributeError("moto says what a NAT gateway is now: drop ours")
    nat_gateways.NatGateway.availability_mode = "zonal"  # type: ignore[attr-defined]


def give_a_machine_one_volume_a_device() -> None:
    """A launch template's mapping of a device says what its volume is; moto makes one more, and forgets the first."""
    original = instance_models.Instance.add_block_device

    def add(self: Any, size: int, device_path: str, *args: Any, **kwargs: Any) -> None:
        default = self.block_device_mapping.pop(device_path, None)
        if default:
            self.ec2_backend.volumes.pop(default.volume_id, None)
        original(self, size, device_path, *args, **kwargs)

    instance_models.Instance.add_block_device = add  # type: ignore[method-assign]
