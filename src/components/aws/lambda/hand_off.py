"""Hands each new object version to the people who decide about it (CP-11).

S3 event -> SQS -> here -> an automation that waits for an approver. At-least-once on the way in, once per object
version on the way out: the automation is started under a token made from the version, and the version is tagged with
the execution afterwards. Whatever fails is reported to SQS, which tries again and in the end sets it aside.
"""

import json
import os
import re
import uuid
from urllib.parse import quote, unquote_plus

import boto3

from log_record import emit, is_token

TAG = "palisade:approval"
# Automation takes no longer value, and no other character may reach its templates.
SAFE_KEY = re.compile(r"[A-Za-z0-9_.~%/-]{1,512}")

s3 = boto3.client("s3")
ssm = boto3.client("ssm")
sns = boto3.client("sns")


class Refused(Exception):
    """An event that does not belong here, and why, in a word; trying again will not help, a person must look."""


def handler(event, _context):
    failures = []
    for message in event["Records"]:
        event_id = message["messageId"]
        try:
            for key, version in versions(json.loads(message["body"])):
                became, execution = hand_off(key, version)
                about = {"s3.key": quoted(key), "s3.version": version, "ssm.execution": execution}
                log(became, "ok", event_id, about)
        except Exception as error:  # One message must not hold up the others of its batch.
            status = "refused" if isinstance(error, Refused) else "error"
            log("object.not_handed_off", status, event_id, cause(error), severity="error")
            failures.append({"itemIdentifier": event_id})
    return {"batchItemFailures": failures}


def versions(notification):
    """Key and version of each new object in a notification of S3."""
    if notification.get("Event") == "s3:TestEvent":
        return
    for record in notification["Records"]:
        name, bucket, entry = record["eventName"], record["s3"]["bucket"]["name"], record["s3"]["object"]
        key, version = unquote_plus(entry["key"]), entry.get("versionId")
        if not name.startswith("ObjectCreated:"):
            raise Refused("event")
        if bucket != os.environ["BUCKET"] or not key.startswith(os.environ["PREFIX"]):
            raise Refused("place")
        if not version or version == "null":
            raise Refused("no-version")
        if not SAFE_KEY.fullmatch(quoted(key)):
            raise Refused("key-too-long")
        yield key, version


def hand_off(key, version):
    """What became of the version, as the name of an event, and the execution that waits."""
    if key.endswith("/"):
        return "folder.passed_over", None
    bucket = os.environ["BUCKET"]
    of = {"Bucket": bucket, "Key": key, "VersionId": version}
    # Also proves that the version is there.
    tags = s3.get_object_tagging(**of)["TagSet"]
    earlier = next((tag["Value"] for tag in tags if tag["Key"] == TAG), None)
    if earlier is not None:
        return "object.handed_off_before", earlier
    document = os.environ["DOCUMENT"]
    execution = ssm.start_automation_execution(
        DocumentName=document,
        Parameters={"Key": [quoted(key)], "VersionId": [version]},
        # The same for the same version: Systems Manager answers a repetition with the execution it has.
        ClientToken=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{document}|s3://{bucket}/{quoted(key)}?versionId={version}")),
    )["AutomationExecutionId"]
    sns.publish(TopicArn=os.environ["TOPIC"], Subject="A decision is waiting", Message=message(key, version, execution))
    s3.put_object_tagging(**of, Tagging={"TagSet": [*tags, {"Key": TAG, "Value": execution}]})
    return "object.handed_off", execution


def message(key, version, execution):
    region = os.environ["AWS_REGION"]
    return "\n".join(
        [
            os.environ["DESCRIPTION"],
            f"Object: s3://{os.environ['BUCKET']}/{key}",
            f"Version: {version}",
            f"Decide: https://{region}.console.aws.amazon.com/systems-manager/automation/execution/{execution}",
            f"or: aws ssm send-automation-signal --region {region} --automation-execution-id {execution}"
            " --signal-type Approve --payload Comment='reason'   (Reject instead of Approve to refuse)",
        ]
    )


def quoted(key):
    """As S3 itself writes keys in events; consumers of the queue decode it the same way."""
    return quote(key, safe="/")


def cause(error):
    """The text of an error may hold the name of an object, which may be content; its names do not."""
    code = getattr(error, "response", {}).get("Error", {}).get("Code")
    reason = str(error) if isinstance(error, Refused) else None
    return {"error.type": type(error).__name__, "error.code": code, "error.reason": reason}


def log(event, status, event_id, attributes, **rest):
    """All records of one event are tied together by its id. A key that fits no record is left out: its version names it."""
    fitting = {name: value for name, value in attributes.items() if is_token(value)}
    emit(event, status, event_id, attributes={"approval.name": os.environ["APPROVAL"], **fitting}, **rest)
