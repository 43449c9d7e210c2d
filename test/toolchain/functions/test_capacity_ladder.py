"""The capacity ladder against CloudWatch, SSM and ECS of the local AWS (RT-6, RT-7)."""

import json
import os
import unittest
from types import SimpleNamespace
from unittest.mock import patch

import boto3
from moto import mock_aws

import capacity_ladder as ladder

CONTEXT = SimpleNamespace(aws_request_id="request-1")
RULES = {
    "pressureAlarms": ["cpu", "latency"],
    "waitAlarms": ["queue"],
    "steps": [100, 75, 50, 25],
    "stepSeconds": 120,
    "patienceSeconds": 600,
    "calmSeconds": 300,
    "base": "base",
    "ceiling": "ceiling",
}


class Decisions(unittest.TestCase):
    """What follows from what, minute by minute."""

    def play(self, minutes, state=None, rules=RULES, start=0):
        """One decision a minute; each minute is (an alarm rings, work waits). Returns (percent, compute) after each."""
        state, seen = state or dict(ladder.START), []
        for minute, (ringing, waiting) in enumerate(minutes, start):
            state = ladder.decide(state, ringing, waiting, 1_000_000 + minute * 60, rules)
            seen.append((state["percent"], state["compute"]))
        self.state = state
        return seen

    def test_calm_changes_nothing(self):
        self.assertEqual(ladder.decide(dict(ladder.START), False, False, 5, RULES), ladder.START)

    def test_the_throttle_comes_at_once_and_then_step_by_step(self):
        percents = [percent for percent, _ in self.play([(True, False)] * 9)]
        self.assertEqual(percents, [75, 75, 50, 50, 25, 25, 25, 25, 25])

    def test_pressure_alone_never_adds_compute(self):
        self.assertEqual({compute for _, compute in self.play([(True, False)] * 120)}, {"base"})

    def test_compute_comes_only_after_the_throttle_has_been_tried(self):
        seen = self.play([(True, True)] * 12)
        self.assertEqual([compute for _, compute in seen], ["base"] * 10 + ["ceiling"] * 2)
        self.assertLess(seen[9][0], 100)

    def test_patience_is_counted_from_the_later_of_throttle_and_waiting(self):
        seen = self.play([(True, False)] * 15 + [(True, True)] * 11)
        self.assertEqual([compute for _, compute in seen], ["base"] * 25 + ["ceiling"])

    def test_waiting_that_stops_in_between_starts_patience_anew(self):
        seen = self.play([(True, True)] * 8 + [(True, False)] + [(True, True)] * 10)
        self.assertEqual({compute for _, compute in seen}, {"base"})

    def test_down_throttle_first_then_compute_each_after_calm(self):
        self.play([(True, True)] * 12)
        seen = self.play([(False, False)] * 30, self.state, start=12)
        steps = [state for i, state in enumerate(seen) if i == 0 or state != seen[i - 1]]
        self.assertEqual(steps, [(25, "ceiling"), (50, "ceiling"), (75, "ceiling"), (100, "ceiling"), (100, "base")])
        self.assertEqual({seen[i] for i in range(5)}, {(25, "ceiling")})

    def test_an_alarm_in_between_starts_calm_anew(self):
        self.play([(True, False)])
        seen = self.play(([(False, False)] * 4 + [(True, False)]) * 4, self.state, start=1)
        self.assertNotIn(100, [percent for percent, _ in seen])

    def test_without_back_pressure_compute_comes_after_patience(self):
        seen = self.play([(True, True)] * 12, rules={**RULES, "steps": [100]})
        self.assertEqual(seen, [(100, "base")] * 10 + [(100, "ceiling")] * 2)

    def test_without_a_ceiling_nothing_grows(self):
        seen = self.play([(True, True)] * 60, rules={**RULES, "ceiling": None})
        self.assertEqual({compute for _, compute in seen}, {"base"})

    def test_a_rollout_is_one_that_ECS_says_is_in_progress(self):
        rollouts = {"IN_PROGRESS": True, "COMPLETED": False, "FAILED": False}
        for state, answer in rollouts.items():
            self.assertEqual(ladder.rolling_out({"deployments": [{"rolloutState": state}]}), answer)
        self.assertFalse(ladder.rolling_out({}))

    def test_a_percentage_that_is_no_step_is_taken_for_the_one_above(self):
        self.assertEqual([ladder.position({"percent": p}, RULES) for p in (100, 90, 75, 60, 25, 10)], [0, 0, 1, 1, 3, 3])


@mock_aws
class OnAws(unittest.TestCase):
    """The same with real alarms, a real parameter and a real service."""

    def setUp(self):
        self.cloudwatch, self.ssm, self.ecs = (boto3.client(name) for name in ("cloudwatch", "ssm", "ecs"))
        key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
        self.ecs.create_cluster(clusterName="cluster")
        base, ceiling = (self.task_definition(f"poller{suffix}") for suffix in ("", "-ceiling"))
        self.ecs.create_service(cluster="cluster", serviceName="poller", taskDefinition=base, desiredCount=2)
        for name in ("cpu", "latency", "queue"):
            self.cloudwatch.put_metric_alarm(
                AlarmName=name,
                Namespace="N",
                MetricName=name,
                Period=60,
                EvaluationPeriods=1,
                Threshold=1,
                ComparisonOperator="GreaterThanThreshold",
                Statistic="Sum",
            )
        self.ssm.put_parameter(Name="throttle", Type="SecureString", KeyId=key, Value='{"percent": 100}')
        self.rules = {
            **RULES,
            "cluster": "cluster",
            "service": "poller",
            "parameter": "throttle",
            "keyId": key,
            "base": base,
            "ceiling": ceiling,
        }
        self.now = 1_000_000
        self.rolling_out(False)

    def rolling_out(self, answer):
        """The local AWS leaves every rollout in progress, having no tasks to finish it with."""
        patcher = patch.object(ladder, "rolling_out", return_value=answer)
        patcher.start()
        self.addCleanup(patcher.stop)

    def task_definition(self, family):
        containers = [{"name": "poller", "image": "poller", "memory": 512}]
        made = self.ecs.register_task_definition(family=family, containerDefinitions=containers)
        return made["taskDefinition"]["taskDefinitionArn"]

    def alarms(self, **states):
        for name, state in states.items():
            self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")

    def minutes(self, count, rules=None):
        origin = {"PALISADE_ENV": "dev", "PALISADE_WORKLOAD": "w", "PALISADE_SERVICE": "s", "BUILD_SHA": "b"}
        with patch.dict(os.environ, {"LADDER": json.dumps(rules or self.rules), **origin}):
            for _ in range(count):
                with patch("time.time", return_value=self.now):
                    ladder.handler({}, CONTEXT)
                self.now += 60

    def percent(self):
        parameter = self.ssm.get_parameter(Name="throttle", WithDecryption=True)["Parameter"]
        self.assertEqual(parameter["Type"], "SecureString")
        return json.loads(parameter["Value"])["percent"]

    def running(self):
        return self.ecs.describe_services(cluster="cluster", services=["poller"])["services"][0]["taskDefinition"]

    def test_a_storm_from_beginning_to_end(self):
        self.minutes(3)
        self.assertEqual((self.percent(), self.running()), (100, self.rules["base"]))
        self.alarms(cpu="ALARM", queue="ALARM")
        self.minutes(1)
        self.assertEqual((self.percent(), self.running()), (75, self.rules["base"]), "throttled, not grown")
        self.minutes(9)
        self.assertEqual((self.percent(), self.running()), (25, self.rules["base"]), "throttled all the way, not grown")
        self.minutes(1)
        self.assertEqual(self.running(), self.rules["ceiling"])
        self.alarms(cpu="OK", queue="OK")
        self.minutes(40)
        self.assertEqual((self.percent(), self.running()), (100, self.rules["base"]))

    def test_nothing_is_written_while_nothing_changes(self):
        self.minutes(5)
        self.assertEqual(self.ssm.get_parameter(Name="throttle")["Parameter"]["Version"], 1)

    def test_a_rollout_under_way_is_left_alone(self):
        self.alarms(cpu="ALARM", queue="ALARM")
        self.rolling_out(True)
        self.minutes(15)
        self.assertEqual((self.percent(), self.running()), (25, self.rules["base"]))
        self.rolling_out(False)
        self.minutes(1)
        self.assertEqual(self.running(), self.rules["ceiling"], "afterwards it follows")

    def test_a_service_that_was_stopped_is_left_alone(self):
        self.ecs.update_service(cluster="cluster", service="poller", desiredCount=0)
        self.alarms(cpu="ALARM", queue="ALARM")
        self.minutes(15)
        self.assertEqual(self.running(), self.rules["base"])

    def test_a_release_the_ladder_does_not_know_is_left_alone(self):
        newer = self.task_definition("poller-newer")
        self.ecs.update_service(cluster="cluster", service="poller", taskDefinition=newer)
        self.alarms(cpu="ALARM", queue="ALARM")
        self.minutes(15)
        self.assertEqual(self.running(), newer)

    def test_a_missing_alarm_is_an_error_not_silence(self):
        self.cloudwatch.delete_alarms(AlarmNames=["queue"])
        with self.assertRaisesRegex(LookupError, "queue"):
            self.minutes(1)

    def test_a_service_that_is_gone_is_an_error_after_the_throttle(self):
        self.ecs.delete_service(cluster="cluster", service="poller", force=True)
        self.ecs.delete_cluster(cluster="cluster")
        self.ecs.create_cluster(clusterName="cluster")
        self.alarms(cpu="ALARM")
        with self.assertRaises(Exception):
            self.minutes(1, {**self.rules, "service": "another"})
        self.assertEqual(self.percent(), 75)


if __name__ == "__main__":
    unittest.main()
