"""Restart brake: a service that has used up its restart budget is stopped (RT-5).

Called for two things. A task of the cluster has ended: if it died by itself, that is counted in the metric `task.deaths`,
beside the restarts that ECS counts. The alarm on both together rings: its service is stopped, and stays so until a person
starts it again. A death during a rollout is not counted: ECS's circuit breaker judges the new version, and the old one
must not be stopped for it.

CLUSTER    name of the ECS cluster; services of others are left alone
NAMESPACE  CloudWatch namespace of the metric
"""

import os

import boto3

from log_record import emit

DEATHS = "task.deaths"


def handler(event, context):
    if event.get("detail-type") == "ECS Task State Change":
        return task_ended(event["detail"], context.aws_request_id)
    if "alarmData" in event:
        return alarm_rang(event["alarmData"], context.aws_request_id)
    raise ValueError(f"neither the end of a task nor an alarm: {sorted(event)}")


def task_ended(detail, request):
    service = service_of(detail)
    if service is None or not died(detail) or rolling_out(service):
        return {"counted": False}
    dimensions = [{"Name": "ClusterName", "Value": cluster()}, {"Name": "ServiceName", "Value": service}]
    boto3.client("cloudwatch").put_metric_data(
        Namespace=os.environ["NAMESPACE"],
        MetricData=[{"MetricName": DEATHS, "Dimensions": dimensions, "Value": 1, "Unit": "Count"}],
    )
    emit("task.died", "error", request, attributes={"ecs.service": service, "ecs.task": detail["taskArn"].rpartition("/")[2]})
    return {"counted": True}


def alarm_rang(alarm, request):
    service = alarmed_service(alarm)
    if service is None or alarm["state"]["value"] != "ALARM":
        return {"stopped": None}
    # First, or the autoscaler would bring the tasks back.
    boto3.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{cluster()}/{service}",
        ScalableDimension="ecs:service:DesiredCount",
        SuspendedState={
            "DynamicScalingInSuspended": True,
            "DynamicScalingOutSuspended": True,
            "ScheduledScalingSuspended": True,
        },
    )
    boto3.client("ecs").update_service(cluster=cluster(), service=service, desiredCount=0)
    emit("service.stopped", "ok", request, severity="alert", attributes={"ecs.service": service})
    return {"stopped": service}


def died(detail):
    """Whether a task ended by itself, or because it did not start or was not healthy; not because somebody asked."""
    if detail.get("lastStatus") != "STOPPED":
        return False
    by_itself = detail.get("stopCode") in ("EssentialContainerExited", "TaskFailedToStart")
    return by_itself or detail.get("stoppedReason", "").startswith("Task failed")


def service_of(detail):
    kind, _, name = detail.get("group", "").partition(":")
    ours = detail.get("clusterArn", "").endswith(f"/{cluster()}")
    return name if kind == "service" and ours else None


def rolling_out(service):
    found = boto3.client("ecs").describe_services(cluster=cluster(), services=[service])["services"]
    return any(d.get("rolloutState") == "IN_PROGRESS" for s in found for d in s.get("deployments", []))


def alarmed_service(alarm):
    for query in alarm["configuration"]["metrics"]:
        dimensions = query.get("metricStat", {}).get("metric", {}).get("dimensions", {})
        if dimensions.get("ClusterName") == cluster() and "ServiceName" in dimensions:
            return dimensions["ServiceName"]
    return None


def cluster():
    return os.environ["CLUSTER"]
