"""How moto is changed where it stands: its methods continued, its services given operations that they lack."""

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult

Document = dict[str, Any]


class Refusal(ServiceException):
    """An error of the service that was asked, by AWS's code. The class is ours: moto's own it takes for a service's."""


def after(owner: type, method: str, then: Callable[..., Any]) -> None:
    """Makes `owner.method` return what `then(result, self, *arguments)` returns."""
    original = getattr(owner, method)

    def mended(self: Any, *args: Any, **kwargs: Any) -> Any:
        return then(original(self, *args, **kwargs), self, *args, **kwargs)

    setattr(owner, method, mended)


def add_operations(response: type, *operations: Callable[[Any], ActionResult]) -> None:
    """Gives a service the operations, under their names. One that moto has by now is refused, so that ours goes."""
    for operation in operations:
        if hasattr(response, operation.__name__):
            raise AttributeError(f"moto has {response.__name__}.{operation.__name__} now: drop ours")
        setattr(response, operation.__name__, operation)


def add_paths(urls: ModuleType, *paths: str) -> None:
    """Gives a REST service the paths. One that moto has by now is refused."""
    for path in paths:
        if path in urls.url_paths:
            raise AttributeError(f"moto has {urls.__name__} {path} now: drop ours")
        urls.url_paths[path] = next(iter(urls.url_paths.values()))


def body(response: Any) -> Document:
    """The document of a JSON request."""
    return json.loads(response.body or "{}")


def not_found(code: str, kind: str, name: Any) -> Refusal:
    return Refusal(code, f"{kind} {name} does not exist")
