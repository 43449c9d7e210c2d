"""Route 53 Resolver's DNS Firewall, which moto has nothing of: domain lists, rule groups with their rules, their
associations with networks, and whether a network fails open. And the end of query logging, which moto only begins.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.moto_api._internal import mock_random
from moto.route53resolver.models import Route53ResolverBackend
from moto.route53resolver.responses import Route53ResolverResponse

from patching import Document, Refusal, add_operations, body, not_found

MISSING = "ResourceNotFoundException"
# What names a rule within its group: the list it matches, or the threat it looks for.
RULE_IDENTITIES = ("FirewallDomainListId", "FirewallThreatProtectionId")


@dataclass
class Firewall:
    """All of one account in one region, by id."""

    lists: dict[str, Document] = field(default_factory=dict)
    domains: dict[str, list[str]] = field(default_factory=dict)
    groups: dict[str, Document] = field(default_factory=dict)
    rules: dict[str, list[Document]] = field(default_factory=dict)
    associations: dict[str, Document] = field(default_factory=dict)
    configs: dict[str, Document] = field(default_factory=dict)


firewalls: dict[tuple[str, str], Firewall] = defaultdict(Firewall)


def add_resolver_firewall() -> None:
    add_operations(
        Route53ResolverResponse,
        create_firewall_domain_list,
        get_firewall_domain_list,
        list_firewall_domain_lists,
        list_firewall_domains,
        update_firewall_domains,
        delete_firewall_domain_list,
        create_firewall_rule_group,
        get_firewall_rule_group,
        list_firewall_rule_groups,
        delete_firewall_rule_group,
        create_firewall_rule,
        list_firewall_rules,
        update_firewall_rule,
        delete_firewall_rule,
        associate_firewall_rule_group,
        get_firewall_rule_group_association,
        list_firewall_rule_group_associations,
        update_firewall_rule_group_association,
        disassociate_firewall_rule_group,
        update_firewall_config,
        get_firewall_config,
        list_firewall_configs,
        delete_resolver_query_log_config,
        disassociate_resolver_query_log_config,
    )
    tags_of_everything()


def tags_of_everything() -> None:
    """The firewall and the query logging have tags too; moto knows those of endpoints and rules alone."""
    original = Route53ResolverBackend._matched_arn

    def matched(self: Route53ResolverBackend, resource_arn: str) -> None:
        firewall = firewalls[self.account_id, self.region_name]
        ours = [*firewall.lists.values(), *firewall.groups.values(), *firewall.associations.values()]
        known = [one["Arn"] for one in ours] + [one.arn for one in self.resolver_query_log_configs.values()]
        if resource_arn not in known:
            original(self, resource_arn)

    Route53ResolverBackend._matched_arn = matched  # type: ignore[method-assign]


def of(response: Any) -> Firewall:
    return firewalls[response.current_account, response.region]


def now() -> str:
    return datetime.now(UTC).isoformat()


def made(response: Any, prefix: str, resource: str, **more: Any) -> Document:
    """A new resource, tagged as asked for."""
    asked = body(response)
    identity = f"{prefix}-{mock_random.get_random_hex(17)}"
    arn = f"arn:aws:route53resolver:{response.region}:{response.current_account}:{resource}/{identity}"
    response.route53resolver_backend.tagger.tag_resource(arn, asked.get("Tags") or [])
    given = {name: asked[name] for name in ("Name", "CreatorRequestId") if name in asked}
    return {"Id": identity, "Arn": arn, "Status": "COMPLETE", "CreationTime": now(), **given, **more}


def found(response: Any, all_of: dict[str, Document], parameter: str) -> Document:
    identity = body(response)[parameter]
    if identity not in all_of:
        raise not_found(MISSING, parameter, identity)
    return all_of[identity]


def create_firewall_domain_list(self: Any) -> ActionResult:
    one = made(self, "rslvr-fdl", "firewall-domain-list", DomainCount=0)
    of(self).lists[one["Id"]] = one
    of(self).domains[one["Id"]] = []
    return ActionResult({"FirewallDomainList": one})


def get_firewall_domain_list(self: Any) -> ActionResult:
    return ActionResult({"FirewallDomainList": found(self, of(self).lists, "FirewallDomainListId")})


def list_firewall_domain_lists(self: Any) -> ActionResult:
    return ActionResult({"FirewallDomainLists": list(of(self).lists.values())})


def list_firewall_domains(self: Any) -> ActionResult:
    one = found(self, of(self).lists, "FirewallDomainListId")
    return ActionResult({"Domains": of(self).domains[one["Id"]]})


def update_firewall_domains(self: Any) -> ActionResult:
    """AWS answers with names that end in a dot, but for wildcards' sake takes and lists them as they were given."""
    one = found(self, of(self).lists, "FirewallDomainListId")
    before, given = of(self).domains[one["Id"]], body(self)["Domains"]
    after = {
        "ADD": [*before, *(domain for domain in given if domain not in before)],
        "REMOVE": [domain for domain in before if domain not in given],
        "REPLACE": given,
    }[body(self)["Operation"]]
    of(self).domains[one["Id"]] = after
    one["DomainCount"] = len(after)
    return ActionResult(one)


def delete_firewall_domain_list(self: Any) -> ActionResult:
    """A list that a rule still matches stays."""
    one = found(self, of(self).lists, "FirewallDomainListId")
    if any(rule.get("FirewallDomainListId") == one["Id"] for rules in of(self).rules.values() for rule in rules):
        raise Refusal("ConflictException", f"Domain list {one['Id']} is used by a rule")
    del of(self).lists[one["Id"]], of(self).domains[one["Id"]]
    return ActionResult({"FirewallDomainList": one})


def create_firewall_rule_group(self: Any) -> ActionResult:
    owner = {"OwnerId": self.current_account, "ShareStatus": "NOT_SHARED"}
    one = made(self, "rslvr-frg", "firewall-rule-group", RuleCount=0, **owner)
    of(self).groups[one["Id"]] = one
    of(self).rules[one["Id"]] = []
    return ActionResult({"FirewallRuleGroup": one})


def get_firewall_rule_group(self: Any) -> ActionResult:
    return ActionResult({"FirewallRuleGroup": found(self, of(self).groups, "FirewallRuleGroupId")})


def list_firewall_rule_groups(self: Any) -> ActionResult:
    return ActionResult({"FirewallRuleGroups": list(of(self).groups.values())})


def delete_firewall_rule_group(self: Any) -> ActionResult:
    """A group that a network is associated with, or that still has rules, stays."""
    one = found(self, of(self).groups, "FirewallRuleGroupId")
    associated = any(each["FirewallRuleGroupId"] == one["Id"] for each in of(self).associations.values())
    if associated or of(self).rules[one["Id"]]:
        raise Refusal("ConflictException", f"Rule group {one['Id']} is in use")
    del of(self).groups[one["Id"]], of(self).rules[one["Id"]]
    return ActionResult({"FirewallRuleGroup": one})


def create_firewall_rule(self: Any) -> ActionResult:
    group = found(self, of(self).groups, "FirewallRuleGroupId")
    rules = of(self).rules[group["Id"]]
    rule = {**body(self), "CreationTime": now()}
    if "DnsThreatProtection" in rule:
        rule["FirewallThreatProtectionId"] = f"rslvr-ftp-{mock_random.get_random_hex(17)}"
    else:
        found(self, of(self).lists, "FirewallDomainListId")
        rule.setdefault("FirewallDomainRedirectionAction", "INSPECT_REDIRECTION_DOMAIN")
    if any(each["Priority"] == rule["Priority"] for each in rules):
        raise Refusal("ValidationException", f"Priority {rule['Priority']} is taken in {group['Id']}")
    rules.append(rule)
    group["RuleCount"] = len(rules)
    return ActionResult({"FirewallRule": rule})


def list_firewall_rules(self: Any) -> ActionResult:
    group = found(self, of(self).groups, "FirewallRuleGroupId")
    return ActionResult({"FirewallRules": sorted(of(self).rules[group["Id"]], key=lambda rule: rule["Priority"])})


def rule_asked_for(self: Any) -> tuple[Document, Document]:
    """The group, and the rule that the request names by its domain list or threat."""
    group, asked = found(self, of(self).groups, "FirewallRuleGroupId"), body(self)
    for rule in of(self).rules[group["Id"]]:
        if any(name in asked and rule.get(name) == asked[name] for name in RULE_IDENTITIES):
            return group, rule
    raise not_found(MISSING, "Rule of", group["Id"])


def update_firewall_rule(self: Any) -> ActionResult:
    _, rule = rule_asked_for(self)
    rule.update(body(self))
    return ActionResult({"FirewallRule": rule})


def delete_firewall_rule(self: Any) -> ActionResult:
    group, rule = rule_asked_for(self)
    of(self).rules[group["Id"]].remove(rule)
    group["RuleCount"] -= 1
    return ActionResult({"FirewallRule": rule})


def associate_firewall_rule_group(self: Any) -> ActionResult:
    group, asked = found(self, of(self).groups, "FirewallRuleGroupId"), body(self)
    for each in of(self).associations.values():
        if (each["VpcId"], each["FirewallRuleGroupId"]) == (asked["VpcId"], group["Id"]):
            raise Refusal("ConflictException", f"{group['Id']} is associated with {asked['VpcId']} already")
    one = made(
        self,
        "rslvr-frgassoc",
        "firewall-rule-group-association",
        FirewallRuleGroupId=group["Id"],
        VpcId=asked["VpcId"],
        Priority=asked["Priority"],
        MutationProtection=asked.get("MutationProtection") or "DISABLED",
    )
    of(self).associations[one["Id"]] = one
    return ActionResult({"FirewallRuleGroupAssociation": one})


def get_firewall_rule_group_association(self: Any) -> ActionResult:
    one = found(self, of(self).associations, "FirewallRuleGroupAssociationId")
    return ActionResult({"FirewallRuleGroupAssociation": one})


def list_firewall_rule_group_associations(self: Any) -> ActionResult:
    asked = {name: body(self)[name] for name in ("VpcId", "FirewallRuleGroupId") if name in body(self)}
    every = of(self).associations.values()
    matching = [one for one in every if all(one[name] == value for name, value in asked.items())]
    return ActionResult({"FirewallRuleGroupAssociations": matching})


def update_firewall_rule_group_association(self: Any) -> ActionResult:
    one = found(self, of(self).associations, "FirewallRuleGroupAssociationId")
    one.update({name: body(self)[name] for name in ("Name", "Priority", "MutationProtection") if name in body(self)})
    return ActionResult({"FirewallRuleGroupAssociation": one})


def disassociate_firewall_rule_group(self: Any) -> ActionResult:
    """One that is protected from mutation stays."""
    one = found(self, of(self).associations, "FirewallRuleGroupAssociationId")
    if one["MutationProtection"] == "ENABLED":
        raise Refusal("ValidationException", f"Association {one['Id']} is protected from mutation")
    del of(self).associations[one["Id"]]
    return ActionResult({"FirewallRuleGroupAssociation": {**one, "Status": "DELETING"}})


def config_of(self: Any, vpc: str) -> Document:
    """Each network has one; until asked otherwise it fails closed."""
    fresh = {
        "Id": f"rslvr-fc-{mock_random.get_random_hex(17)}",
        "ResourceId": vpc,
        "OwnerId": self.current_account,
        "FirewallFailOpen": "DISABLED",
    }
    return of(self).configs.setdefault(vpc, fresh)


def update_firewall_config(self: Any) -> ActionResult:
    config = config_of(self, body(self)["ResourceId"])
    config["FirewallFailOpen"] = body(self).get("FirewallFailOpen") or "DISABLED"
    return ActionResult({"FirewallConfig": config})


def get_firewall_config(self: Any) -> ActionResult:
    return ActionResult({"FirewallConfig": config_of(self, body(self)["ResourceId"])})


def list_firewall_configs(self: Any) -> ActionResult:
    """A network's goes with it."""
    vpcs = self.route53resolver_backend.ec2_backend.vpcs
    return ActionResult({"FirewallConfigs": [one for vpc, one in of(self).configs.items() if vpc in vpcs]})


def delete_resolver_query_log_config(self: Any) -> ActionResult:
    """One that a network is still associated with stays."""
    backend, asked = self.route53resolver_backend, body(self)["ResolverQueryLogConfigId"]
    config = backend.get_resolver_query_log_config(asked)
    if config.association_count > 0:
        raise Refusal("InvalidRequestException", f"{asked} is associated with a VPC")
    del backend.resolver_query_log_configs[asked]
    return ActionResult({"ResolverQueryLogConfig": {**config.description(), "Status": "DELETING"}})


def disassociate_resolver_query_log_config(self: Any) -> ActionResult:
    backend, asked = self.route53resolver_backend, body(self)
    config = backend.get_resolver_query_log_config(asked["ResolverQueryLogConfigId"])
    for identity, each in backend.resolver_query_log_config_associations.items():
        if (each.resolver_query_log_config_id, each.resource_id) == (config.id, asked["ResourceId"]):
            del backend.resolver_query_log_config_associations[identity]
            config.association_count -= 1
            return ActionResult({"ResolverQueryLogConfigAssociation": {**each.description(), "Status": "DELETING"}})
    raise not_found(MISSING, "Association of", config.id)
