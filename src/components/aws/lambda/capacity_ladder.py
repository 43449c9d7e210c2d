"""Capacity ladder of one service: back-pressure first, then compute (RT-6, RT-7).

Called every minute, and at once when one of its alarms changes. It looks at the alarms as they are, at what it did last,
and takes at most one step on each side. Losing a call loses nothing, and two at once do no harm.

Up, while an alarm rings: the throttle goes down `steps`, one each `stepSeconds`. If work still waits too long after the
throttle has been on for `patienceSeconds`, the tasks move to the larger task definition. Down, each after `calmSeconds`
without an alarm: the throttle is released step by step, then the tasks move back.

LADDER  JSON: cluster, service, parameter, keyId, base, ceiling (a task definition, or null), pressureAlarms and waitAlarms
        (names), steps (percent of its own rate that the service may take, from 100 down), stepSeconds, patienceSeconds,
        calmSeconds

The parameter holds the state as JSON. The service reads `percent` from it; the rest is the ladder's own.
"""

import json
import os
import time

import boto3

from log_record import emit

START = {"percent": 100, "compute": "base", "changed": 0, "throttledSince": None, "waitingSince": None, "calmSince": None}


def handler(_event, context):
    rules = json.loads(os.environ["LADDER"])
    ringing = alarms_ringing(rules["pressureAlarms"] + rules["waitAlarms"])
    waiting = any(name in ringing for name in rules["waitAlarms"])
    before = read(rules)
    after = decide(before, bool(ringing), waiting, int(time.time()), rules)
    if after != before:
        write(rules, after)
        emit("ladder.step", "ok", context.aws_request_id, attributes=step_taken(rules, after, ringing))
    # The throttle is out before anything that can fail or must wait.
    return {"state": after, "moved": move(rules, after, context.aws_request_id)}


def decide(state, ringing, waiting, now, rules):
    """The next state. Pure: all it knows comes in."""
    return up(state, waiting, now, rules) if ringing else down(state, now, rules)


def up(state, waiting, now, rules):
    after = {**state, "calmSince": None, "waitingSince": (state["waitingSince"] or now) if waiting else None}
    steps, at = rules["steps"], position(state, rules)
    if at + 1 < len(steps) and (at == 0 or now - state["changed"] >= rules["stepSeconds"]):
        after.update(percent=steps[at + 1], changed=now, throttledSince=state["throttledSince"] or now)
    tried_since = after["throttledSince"] if len(steps) > 1 else after["waitingSince"]
    if waiting and rules["ceiling"] and after["compute"] == "base" and tried_since is not None:
        if now - max(tried_since, after["waitingSince"]) >= rules["patienceSeconds"]:
            after["compute"] = "ceiling"
    return after


def down(state, now, rules):
    at = position(state, rules)
    if at == 0 and state["compute"] == "base":
        return {**state, "waitingSince": None, "calmSince": None}
    after = {**state, "waitingSince": None, "calmSince": state["calmSince"] or now}
    if now - max(after["calmSince"], state["changed"]) < rules["calmSeconds"]:
        return after
    if at > 0:
        percent = rules["steps"][at - 1]
        after.update(percent=percent, throttledSince=None if percent == 100 else state["throttledSince"])
    else:
        after["compute"] = "base"
    return {**after, "changed": now}


def position(state, rules):
    """How many steps down; a percentage that is none of them counts as the one above it."""
    return max(i for i, percent in enumerate(rules["steps"]) if percent >= state["percent"] or i == 0)


def move(rules, state, request):
    """Puts the service on the task definition of the state, unless a rollout is under way or runs something else."""
    if not rules["ceiling"]:
        return False
    ecs = boto3.client("ecs")
    found = ecs.describe_services(cluster=rules["cluster"], services=[rules["service"]])["services"]
    if not found:
        raise LookupError(f"no service {rules['service']} in cluster {rules['cluster']}")
    service = found[0]
    running, wanted = service["taskDefinition"], rules[state["compute"]]
    # A release that has its own task definition, or one under way, goes first. What the restart brake has stopped must
    # not be started by a change of its size.
    known = running in (rules["base"], rules["ceiling"])
    if running == wanted or not known or rolling_out(service) or service["desiredCount"] == 0:
        return False
    ecs.update_service(cluster=rules["cluster"], service=rules["service"], taskDefinition=wanted)
    emit("ladder.moved", "ok", request, attributes={"ecs.service": rules["service"], "ecs.task_definition": short(wanted)})
    return True


def rolling_out(service):
    return any(deployment.get("rolloutState") == "IN_PROGRESS" for deployment in service.get("deployments", []))


def short(arn):
    return arn.rpartition("/")[2]


def alarms_ringing(names):
    found = boto3.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    missing = set(names) - {alarm["AlarmName"] for alarm in found}
    if missing:
        raise LookupError(f"no such alarms: {sorted(missing)}")
    return {alarm["AlarmName"] for alarm in found if alarm["StateValue"] == "ALARM"}


def read(rules):
    value = boto3.client("ssm").get_parameter(Name=rules["parameter"], WithDecryption=True)["Parameter"]["Value"]
    return {**START, **json.loads(value)}


def write(rules, state):
    boto3.client("ssm").put_parameter(
        Name=rules["parameter"], Value=json.dumps(state), Type="SecureString", KeyId=rules["keyId"], Overwrite=True
    )


def step_taken(rules, state, ringing):
    return {
        "ecs.service": rules["service"],
        "ladder.percent": state["percent"],
        "ladder.compute": state["compute"],
        "ladder.alarms_ringing": len(ringing),
    }
