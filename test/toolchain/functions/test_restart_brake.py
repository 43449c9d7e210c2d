"""The restart brake against ECS, CloudWatch and Application Auto Scaling of the local AWS (RT-5)."""

import os
import unittest
from types import SimpleNamespace
from unittest.mock import patch

import boto3
from moto import mock_aws

import restart_brake as brake

CONTEXT = SimpleNamespace(aws_request_id="request-1")
VARIABLES = {
    "CLUSTER": "cluster",
    "NAMESPACE": "Palisade",
    "PALISADE_ENV": "dev",
    "PALISADE_WORKLOAD": "palisade",
    "PALISADE_SERVICE": "restart-brake",
    "BUILD_SHA": "0" * 40,
}


def ended(**changes):
    detail = {
        "clusterArn": "arn:aws:ecs:eu-central-1:123456789012:cluster/cluster",
        "taskArn": "arn:aws:ecs:eu-central-1:123456789012:task/cluster/0123",
        "group": "service:poller",
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        **changes,
    }
    return {"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": detail}


def rang(state="ALARM", **dimensions):
    dimensions = dimensions or {"ClusterName": "cluster", "ServiceName": "poller"}
    metric = {"namespace": "ECS/ContainerInsights", "name": "RestartCount", "dimensions": dimensions}
    metrics = [{"id": "all", "expression": "FILL(a, 0)"}, {"id": "a", "metricStat": {"metric": metric, "stat": "Sum"}}]
    return {
        "source": "aws.cloudwatch",
        "alarmData": {"alarmName": "x", "state": {"value": state}, "configuration": {"metrics": metrics}},
    }


def rollout(service="poller", cluster="cluster", name="SERVICE_DEPLOYMENT_IN_PROGRESS"):
    return {
        "source": "aws.ecs",
        "detail-type": "ECS Deployment State Change",
        "resources": [f"arn:aws:ecs:eu-central-1:123456789012:service/{cluster}/{service}"],
        "detail": {"eventType": "INFO", "eventName": name, "deploymentId": "ecs-svc/1"},
    }


@mock_aws
class RestartBrake(unittest.TestCase):
    def setUp(self):
        self.ecs, self.cloudwatch = boto3.client("ecs"), boto3.client("cloudwatch")
        self.scaling = boto3.client("application-autoscaling")
        self.ecs.create_cluster(clusterName="cluster")
        self.ecs.register_task_definition(
            family="poller", containerDefinitions=[{"name": "p", "image": "p", "memory": 512}]
        )
        for name in ("poller", "other"):
            self.ecs.create_service(cluster="cluster", serviceName=name, taskDefinition="poller", desiredCount=2)
            self.scaling.register_scalable_target(
                ServiceNamespace="ecs",
                ResourceId=f"service/cluster/{name}",
                ScalableDimension="ecs:service:DesiredCount",
                MinCapacity=2,
                MaxCapacity=4,
            )

    def call(self, event):
        with patch.dict(os.environ, VARIABLES):
            return brake.handler(event, CONTEXT)

    def wanted(self, name):
        return self.ecs.describe_services(cluster="cluster", services=[name])["services"][0]["desiredCount"]

    def target(self, name):
        found = self.scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[f"service/cluster/{name}"])
        return found["ScalableTargets"][0]

    def deaths(self):
        return self.cloudwatch.list_metrics(Namespace="Palisade", MetricName="task.deaths")["Metrics"]

    def test_the_alarm_stops_its_service_for_good_and_no_other(self):
        self.assertEqual(self.call(rang()), {"stopped": "poller"})
        self.assertEqual((self.wanted("poller"), self.wanted("other")), (0, 2))
        suspended = self.target("poller")["SuspendedState"]
        self.assertTrue(all(suspended.values()), "the autoscaler would bring it back")
        self.assertEqual((self.target("poller")["MinCapacity"], self.target("poller")["MaxCapacity"]), (2, 4))

    def test_an_alarm_that_is_over_or_of_another_cluster_stops_nothing(self):
        for event in (rang("OK"), rang("INSUFFICIENT_DATA"), rang(ClusterName="else", ServiceName="poller"), rang(X="y")):
            self.assertEqual(self.call(event), {"stopped": None})
        self.assertEqual(self.wanted("poller"), 2)

    def test_a_release_starts_what_was_stopped_with_its_least_number_of_tasks(self):
        self.call(rang())
        self.assertEqual(self.call(rollout()), {"started": "poller"})
        self.assertEqual(self.wanted("poller"), 2)
        self.assertFalse(any(self.target("poller")["SuspendedState"].values()))

    def test_a_release_of_what_runs_or_is_elsewhere_or_has_ended_changes_nothing(self):
        self.ecs.update_service(cluster="cluster", service="poller", desiredCount=3)
        for event in (rollout(), rollout(service="nobody")):
            self.assertEqual(self.call(event), {"started": None})
        self.assertEqual(self.wanted("poller"), 3)
        self.call(rang())
        for event in (rollout(cluster="else"), rollout(name="SERVICE_DEPLOYMENT_COMPLETED")):
            self.assertEqual(self.call(event), {"started": None})
        self.assertEqual(self.wanted("poller"), 0)

    def test_a_death_is_counted_under_the_dimensions_of_the_alarm(self):
        self.settled()
        self.assertEqual(self.call(ended()), {"counted": True})
        dimensions = {d["Name"]: d["Value"] for d in self.deaths()[0]["Dimensions"]}
        self.assertEqual(dimensions, {"ClusterName": "cluster", "ServiceName": "poller"})

    def test_which_ends_are_deaths(self):
        self.settled()
        counted = {
            "by itself": ended(),
            "not started": ended(stopCode="TaskFailedToStart"),
            "unhealthy": ended(stopCode="ServiceSchedulerInitiated", stoppedReason="Task failed container health checks"),
        }
        ignored = {
            "scaled in": ended(stopCode="ServiceSchedulerInitiated", stoppedReason="Scaling activity initiated by x"),
            "by a person": ended(stopCode="UserInitiated", stoppedReason="Task stopped by user"),
            "no service": ended(group="family:poller"),
            "elsewhere": ended(clusterArn="arn:aws:ecs:eu-central-1:123456789012:cluster/else"),
            "still stopping": ended(lastStatus="DEPROVISIONING"),
        }
        for name, event in counted.items():
            self.assertEqual(self.call(event), {"counted": True}, name)
        for name, event in ignored.items():
            self.assertEqual(self.call(event), {"counted": False}, name)

    def test_during_a_rollout_the_circuit_breaker_counts(self):
        self.settled("IN_PROGRESS")
        self.assertEqual(self.call(ended()), {"counted": False})
        self.assertEqual(self.deaths(), [])

    def test_an_event_of_another_kind_is_an_error(self):
        with self.assertRaises(ValueError):
            self.call({"source": "aws.s3"})

    def settled(self, state="COMPLETED"):
        """The local AWS leaves every rollout in progress, having no tasks to finish it with."""
        described = {"services": [{"deployments": [{"rolloutState": state}]}]}
        real = boto3.client
        held = SimpleNamespace(describe_services=lambda **_: described)
        patcher = patch("boto3.client", side_effect=lambda name: held if name == "ecs" else real(name))
        patcher.start()
        self.addCleanup(patcher.stop)


if __name__ == "__main__":
    unittest.main()
