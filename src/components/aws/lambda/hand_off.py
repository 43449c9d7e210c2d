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

TAG = "palisade:approval"
# Automation takes no longer value, and no other character may reach its templates.
SAFE_KEY = re.compile(r"[A-Za-z0-9_.~%/-]{1,512}")

s3 = boto3.client("s3")
ssm = boto3.client("ssm")
sns = boto3.client("sns")


class Refused(Exception):
    """An event that does not belong here; trying again will not help, a person must look."""


def handler(event, _context):
    failures = []
    for message in event["Records"]:
        try:
            for key, version in versions(json.loads(message["body"])):
                hand_off(key, version)
        except Exception as error:  # One message must not hold up the others of its batch.
            log("ERROR", "not handed off", id=message["messageId"], error=f"{type(error).__name__}: {error}")
            failures.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failures}


def versions(notification):
    """Key and version of each new object in a notification of S3."""
    if notification.get("Event") == "s3:TestEvent":
        return
    for record in notification["Records"]:
        name, bucket, entry = record["eventName"], record["s3"]["bucket"]["name"], record["s3"]["object"]
        key, version = unquote_plus(entry["key"]), entry.get("versionId")
        if not name.startswith("ObjectCreated:"):
            raise Refused(f"event {name}")
        if bucket != os.environ["BUCKET"] or not key.startswith(os.environ["PREFIX"]):
            raise Refused(f"object {key} of bucket {bucket}")
        if not version or version == "null":
            raise Refused(f"object {key} has no version")
        if not SAFE_KEY.fullmatch(quoted(key)):
            raise Refused(f"key {key} is longer than Automation takes")
        if key.endswith("/"):
            log("INFO", "a folder, nothing to decide", key=key)
            continue
        yield key, version


def hand_off(key, version):
    bucket = os.environ["BUCKET"]
    of = {"Bucket": bucket, "Key": key, "VersionId": version}
    # Also proves that the version is there.
    tags = s3.get_object_tagging(**of)["TagSet"]
    if any(tag["Key"] == TAG for tag in tags):
        log("INFO", "handed off before", key=key, version=version)
        return
    document = os.environ["DOCUMENT"]
    execution = ssm.start_automation_execution(
        DocumentName=document,
        Parameters={"Key": [quoted(key)], "VersionId": [version]},
        # The same for the same version: Systems Manager answers a repetition with the execution it has.
        ClientToken=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{document}|s3://{bucket}/{quoted(key)}?versionId={version}")),
    )["AutomationExecutionId"]
    sns.publish(TopicArn=os.environ["TOPIC"], Subject="A decision is waiting", Message=message(key, version, execution))
    s3.put_object_tagging(**of, Tagging={"TagSet": [*tags, {"Key": TAG, "Value": execution}]})
    log("INFO", "handed off", key=key, version=version, execution=execution)


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


def log(level, text, **fields):
    print(json.dumps({"level": level, "message": text, "approval": os.environ.get("APPROVAL"), **fields}))
