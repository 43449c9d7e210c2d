"""Systems Manager's State Manager associations, which moto has nothing of."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.moto_api._internal import mock_random
from moto.ssm.responses import SimpleSystemManagerResponse

from patching import Document, add_operations, body, not_found

LISTED = ("AssociationId", "AssociationName", "AssociationVersion", "Name", "Overview", "ScheduleExpression", "Targets")

# Of each account and region, by id.
associations: dict[tuple[str, str], dict[str, Document]] = defaultdict(dict)


def add_ssm_associations() -> None:
    add_operations(
        SimpleSystemManagerResponse,
        create_association,
        describe_association,
        update_association,
        delete_association,
        list_associations,
    )


def of(response: Any) -> dict[str, Document]:
    return associations[response.current_account, response.region]


def found(response: Any) -> Document:
    identity = body(response)["AssociationId"]
    if identity not in of(response):
        raise not_found("AssociationDoesNotExist", "Association", identity)
    return of(response)[identity]


def asked(response: Any) -> Document:
    return {name: value for name, value in body(response).items() if name != "Tags"}


def document_must_exist(response: Any) -> None:
    """AWS's own documents are everywhere; another must have been made."""
    name = body(response)["Name"]
    if not name.startswith("AWS"):
        response.ssm_backend.get_document(name, None, None, None)


def create_association(self: Any) -> ActionResult:
    """No machine is there to take it up, so it stays pending."""
    document_must_exist(self)
    identity, now = str(mock_random.uuid4()), datetime.now(UTC)
    one = {
        "DocumentVersion": "$DEFAULT",
        "ApplyOnlyAtCronInterval": False,
        **asked(self),
        "AssociationId": identity,
        "AssociationVersion": "1",
        "Date": now,
        "LastUpdateAssociationDate": now,
        "Overview": {"Status": "Pending", "DetailedStatus": "Creating"},
    }
    of(self)[identity] = one
    tags = {tag["Key"]: tag["Value"] for tag in body(self).get("Tags") or []}
    self.ssm_backend.add_tags_to_resource("Association", identity, tags)
    return ActionResult({"AssociationDescription": one})


def describe_association(self: Any) -> ActionResult:
    return ActionResult({"AssociationDescription": found(self)})


def update_association(self: Any) -> ActionResult:
    """Each update is a new version, of what is passed alone."""
    before = found(self)
    kept = {name: before[name] for name in ("Name", "AssociationId", "Date", "Overview")}
    one = {
        "DocumentVersion": "$DEFAULT",
        "ApplyOnlyAtCronInterval": False,
        **kept,
        **asked(self),
        "AssociationVersion": str(int(before["AssociationVersion"]) + 1),
        "LastUpdateAssociationDate": datetime.now(UTC),
    }
    of(self)[one["AssociationId"]] = one
    return ActionResult({"AssociationDescription": one})


def delete_association(self: Any) -> ActionResult:
    del of(self)[found(self)["AssociationId"]]
    return ActionResult({})


def list_associations(self: Any) -> ActionResult:
    every = [{name: one[name] for name in LISTED if name in one} for one in of(self).values()]
    return ActionResult({"Associations": every})
