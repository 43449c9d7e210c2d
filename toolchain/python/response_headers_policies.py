"""CloudFront's response headers policies, which moto has nothing of."""

from datetime import UTC, datetime
from typing import Any

from moto.cloudfront import urls
from moto.cloudfront.models import random_id
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult
from moto.moto_api._internal import mock_random

from patching import Document, Refusal, add_operations, add_paths, not_found

PATH = "{0}/2020-05-31/response-headers-policy"

# Of each account, by id, each with its entity tag: the service is global.
policies: dict[tuple[str, str], tuple[Document, str]] = {}


def add_response_headers_policies() -> None:
    add_operations(
        CloudFrontResponse,
        create_response_headers_policy,
        get_response_headers_policy,
        get_response_headers_policy_config,
        list_response_headers_policies,
        update_response_headers_policy,
        delete_response_headers_policy,
    )
    add_paths(urls, f"{PATH}$", f"{PATH}/(?P<policy_id>[^/]+)$", f"{PATH}/(?P<policy_id>[^/]+)/config$")


def found(response: Any) -> tuple[Document, str]:
    identity = response._get_param("Id")
    if (response.current_account, identity) not in policies:
        raise not_found("NoSuchResponseHeadersPolicy", "Response headers policy", identity)
    return policies[response.current_account, identity]


def present(response: Any) -> tuple[Document, str]:
    """The policy, if the request is about its present version."""
    policy, etag = found(response)
    if response._get_param("IfMatch") != etag:
        raise Refusal("PreconditionFailed", "If-Match is not the policy's present version")
    return policy, etag


def keep(response: Any, identity: str) -> ActionResult:
    policy = {
        "Id": identity,
        "LastModifiedTime": datetime.now(UTC),
        "ResponseHeadersPolicyConfig": response._get_param("ResponseHeadersPolicyConfig"),
    }
    etag = random_id()
    policies[response.current_account, identity] = (policy, etag)
    location = f"https://cloudfront.amazonaws.com/2020-05-31/response-headers-policy/{identity}"
    return ActionResult({"ResponseHeadersPolicy": policy, "Location": location, "ETag": etag})


def create_response_headers_policy(self: Any) -> ActionResult:
    name = self._get_param("ResponseHeadersPolicyConfig.Name")
    if any(policy["ResponseHeadersPolicyConfig"]["Name"] == name for policy, _ in policies.values()):
        raise Refusal("ResponseHeadersPolicyAlreadyExists", f"Response headers policy {name} exists already")
    return keep(self, str(mock_random.uuid4()))


def get_response_headers_policy(self: Any) -> ActionResult:
    policy, etag = found(self)
    return ActionResult({"ResponseHeadersPolicy": policy, "ETag": etag})


def get_response_headers_policy_config(self: Any) -> ActionResult:
    policy, etag = found(self)
    return ActionResult({"ResponseHeadersPolicyConfig": policy["ResponseHeadersPolicyConfig"], "ETag": etag})


def list_response_headers_policies(self: Any) -> ActionResult:
    """The account's own; of those that AWS manages it makes none here."""
    own = [policy for (account, _), (policy, _) in policies.items() if account == self.current_account]
    items = [{"Type": "custom", "ResponseHeadersPolicy": policy} for policy in own]
    return ActionResult({"ResponseHeadersPolicyList": {"MaxItems": 100, "Quantity": len(items), "Items": items}})


def update_response_headers_policy(self: Any) -> ActionResult:
    policy, _ = present(self)
    return keep(self, policy["Id"])


def delete_response_headers_policy(self: Any) -> ActionResult:
    """One that a distribution uses stays."""
    policy, _ = present(self)
    for distribution in self.backend.distributions.values():
        config = distribution.distribution_config
        behaviors = [config.DefaultCacheBehavior, *(config.CacheBehaviors.get("Items") or [])]
        if any(one.get("ResponseHeadersPolicyId") == policy["Id"] for one in behaviors):
            raise Refusal("ResponseHeadersPolicyInUse", f"{policy['Id']} is used by {distribution.id}")
    del policies[self.current_account, policy["Id"]]
    return ActionResult({})
