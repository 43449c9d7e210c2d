"""What this version of moto gets wrong or forgets, and the platform's stacks need: each mend says which behaviour of AWS it restores.

A mend that no longer finds what it mends ends the start, so that none outlives its cause.
"""

import secrets
import string
from collections.abc import Callable
from typing import Any

from moto.rds import models as rds_models


def apply_mends() -> None:
    give_each_database_its_own_resource_id()


def after(owner: type, method: str, then: Callable[..., Any]) -> None:
    """Makes `owner.method` call `then(result, self, *arguments)` and return what that returns."""
    original = getattr(owner, method)

    def mended(self: Any, *args: Any, **kwargs: Any) -> Any:
        return then(original(self, *args, **kwargs), self, *args, **kwargs)

    setattr(owner, method, mended)


def give_each_database_its_own_resource_id() -> None:
    """RDS finds instances by `DbiResourceId`; moto gives all the same one, so that with two none is found."""
    alphabet = string.ascii_uppercase + string.digits

    def renew(_: Any, instance: Any, *__: Any, **___: Any) -> None:
        instance.dbi_resource_id = "db-" + "".join(secrets.choice(alphabet) for _ in range(26))

    after(rds_models.DBInstance, "__init__", renew)
