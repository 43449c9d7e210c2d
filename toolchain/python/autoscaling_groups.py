"""Auto Scaling groups with all that they were made with, and their instance refreshes, which moto has nothing of."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult
from moto.moto_api._internal import mock_random

from patching import Document, add_operations, after, not_found

KEPT = {
    "AvailabilityZoneDistribution": "availability_zone_distribution",
    "CapacityRebalance": "capacity_rebalance",
    "CapacityReservationSpecification": "capacity_reservation_specification",
    "DefaultCooldown": "default_cooldown",
    "DefaultInstanceWarmup": "default_instance_warmup",
    "DesiredCapacityType": "desired_capacity_type",
    "InstanceMaintenancePolicy": "instance_maintenance_policy",
    "MaxInstanceLifetime": "max_instance_lifetime",
    "TerminationPolicies": "termination_policies",
}

# Of each group, by ARN, the newest first.
refreshes: dict[str, list[Document]] = defaultdict(list)


def keep_what_a_group_was_made_with() -> None:
    """AWS describes a group with these; moto drops some when it is made, and all when it is changed."""
    add_operations(AutoScalingResponse, start_instance_refresh, describe_instance_refreshes, cancel_instance_refresh)
    keep_the_policy_that_is_not_named()
    after(FakeAutoScalingGroup, "__init__", complete)
    after(AutoScalingResponse, "create_auto_scaling_group", keep)
    after(AutoScalingResponse, "update_auto_scaling_group", keep)


def keep_the_policy_that_is_not_named() -> None:
    """AWS changes what UpdateAutoScalingGroup names; moto takes the mixed instances policy away with any change."""
    original = FakeAutoScalingGroup.update

    def update(self: Any, **asked: Any) -> None:
        kept = self.mixed_instances_policy
        original(self, **asked)
        # A template in its own right takes the policy's place.
        if not asked.get("mixed_instances_policy") and not asked.get("launch_template"):
            self.mixed_instances_policy = kept

    FakeAutoScalingGroup.update = update  # type: ignore[method-assign]


def complete(_: None, group: Any, *__: Any, **___: Any) -> None:
    """What a group has that was asked for nothing."""
    group.availability_zone_distribution = {"CapacityDistributionStrategy": "balanced-best-effort"}
    group.capacity_reservation_specification = {"CapacityReservationPreference": "default"}


def group_of(response: Any) -> FakeAutoScalingGroup:
    name = response._get_param("AutoScalingGroupName")
    if name not in response.autoscaling_backend.autoscaling_groups:
        raise not_found("ValidationError", "Auto Scaling group", name)
    return response.autoscaling_backend.autoscaling_groups[name]


def keep(result: ActionResult, response: Any) -> ActionResult:
    asked, group = response._get_params(), group_of(response)
    for parameter, attribute in KEPT.items():
        if parameter in asked:
            setattr(group, attribute, asked[parameter])
    return result


def start_instance_refresh(self: Any) -> ActionResult:
    """New instances of the present template take the place of all, at once."""
    group, now = group_of(self), datetime.now(UTC)
    wanted = group.desired_capacity
    group.set_desired_capacity(0)
    group.set_desired_capacity(wanted)
    refresh = {
        "InstanceRefreshId": str(mock_random.uuid4()),
        "AutoScalingGroupName": group.name,
        "Status": "Successful",
        "StartTime": now,
        "EndTime": now,
        "PercentageComplete": 100,
        "InstancesToUpdate": 0,
        "Preferences": self._get_params().get("Preferences") or {},
    }
    refreshes[group.arn].insert(0, refresh)
    return ActionResult({"InstanceRefreshId": refresh["InstanceRefreshId"]})


def describe_instance_refreshes(self: Any) -> ActionResult:
    asked = self._get_param("InstanceRefreshIds", [])
    found = [one for one in refreshes[group_of(self).arn] if not asked or one["InstanceRefreshId"] in asked]
    return ActionResult({"InstanceRefreshes": found})


def cancel_instance_refresh(self: Any) -> ActionResult:
    """None is ever under way."""
    raise not_found("ActiveInstanceRefreshNotFound", "Active instance refresh of", group_of(self).name)
