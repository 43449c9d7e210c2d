"""The local AWS API: moto's own server, CloudWatch's present protocol in front of it, and an address that says which
instance it is.

Usage: local_aws.py PORT INSTANCE    (binds loopback only; its memory is gone when it ends)
"""

import json
import signal
import sys
import threading
from collections import OrderedDict
from io import BytesIO
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple

from mends import apply_mends
from smithy_cbor import understands_cbor

INSTANCE_PATH = "/palisade/instance"
REMEMBERED_ANSWERS = 500

# Status line, headers, body.
Answer = tuple[str, list[tuple[str, str]], bytes]


class QuietHandler(MotoRequestHandler):
    """Leaves the access log out: a request line may carry a presigned credential."""

    def log_request(self, *_: Any) -> None:
        pass


def application(instance: str) -> Any:
    moto = one_at_a_time(understands_cbor(DomainDispatcherApplication(create_backend_app)))
    answer = json.dumps({"instance": instance}).encode()

    def dispatch(environ: dict[str, Any], start_response: Any) -> Any:
        if environ.get("PATH_INFO") == INSTANCE_PATH:
            start_response("200 OK", [("Content-Type", "application/json")])
            return [answer]
        return moto(environ, start_response)

    return dispatch


def one_at_a_time(inner: Any) -> Any:
    """Requests one after the other, and a repeated one answered as it was the first time.

    moto reads, changes and writes back its models without locks: two requests at once lose each other's changes. And it
    answers sooner than AWS ever could, sometimes before the client's transport is done with sending; Go's then drops the
    answer, and the SDK tries again under the same invocation id. A second execution would make a resource twice, or
    refuse its maker as a duplicate.
    """
    lock = threading.Lock()
    remembered: OrderedDict[str, Answer] = OrderedDict()

    def answer(environ: dict[str, Any]) -> Answer:
        invocation = environ.get("HTTP_AMZ_SDK_INVOCATION_ID", "")
        if invocation in remembered:
            return remembered[invocation]
        heads: list[tuple[str, list[tuple[str, str]]]] = []
        body = b"".join(inner(environ, lambda status, headers, _=None: heads.append((status, list(headers)))))
        status, headers = heads[-1]
        # What the service failed at is there to be tried again, and reading twice does no harm.
        if invocation and environ["REQUEST_METHOD"] not in ("GET", "HEAD") and not status.startswith("5"):
            remembered[invocation] = (status, headers, body)
            if len(remembered) > REMEMBERED_ANSWERS:
                remembered.popitem(last=False)
        return status, headers, body

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        # All of the request first: a slow sender must not hold up the others.
        if environ.get("CONTENT_LENGTH"):
            sent = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ = {**environ, "wsgi.input": BytesIO(sent)}
        with lock:
            status, headers, body = answer(environ)
        start_response(status, headers)
        return [body]

    return application


def main() -> None:
    port, instance = int(sys.argv[1]), sys.argv[2]
    apply_mends()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C belongs to the command that started it
    run_simple("127.0.0.1", port, application(instance), threaded=True, request_handler=QuietHandler)


if __name__ == "__main__":
    main()
