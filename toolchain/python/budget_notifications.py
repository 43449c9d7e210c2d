"""AWS Budgets' subscribers, updates and tags, which moto has nothing of."""

from typing import Any

from moto.budgets.exceptions import NotFoundException
from moto.budgets.models import Budget
from moto.budgets.responses import BudgetsResponse
from moto.core.responses import ActionResult
from moto.utilities.tagging_service import TaggingService

from patching import Document, add_operations, after, body

tagger = TaggingService()
# A notification's fields that AWS gives these values if it was asked for none.
DEFAULTS = {"ThresholdType": "PERCENTAGE", "NotificationState": "OK"}


def add_budget_notifications() -> None:
    add_operations(
        BudgetsResponse,
        update_budget,
        describe_subscribers_for_notification,
        list_tags_for_resource,
        tag_resource,
        untag_resource,
    )
    after(BudgetsResponse, "create_budget", keep_tags)
    after(BudgetsResponse, "delete_budget", drop_tags)


def arn_of(response: Any, name: str) -> str:
    return f"arn:aws:budgets::{response.current_account}:budget/{name}"


def keep_tags(result: str, response: Any) -> str:
    asked = body(response)
    tagger.tag_resource(arn_of(response, asked["Budget"]["BudgetName"]), asked.get("ResourceTags") or [])
    return result


def drop_tags(result: str, response: Any) -> str:
    tagger.delete_all_tags_for_resource(arn_of(response, body(response)["BudgetName"]))
    return result


def found(response: Any, name: str) -> Budget:
    response.backend.describe_budget(body(response)["AccountId"], name)
    return response.backend.budgets[body(response)["AccountId"]][name]


def update_budget(self: Any) -> ActionResult:
    """A budget is replaced; its notifications stay."""
    asked = body(self)["NewBudget"]
    before = found(self, asked["BudgetName"])
    replaced = Budget({"TimePeriod": before.budget["TimePeriod"], **asked}, [])
    replaced.notifications = before.notifications
    self.backend.budgets[body(self)["AccountId"]][asked["BudgetName"]] = replaced
    return ActionResult({})


def same(one: Document, other: Document) -> bool:
    return {**DEFAULTS, **one} == {**DEFAULTS, **other}


def describe_subscribers_for_notification(self: Any) -> ActionResult:
    asked = body(self)
    for each in found(self, asked["BudgetName"]).notifications:
        if same(each.details, asked["Notification"]):
            return ActionResult({"Subscribers": each.subscribers})
    raise NotFoundException("Unable to describe subscribers - the notification doesn't exist.")


def list_tags_for_resource(self: Any) -> ActionResult:
    return ActionResult({"ResourceTags": tagger.list_tags_for_resource(body(self)["ResourceARN"])["Tags"]})


def tag_resource(self: Any) -> ActionResult:
    tagger.tag_resource(body(self)["ResourceARN"], body(self)["ResourceTags"])
    return ActionResult({})


def untag_resource(self: Any) -> ActionResult:
    tagger.untag_resource_using_names(body(self)["ResourceARN"], body(self)["ResourceTagKeys"])
    return ActionResult({})
