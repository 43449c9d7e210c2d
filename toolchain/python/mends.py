"""What this version of moto gets wrong or forgets, and the platform's stacks need: each mend says which behaviour of AWS it restores.

A mend that no longer finds what it mends ends the start, so that none outlives its cause.
"""

import json
import secrets
import string
from collections.abc import Callable
from typing import Any

import xmltodict
from moto.acm import models as acm_models
from moto.acm import responses as acm_responses
from moto.applicationautoscaling import responses as autoscaling_responses
from moto.core.responses import ActionResult
from moto.ecs import responses as ecs_responses
from moto.efs import models as efs_models
from moto.efs import responses as efs_responses
from moto.rds import models as rds_models
from moto.s3 import responses as s3_responses


def apply_mends() -> None:
    keep_what_a_database_was_made_with()
    keep_what_a_service_was_made_with()
    keep_tags_given_when_a_bucket_is_made()
    keep_the_algorithm_of_a_certificate()
    keep_tags_of_scalable_targets()
    keep_the_policies_of_file_systems()


def after(owner: type, method: str, then: Callable[..., Any]) -> None:
    """Makes `owner.method` return what `then(result, self, *arguments)` returns."""
    original = getattr(owner, method)

    def mended(self: Any, *args: Any, **kwargs: Any) -> Any:
        return then(original(self, *args, **kwargs), self, *args, **kwargs)

    setattr(owner, method, mended)


def keep_what_a_database_was_made_with() -> None:
    """RDS finds instances by `DbiResourceId`, of which moto gives all the same; it has Performance Insights, and a newer CA."""
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
        "deploymentConfiguration": "deployment_configuration",
        "enableECSManagedTags": "enable_ecs_managed_tags",
        "enableExecuteCommand": "enable_execute_command",
        "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
    }

    def keep(result: ActionResult, response: Any) -> ActionResult:
        service = result.result["service"]  # type: ignore[index]
        given = response._get_params()
        for parameter, attribute in plain.items():
            if parameter in given:
                setattr(service, attribute, given[parameter])
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


def keep_the_policies_of_file_systems() -> None:
    """EFS changes whether a file system is backed up, and forgets its policy when told to; moto can do neither."""
    response = efs_responses.EFSResponse

    def file_system(self: Any) -> Any:
        return self.efs_backend.file_systems_by_id[self._get_param("FileSystemId")]

    def put_backup_policy(self: Any) -> Any:
        policy = self._get_param("BackupPolicy")
        file_system(self)._backed_up = policy["Status"]
        return json.dumps({"BackupPolicy": policy}), {"Content-Type": "application/json"}

    def delete_file_system_policy(self: Any) -> Any:
        file_system(self).file_system_policy = None
        return "{}", {"Content-Type": "application/json"}

    def backup_policy(self: Any) -> dict[str, str] | None:
        status = getattr(self, "_backed_up", None) or ("ENABLED" if self._backup else None)
        return {"Status": status} if status else None

    for missing in (put_backup_policy, delete_file_system_policy):
        if hasattr(response, missing.__name__):
            raise AttributeError(f"moto has {missing.__name__} of EFS now: drop this mend")
        setattr(response, missing.__name__, missing)
    efs_models.FileSystem.backup_policy = property(backup_policy)
