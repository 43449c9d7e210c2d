"""The functions of the approvals against S3, SNS and SQS of moto; only the start of an automation is stubbed, which moto lacks."""

import contextlib
import importlib
import io
import json
import os
import sys
import unittest
import uuid
from pathlib import Path

import boto3
from botocore.stub import ANY, Stubber
from moto import mock_aws

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "src" / "components" / "aws" / "lambda"))
os.environ.update(
    AWS_REGION="eu-central-1",
    AWS_DEFAULT_REGION="eu-central-1",
    AWS_ACCESS_KEY_ID="local",
    AWS_SECRET_ACCESS_KEY="local",
    APPROVAL="release",
    DESCRIPTION="A person releases a script.",
    BUCKET="artifacts",
    PREFIX="scripts/",
    DOCUMENT="pipeline-release",
    PALISADE_ENV="dev",
    PALISADE_WORKLOAD="pipeline",
    PALISADE_SERVICE="approval-hand-off",
    BUILD_SHA="0" * 40,
)
EXECUTION = "11111111-2222-3333-4444-555555555555"


def created(key, version, bucket="artifacts", event="ObjectCreated:Put"):
    return {"eventName": event, "s3": {"bucket": {"name": bucket}, "object": {"key": key, "versionId": version}}}


def batch(*bodies):
    return {"Records": [{"messageId": str(i), "body": json.dumps(body)} for i, body in enumerate(bodies)]}


class HandOff(unittest.TestCase):
    def setUp(self):
        self.aws = mock_aws()
        self.aws.start()
        self.addCleanup(self.aws.stop)
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        self.s3.put_bucket_versioning(Bucket="artifacts", VersioningConfiguration={"Status": "Enabled"})
        topic = boto3.client("sns").create_topic(Name="alarms")["TopicArn"]
        self.sqs = boto3.client("sqs")
        self.mail = self.sqs.create_queue(QueueName="mail")["QueueUrl"]
        boto3.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-central-1:123456789012:mail"
        )
        os.environ["TOPIC"] = topic
        import hand_off

        self.code = importlib.reload(hand_off)
        self.ssm = Stubber(self.code.ssm)
        self.ssm.activate()
        self.addCleanup(self.ssm.deactivate)

    def put(self, key):
        return self.s3.put_object(Bucket="artifacts", Key=key, Body=b"text")["VersionId"]

    def expect_start(self, key, version, token=ANY):
        self.ssm.add_response(
            "start_automation_execution",
            {"AutomationExecutionId": EXECUTION},
            {
                "DocumentName": "pipeline-release",
                "Parameters": {"Key": [key], "VersionId": [version]},
                "ClientToken": token,
            },
        )

    def tags(self, key, version):
        answer = self.s3.get_object_tagging(Bucket="artifacts", Key=key, VersionId=version)
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    def letters(self):
        answer = self.sqs.receive_message(QueueUrl=self.mail, MaxNumberOfMessages=10)
        return [json.loads(m["Body"]) for m in answer.get("Messages", [])]

    def failed(self, *bodies):
        return [f["itemIdentifier"] for f in self.code.handler(batch(*bodies), None)["batchItemFailures"]]

    def logged(self, *bodies):
        """Records of one batch, which are also passed on to standard output."""
        with contextlib.redirect_stdout(io.StringIO()) as output:
            self.failed(*bodies)
        print(output.getvalue(), end="")
        return [json.loads(line) for line in output.getvalue().splitlines()]

    def test_a_record_says_what_was_handed_off_and_for_which_event(self):
        version = self.put("scripts/a.json")
        self.expect_start("scripts/a.json", version)
        event = {"Records": [created("scripts/a.json", version)]}
        first, second = self.logged(event, event)
        named = {"s3.key": "scripts/a.json", "s3.version": version, "ssm.execution": EXECUTION}
        self.assertEqual([first["event"], first["status"], first["correlation_id"]], ["object.handed_off", "ok", "0"])
        self.assertEqual(first["attributes"], {"approval.name": "release", **named})
        self.assertEqual([second["event"], second["correlation_id"]], ["object.handed_off_before", "1"])

    def test_a_key_that_fits_no_record_is_left_out_and_holds_up_nothing(self):
        version = self.put("scripts/a b.json")
        self.expect_start("scripts/a%20b.json", version)
        (record,) = self.logged({"Records": [created("scripts/a+b.json", version)]})
        self.assertEqual(record["attributes"]["s3.version"], version)
        self.assertNotIn("s3.key", record["attributes"])

    def test_a_failure_is_logged_by_its_names_never_by_its_text(self):
        version = self.put("scripts/secret.json")
        self.ssm.add_client_error("start_automation_execution", "AutomationExecutionLimitExceeded", "on secret.json")
        refused, failed = self.logged(
            {"Records": [created("audio/secret.wav", "v")]}, {"Records": [created("scripts/secret.json", version)]}
        )
        self.assertEqual([refused["status"], refused["severity"]], ["refused", "error"])
        self.assertEqual(refused["attributes"]["error.reason"], "place")
        self.assertEqual([failed["status"], failed["severity"]], ["error", "error"])
        self.assertEqual(failed["attributes"]["error.code"], "AutomationExecutionLimitExceeded")
        self.assertNotIn("secret", json.dumps([refused, failed]))

    def test_a_new_version_waits_for_a_person_who_is_told(self):
        version = self.put("scripts/a.json")
        self.expect_start("scripts/a.json", version)
        self.assertEqual(self.failed({"Records": [created("scripts/a.json", version)]}), [])
        self.ssm.assert_no_pending_responses()
        self.assertEqual(self.tags("scripts/a.json", version), {"palisade:approval": EXECUTION})
        (letter,) = self.letters()
        for part in ("A person releases a script.", "s3://artifacts/scripts/a.json", version, EXECUTION):
            self.assertIn(part, letter["Message"])

    def test_a_version_is_handed_off_once(self):
        version = self.put("scripts/a.json")
        self.expect_start("scripts/a.json", version)
        event = {"Records": [created("scripts/a.json", version)]}
        self.assertEqual(self.failed(event, event), [])
        # A second start would find no stubbed answer and fail.
        self.assertEqual(self.failed(event), [])
        self.assertEqual(len(self.letters()), 1)

    def test_an_overwritten_object_needs_a_decision_of_its_own(self):
        versions = [self.put("scripts/a.json"), self.put("scripts/a.json")]
        for version in versions:
            self.expect_start("scripts/a.json", version)
            self.assertEqual(self.failed({"Records": [created("scripts/a.json", version)]}), [])
        self.ssm.assert_no_pending_responses()

    def test_a_crash_after_the_start_repeats_the_same_token(self):
        version = self.put("scripts/a.json")
        token = str(
            uuid.uuid5(uuid.NAMESPACE_URL, f"pipeline-release|s3://artifacts/scripts/a.json?versionId={version}")
        )
        event = {"Records": [created("scripts/a.json", version)]}
        topic, os.environ["TOPIC"] = os.environ["TOPIC"], "arn:aws:sns:eu-central-1:123456789012:gone"
        self.expect_start("scripts/a.json", version, token)
        self.assertEqual(self.failed(event), ["0"])
        self.assertEqual(self.tags("scripts/a.json", version), {})
        os.environ["TOPIC"] = topic
        self.expect_start("scripts/a.json", version, token)
        self.assertEqual(self.failed(event), [])
        self.assertEqual(len(self.letters()), 1)

    def test_a_key_goes_out_as_s3_writes_it(self):
        version = self.put('scripts/ü "a" {{b}}.json')
        safe = "scripts/%C3%BC%20%22a%22%20%7B%7Bb%7D%7D.json"
        self.expect_start(safe, version)
        self.assertEqual(
            self.failed({"Records": [created("scripts/%C3%BC+%22a%22+%7B%7Bb%7D%7D.json", version)]}), []
        )
        self.assertEqual(self.tags('scripts/ü "a" {{b}}.json', version), {"palisade:approval": EXECUTION})

    def test_what_does_not_belong_here_is_set_aside_and_holds_up_nothing(self):
        version = self.put("scripts/a.json")
        self.expect_start("scripts/a.json", version)
        failed = self.failed(
            {"Records": [created("audio/a.wav", "v")]},
            {"Records": [created("scripts/a.json", "v", bucket="other")]},
            {"Records": [created("scripts/a.json", None)]},
            {"Records": [created("scripts/a.json", "v", event="ObjectRemoved:Delete")]},
            {"Records": [created("scripts/" + "a" * 510, "v")]},
            {"Records": [created("scripts/missing.json", "no-such-version")]},
            {"nonsense": True},
            {"Records": [created("scripts/a.json", version)]},
        )
        self.assertEqual(failed, ["0", "1", "2", "3", "4", "5", "6"])
        self.ssm.assert_no_pending_responses()

    def test_a_refusal_of_systems_manager_is_tried_again(self):
        version = self.put("scripts/a.json")
        self.ssm.add_client_error("start_automation_execution", "AutomationExecutionLimitExceeded")
        self.assertEqual(self.failed({"Records": [created("scripts/a.json", version)]}), ["0"])
        self.assertEqual(self.letters(), [])

    def test_a_test_event_and_a_folder_are_no_work(self):
        version = self.put("scripts/new/")
        self.assertEqual(
            self.failed({"Event": "s3:TestEvent"}, {"Records": [created("scripts/new/", version)]}), []
        )
        self.assertEqual(self.letters(), [])


class Compose(unittest.TestCase):
    def test_the_record_survives_whatever_an_approver_writes(self):
        import compose_release

        approvers = [{"approver": "arn:aws:iam::1:role/editor", "comment": '"}] {{ x }} \n'}]
        message = compose_release.compose({"key": "scripts/a.json", "approvers": approvers}, None)["message"]
        self.assertEqual(
            json.loads(message), {"key": "scripts/a.json", "approvers": approvers, "decision": "Approved"}
        )


if __name__ == "__main__":
    unittest.main()
