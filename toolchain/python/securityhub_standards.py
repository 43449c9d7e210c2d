"""Security Hub's standards, which moto has nothing of, and the settings of the hub that it does not keep."""

from collections import defaultdict
from typing import Any

from moto.core.responses import ActionResult
from moto.securityhub import urls
from moto.securityhub.models import SecurityHubBackend
from moto.securityhub.responses import SecurityHubResponse

from patching import Document, Refusal, add_operations, add_paths, after, body

# What a hub that is enabled with its default standards subscribes to.
DEFAULT_STANDARDS = (
    "arn:aws:securityhub:{region}::standards/aws-foundational-security-best-practices/v/1.0.0",
    "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0",
)
SETTINGS = ("AutoEnableControls", "ControlFindingGenerator")

# Of each account and region: the subscriptions by ARN, and what was set of the hub.
subscriptions: dict[tuple[str, str], dict[str, Document]] = defaultdict(dict)
settings: dict[tuple[str, str], Document] = defaultdict(dict)


def add_securityhub_standards() -> None:
    add_operations(
        SecurityHubResponse,
        batch_enable_standards,
        batch_disable_standards,
        get_enabled_standards,
        update_security_hub_configuration,
        list_tags_for_resource,
    )
    add_paths(urls, "{0}/standards/register$", "{0}/standards/deregister$", "{0}/standards/get$")
    add_paths(urls, "{0}/tags/(?P<arn>.+)$")
    after(SecurityHubResponse, "enable_security_hub", enabled)
    after(SecurityHubBackend, "describe_hub", described)
    after(SecurityHubBackend, "disable_security_hub", disabled)


def of(response: Any) -> dict[str, Document]:
    """AWS refuses what it is asked of standards where the hub is not enabled."""
    response.securityhub_backend.describe_hub()
    return subscriptions[response.current_account, response.region]


def subscribe(response: Any, standard: str) -> Document:
    name = standard.split(":", 5)[-1].split("/", 1)[1]
    arn = f"arn:aws:securityhub:{response.region}:{response.current_account}:subscription/{name}"
    return of(response).setdefault(
        arn,
        {
            "StandardsSubscriptionArn": arn,
            "StandardsArn": standard,
            "StandardsInput": {},
            "StandardsStatus": "READY",
            "StandardsControlsUpdatable": "READY_FOR_UPDATES",
        },
    )


def enabled(result: str, response: Any) -> str:
    asked, region = body(response), response.region
    settings[response.current_account, region] = {name: asked[name] for name in SETTINGS if name in asked}
    if asked.get("EnableDefaultStandards", True):
        for standard in DEFAULT_STANDARDS:
            subscribe(response, standard.format(region=region))
    return result


def described(result: Document, backend: Any, *_: Any, **__: Any) -> Document:
    return {**result, **settings[backend.account_id, backend.region_name]}


def disabled(result: Document, backend: Any) -> Document:
    """With the hub go its subscriptions."""
    subscriptions.pop((backend.account_id, backend.region_name), None)
    settings.pop((backend.account_id, backend.region_name), None)
    return result


def update_security_hub_configuration(self: Any) -> ActionResult:
    self.securityhub_backend.describe_hub()
    asked = {name: body(self)[name] for name in SETTINGS if name in body(self)}
    settings[self.current_account, self.region].update(asked)
    return ActionResult({})


def batch_enable_standards(self: Any) -> ActionResult:
    made = [subscribe(self, asked["StandardsArn"]) for asked in body(self)["StandardsSubscriptionRequests"]]
    return ActionResult({"StandardsSubscriptions": made})


def batch_disable_standards(self: Any) -> ActionResult:
    known = of(self)
    for arn in body(self)["StandardsSubscriptionArns"]:
        if arn not in known:
            raise Refusal("InvalidInputException", f"{arn} is not subscribed to")
    gone = [known.pop(arn) for arn in body(self)["StandardsSubscriptionArns"]]
    return ActionResult({"StandardsSubscriptions": [{**one, "StandardsStatus": "DELETING"} for one in gone]})


def get_enabled_standards(self: Any) -> ActionResult:
    asked = body(self).get("StandardsSubscriptionArns")
    known = of(self)
    return ActionResult({"StandardsSubscriptions": [known[arn] for arn in asked or known if arn in known]})


def list_tags_for_resource(self: Any) -> ActionResult:
    return ActionResult({"Tags": self.securityhub_backend.describe_hub().get("Tags") or {}})
