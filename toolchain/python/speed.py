"""What moto works out anew at every request, though it is always the same: together half of what a request takes.

Requests come one at a time, so a stack of hundreds of resources waits for each of these.
"""

from copy import copy
from functools import cache
from itertools import chain
from typing import Any

from moto import backends
from moto.core import responses, utils
from moto.ec2.models import security_groups


def answer_sooner() -> None:
    remember_the_names_of_services()
    remember_the_operations_of_a_service()
    find_security_group_rules_by_id()


def remember_the_names_of_services() -> None:
    """moto looks in its own directory for them."""
    modules = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules


def remember_the_operations_of_a_service() -> None:
    """moto takes its classes apart for them; EC2's has two thousand members."""
    responses.method_names_from_class = cache(utils.method_names_from_class)


def find_security_group_rules_by_id() -> None:
    """moto copies every rule there is and matches its id as a pattern."""
    backend = security_groups.SecurityGroupBackend
    original = backend.describe_security_group_rules

    def describe(self: Any, sg_rule_ids: list[str], filters: dict[str, list[str]]) -> list[Any]:
        groups = [group for of_vpc in self.groups.values() for group in of_vpc.values()]
        rules = chain.from_iterable(chain(group.egress_rules, group.ingress_rules) for group in groups)
        found = [copy(rule) for rule in rules if rule.id in sg_rule_ids] if sg_rule_ids and not filters else []
        if len(found) != len(set(sg_rule_ids or [])) or not found:
            return original(self, sg_rule_ids, filters)
        for rule in found:
            rule.from_port = -1 if rule.from_port is None else rule.from_port
            rule.to_port = -1 if rule.to_port is None else rule.to_port
        return found

    backend.describe_security_group_rules = describe  # type: ignore[method-assign]
