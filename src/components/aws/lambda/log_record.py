"""The log record (RT-23) for the platform's own functions: the twin of src/workload/log-record.ts, held to its schema by a test.

A function calls `emit(...)` and writes nothing else to its log. Who writes comes from the variables PALISADE_ENV,
PALISADE_WORKLOAD, PALISADE_SERVICE and BUILD_SHA; one that is missing is an error, not a gap in the record.
"""

import json
import os
import re
from datetime import datetime, timezone

_TOKEN = re.compile(r"[A-Za-z0-9_.:/@+=-]{1,128}")
_EVENT = re.compile(r"(?=.{1,64}\Z)[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
_ATTRIBUTE = re.compile(
    r"(?!.*\.(body|content|message|payload|prompt|text|transcript|query|stacktrace)\Z)[a-z][a-z0-9_]*(\.[a-z0-9_]+)+"
)
_CHAT = re.compile(r"[0-9a-f]{64}")
_PERSONA = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
STATUSES = ("ok", "error", "refused", "started")
SEVERITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")


def log_record(
    event,
    status,
    correlation_id,
    *,
    severity=None,
    chat_id_hash=None,
    persona_tag=None,
    latency_ms=None,
    attributes=None,
):
    """A complete record. Raises ValueError naming the field at fault, never its value: that may be content."""
    severity = severity or ("error" if status == "error" else "informational")
    _require("event", _matches(_EVENT, event))
    _require("status", status in STATUSES)
    _require("severity", severity in SEVERITIES)
    _require("correlation_id", is_token(correlation_id))
    _require("chat_id_hash", chat_id_hash is None or _matches(_CHAT, chat_id_hash))
    _require("persona_tag", persona_tag is None or _matches(_PERSONA, persona_tag))
    _require("latency_ms", latency_ms is None or (_number(latency_ms) and latency_ms >= 0))
    record = {
        "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "severity": severity,
        "workload": os.environ["PALISADE_WORKLOAD"],
        "service": os.environ["PALISADE_SERVICE"],
        "event": event,
        "correlation_id": correlation_id,
        "chat_id_hash": chat_id_hash,
        "persona_tag": persona_tag,
        "status": status,
        "latency_ms": latency_ms,
        "env": os.environ["PALISADE_ENV"],
        "build_sha": os.environ["BUILD_SHA"],
    }
    if attributes:
        for name, value in attributes.items():
            known = isinstance(value, bool) or _number(value) or is_token(value)
            _require(f"attributes.{name}", _matches(_ATTRIBUTE, name) and known)
        record["attributes"] = dict(attributes)
    return record


def emit(event, status, correlation_id, **rest):
    """Writes one record as one line to standard output, which is the function's log."""
    print(json.dumps(log_record(event, status, correlation_id, **rest), separators=(",", ":"), allow_nan=False), flush=True)


def is_token(value):
    """Whether a text fits into a record. What others chose, such as the key of an object, is asked first."""
    return _matches(_TOKEN, value)


def _matches(pattern, value):
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _number(value):
    # NaN and the infinities are no JSON.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")


def _require(field, sound):
    if not sound:
        raise ValueError(f"not a log record: `{field}`")
