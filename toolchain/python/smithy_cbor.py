"""CloudWatch's present wire protocol, Smithy RPC v2 CBOR, in front of a server that knows only the JSON one.

The AWS SDK that the provider is built with speaks nothing else to CloudWatch. Both protocols carry the same documents,
so a request is decoded, answered as JSON, and encoded again; only timestamps need the service's model.
"""

import io
import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any

import botocore.session
import cbor2

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# Target prefix of the protocol's paths, and botocore's name of the service.
SERVICES = {"GraniteServiceVersion20100801": "cloudwatch"}
PATH = re.compile(r"^/service/(?P<target>[^/]+)/operation/(?P<operation>[^/]+)$")
EPOCH_TAG = 1


def understands_cbor(inner: Application) -> Application:
    """Wraps a WSGI application that takes AWS's JSON protocol."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = PATH.match(environ.get("PATH_INFO", ""))
        if not path or path["target"] not in SERVICES or environ.get("HTTP_SMITHY_PROTOCOL") != "rpc-v2-cbor":
            return inner(environ, start_response)
        status, body = answer(inner, as_json(environ, path["target"], path["operation"]))
        shape = output_shape(SERVICES[path["target"]], path["operation"]) if status.startswith("200") else None
        encoded = cbor2.dumps(encode(json.loads(body or b"{}"), shape))
        headers = [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
        start_response(status, [*headers, ("Content-Length", str(len(encoded)))])
        return [encoded]

    return application


def as_json(environ: dict[str, Any], target: str, operation: str) -> dict[str, Any]:
    """The same request in the JSON protocol."""
    raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    body = json.dumps(cbor2.loads(raw) if raw else {}, default=epoch).encode()
    return {
        **environ,
        "PATH_INFO": "/",
        "RAW_URI": "/",
        "REQUEST_URI": "/",
        "CONTENT_TYPE": "application/x-amz-json-1.0",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_AMZ_TARGET": f"{target}.{operation}",
        "wsgi.input": io.BytesIO(body),
    }


def answer(inner: Application, environ: dict[str, Any]) -> tuple[str, bytes]:
    """Status line and body that the application answers with."""
    status: list[str] = []

    def start_response(line: str, _headers: Any, _exc_info: Any = None) -> Callable[[bytes], None]:
        status.append(line)
        return lambda _: None

    body = b"".join(inner(environ, start_response))
    return status[-1], body


def epoch(value: Any) -> float:
    """Timestamps of a decoded request, as the JSON protocol has them."""
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"no JSON for {type(value).__name__}")


def encode(value: Any, shape: Any) -> Any:
    """A JSON document with its timestamps tagged, which CBOR wants and JSON has no sign for."""
    kind = shape.type_name if shape is not None else None
    if kind == "timestamp" and value is not None:
        seconds = value if isinstance(value, int | float) else datetime.fromisoformat(value).timestamp()
        return cbor2.CBORTag(EPOCH_TAG, float(seconds))
    if kind in ("float", "double") and value is not None:
        return float(value)
    if isinstance(value, dict):
        members = shape.members if kind == "structure" else {}
        item = shape.value if kind == "map" else None
        return {key: encode(v, members.get(key, item)) for key, v in value.items() if v is not None}
    if isinstance(value, list):
        return [encode(v, shape.member if kind == "list" else None) for v in value]
    return value


@cache
def output_shape(service: str, operation: str) -> Any:
    return botocore.session.get_session().get_service_model(service).operation_model(operation).output_shape
