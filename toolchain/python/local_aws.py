"""The local AWS API: moto's own server, CloudWatch's present protocol in front of it, and an address that says which
instance it is.

Usage: local_aws.py PORT INSTANCE    (binds loopback only; its memory is gone when it ends)
"""

import json
import signal
import sys
import threading
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple

from mends import apply_mends
from smithy_cbor import understands_cbor

INSTANCE_PATH = "/palisade/instance"


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
    """moto reads, changes and writes back its models without locks: two requests at once lose each other's changes."""
    lock = threading.Lock()

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        with lock:
            return [b"".join(inner(environ, start_response))]

    return application


def main() -> None:
    port, instance = int(sys.argv[1]), sys.argv[2]
    apply_mends()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C belongs to the command that started it
    run_simple("127.0.0.1", port, application(instance), threaded=True, request_handler=QuietHandler)


if __name__ == "__main__":
    main()
