"""Restart brake: a service that has used up its restart budget is stopped (RT-5).

Called for three things. A task of the cluster has ended: if it died by itself, that is counted in the metric `task.deaths`,
beside the restarts that ECS counts. The alarm on both together rings: its service is stopped, by hand or by a release to be
started again. A release of a service that is stopped begins: it is started, with as many tasks as it has at least. A death during a rollout is not counted: ECS's circuit breaker judges the new version, and the old one
must not be stopped for it.

CLUSTER    name of the ECS cluster; services of others are left alone
NAMESPACE  CloudWatch namespace of the metric
"""

import os

import boto3

from log_record import emit

DEATHS = "task.deaths"
DIMENSION = "ecs:service:DesiredCount"


def handler(event, context):
    if event.get("detail-type") == "ECS Task State Change":
        return task_ended(event["detail"], context.aws_request_id)
    if event.get("detail-type") == "ECS Deployment State Change":
        return rollout_began(event, context.aws_request_id)
    if "alarmData" in event:
        return alarm_rang(event["alarmData"], context.aws_request_id)
    raise ValueError(f"neither the end of a task, a rollout nor an alarm: {sorted(event)}")


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
    suspend(service, True)
    boto3.client("ecs").update_service(cluster=cluster(), service=service, desiredCount=0)
    emit("service.stopped", "ok", request, severity="alert", attributes={"ecs.service": service})
    return {"stopped": service}


def rollout_began(event, request):
    if event["detail"].get("eventName") != "SERVICE_DEPLOYMENT_IN_PROGRESS":
        return {"started": None}
    for arn in event["resources"]:
        owner, _, service = arn.partition(":service/")[2].rpartition("/")
        target = scalable_target(service) if owner == cluster() else None
        if target and target.get("SuspendedState", {}).get("DynamicScalingOutSuspended"):
            boto3.client("ecs").update_service(cluster=cluster(), service=service, desiredCount=target["MinCapacity"])
            suspend(service, False)
            emit("service.started", "ok", request, severity="notice", attributes={"ecs.service": service})
            return {"started": service}
    return {"started": None}


def scalable_target(service):
    found = boto3.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[resource(service)], ScalableDimension=DIMENSION
    )["ScalableTargets"]
    return found[0] if found else None


def suspend(service, suspended):
    kinds = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
    boto3.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=resource(service),
        ScalableDimension=DIMENSION,
        SuspendedState={kind: suspended for kind in kinds},
    )


def resource(service):
    return f"service/{cluster()}/{service}"


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
