"""What moto lacks of EKS: access entries, add-ons, pod identities, updates, and what a cluster and a node group are made
of besides: settings that moto drops, the cluster's own security group, the node group's Auto Scaling group.
"""

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.eks import models, urls
from moto.eks.exceptions import ResourceNotFoundException
from moto.eks.responses import EKSResponse
from moto.iam import models as iam_models
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.moto_api._internal import mock_random

from patching import Document, add_operations, add_paths, after, body

# Of each cluster, by ARN and then by what tells one from another: principal, name of the add-on, id.
entries: dict[str, dict[str, Document]] = defaultdict(dict)
policies: dict[tuple[str, str], dict[str, Document]] = defaultdict(dict)
addons: dict[str, dict[str, Document]] = defaultdict(dict)
associations: dict[str, dict[str, Document]] = defaultdict(dict)

SETTINGS = ("accessConfig", "upgradePolicy", "deletionProtection", "zonalShiftConfig", "controlPlaneScalingConfig")
LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def add_eks_clusters() -> None:
    add_operations(
        EKSResponse,
        create_access_entry,
        describe_access_entry,
        update_access_entry,
        delete_access_entry,
        list_access_entries,
        associate_access_policy,
        disassociate_access_policy,
        list_associated_access_policies,
        create_addon,
        describe_addon,
        update_addon,
        delete_addon,
        list_addons,
        create_pod_identity_association,
        describe_pod_identity_association,
        update_pod_identity_association,
        delete_pod_identity_association,
        list_pod_identity_associations,
        describe_update,
        update_nodegroup_version,
    )
    # Which operation is meant EKS's own model tells; here it is only that these paths are EKS's.
    add_paths(urls, "{0}/clusters/(?P<name>[^/]+)/(?P<rest>.+)$")
    after(EKSResponse, "create_cluster", keep_what_a_cluster_was_made_with)
    after(EKSResponse, "update_cluster_config", answer_with_an_update)
    after(EKSResponse, "create_nodegroup", make_the_auto_scaling_group)
    after(models.EKSBackend, "delete_cluster", delete_its_security_group)
    after(models.EKSBackend, "delete_nodegroup", delete_its_auto_scaling_group)
    tag_whatever_has_an_arn()
    know_the_policies_of_aws()


def cluster_of(response: Any) -> models.Cluster:
    return response.eks_backend.describe_cluster(name=response.uri_match["name"])


def missing(what: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(
        clusterName=None, nodegroupName=None, fargateProfileName=None, addonName=None, message=f"{what} is not there."
    )


def found(kept: dict[str, Document], name: str) -> Document:
    if name not in kept:
        raise missing(name)
    return kept[name]


def dated(document: Document) -> Document:
    now = datetime.now(UTC)
    return {**document, "createdAt": now, "modifiedAt": now}


def arn(cluster: models.Cluster, kind: str, *rest: str) -> str:
    return "/".join([cluster.arn.replace(":cluster/", f":{kind}/"), *rest])


def update(kind: str) -> Document:
    """Done at once."""
    identity = str(mock_random.uuid4())
    return {"id": identity, "status": "Successful", "type": kind, "createdAt": datetime.now(UTC), "errors": []}


# --- the cluster itself ---


def keep_what_a_cluster_was_made_with(result: ActionResult, response: Any) -> ActionResult:
    """EKS describes a cluster with these, and has made a security group for its network interfaces."""
    asked, cluster = body(response), result.result["cluster"]  # type: ignore[index]
    for setting in SETTINGS:
        if setting in asked:
            setattr(cluster, setting, asked[setting])
    access = {"authenticationMode": "CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": True}
    cluster.accessConfig = {**access, **asked.get("accessConfig", {})}
    cluster.upgradePolicy = {"supportType": "EXTENDED", **asked.get("upgradePolicy", {})}
    # It lists every kind of log, as on or as off.
    switched = {kind: setup["enabled"] for setup in cluster.logging["clusterLogging"] for kind in setup["types"]}
    logged = {on: [kind for kind in LOG_TYPES if switched.get(kind, False) is on] for on in (True, False)}
    cluster.logging = {"clusterLogging": [{"types": of, "enabled": on} for on, of in logged.items() if of]}
    ec2 = ec2_backends[response.current_account][response.region]
    network = cluster.resources_vpc_config
    vpc_id = ec2.get_subnet(network["subnetIds"][0]).vpc_id
    group = ec2.create_security_group(f"eks-cluster-sg-{cluster.name}", "EKS created security group", vpc_id)
    public = network.get("endpointPublicAccess", True)
    cluster.resources_vpc_config = {
        "securityGroupIds": [],
        "endpointPublicAccess": public,
        "endpointPrivateAccess": False,
        "publicAccessCidrs": ["0.0.0.0/0"] if public else [],
        **network,
        "clusterSecurityGroupId": group.id,
        "vpcId": vpc_id,
    }
    return result


def answer_with_an_update(result: ActionResult, response: Any) -> ActionResult:
    """EKS answers with the change under way; moto, with the cluster."""
    asked, cluster = body(response), cluster_of(response)
    for setting in SETTINGS:
        if setting in asked:
            setattr(cluster, setting, asked[setting])
    return ActionResult({"update": update("EndpointAccessUpdate")})


def delete_its_security_group(cluster: models.Cluster, backend: Any, *_: Any, **__: Any) -> models.Cluster:
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    ec2.delete_security_group(group_id=cluster.resources_vpc_config["clusterSecurityGroupId"])
    for kept in (entries, addons, associations):
        kept.pop(cluster.arn, None)
    return cluster


def describe_update(self: Any) -> ActionResult:
    return ActionResult({"update": {**update("ConfigUpdate"), "id": self.uri_match["updateId"]}})


# --- node groups ---


def make_the_auto_scaling_group(result: ActionResult, response: Any) -> ActionResult:
    """EKS starts nodes by a group in the account, from the launch template if one was given."""
    group, asked = result.result["nodegroup"], body(response)  # type: ignore[index]
    group.update_config = asked.get("updateConfig") or {"maxUnavailable": 1}
    group.node_repair_config = asked.get("nodeRepairConfig")
    group.version = asked.get("version") or cluster_of(response).version
    group.release_version = asked.get("releaseVersion") or f"{group.version}.0-20250101"
    if group.launch_template is None:
        return result
    # What the template says of disk and access, the group does not.
    group.disk_size, group.remote_access = asked.get("diskSize"), asked.get("remoteAccess")
    template = {"launch_template_id": group.launch_template["id"], "version": group.launch_template.get("version")}
    sizes = group.scaling_config
    autoscaling_backends[response.current_account][response.region].create_auto_scaling_group(
        name=group.resources["autoScalingGroups"][0]["name"],
        availability_zones=[],
        # No node ever starts here: a local AWS runs nothing.
        desired_capacity=0,
        max_size=sizes["maxSize"],
        min_size=0,
        launch_config_name="",
        launch_template={"LaunchTemplateId": template["launch_template_id"], "Version": template["version"]},
        vpc_zone_identifier=",".join(group.subnets),
        default_cooldown=None,
        health_check_period=None,
        health_check_type="EC2",
        load_balancers=[],
        target_group_arns=[],
        placement_group=None,
        termination_policies=[],
        tags=[],
    )
    return result


def delete_its_auto_scaling_group(group: models.Nodegroup, backend: Any, *_: Any, **__: Any) -> models.Nodegroup:
    autoscaling = autoscaling_backends[backend.account_id][backend.region_name]
    for made in group.resources["autoScalingGroups"]:
        if made["name"] in autoscaling.autoscaling_groups:
            autoscaling.delete_auto_scaling_group(made["name"])
    return group


def update_nodegroup_version(self: Any) -> ActionResult:
    """Nodes of the new version, or of the new launch template, take the place of the old ones."""
    cluster, asked = cluster_of(self), body(self)
    name = self.uri_match["nodegroupName"]
    group = self.eks_backend.describe_nodegroup(cluster_name=cluster.name, nodegroup_name=name)
    group.version = asked.get("version") or group.version
    group.release_version = asked.get("releaseVersion") or group.release_version
    if asked.get("launchTemplate"):
        group.launch_template = {**group.launch_template, **asked["launchTemplate"]}
    return ActionResult({"update": update("VersionUpdate")})


# --- access entries ---


def create_access_entry(self: Any) -> ActionResult:
    cluster, asked = cluster_of(self), body(self)
    principal = asked["principalArn"]
    entry = {
        "type": "STANDARD",
        "kubernetesGroups": [],
        "username": principal,
        **{name: value for name, value in asked.items() if name != "clientRequestToken"},
        "clusterName": cluster.name,
        "accessEntryArn": arn(cluster, "access-entry", principal.split(":", 5)[-1], str(mock_random.uuid4())),
    }
    entries[cluster.arn][principal] = dated(entry)
    return ActionResult({"accessEntry": entries[cluster.arn][principal]})


def entry_of(response: Any) -> Document:
    return found(entries[cluster_of(response).arn], response.uri_match["principalArn"])


def describe_access_entry(self: Any) -> ActionResult:
    return ActionResult({"accessEntry": entry_of(self)})


def update_access_entry(self: Any) -> ActionResult:
    entry_of(self).update(body(self))
    return describe_access_entry(self)


def delete_access_entry(self: Any) -> ActionResult:
    entry = entry_of(self)
    cluster_arn = cluster_of(self).arn
    del entries[cluster_arn][entry["principalArn"]]
    policies.pop((cluster_arn, entry["principalArn"]), None)
    return ActionResult({})


def list_access_entries(self: Any) -> ActionResult:
    return ActionResult({"accessEntries": sorted(entries[cluster_of(self).arn])})


def policies_of(response: Any) -> dict[str, Document]:
    return policies[cluster_of(response).arn, entry_of(response)["principalArn"]]


def associate_access_policy(self: Any) -> ActionResult:
    asked, now = body(self), datetime.now(UTC)
    scope = {"namespaces": [], **asked["accessScope"]}
    policy = {"policyArn": asked["policyArn"], "accessScope": scope, "associatedAt": now, "modifiedAt": now}
    policies_of(self)[asked["policyArn"]] = policy
    return ActionResult({"clusterName": cluster_of(self).name, "associatedAccessPolicy": policy})


def disassociate_access_policy(self: Any) -> ActionResult:
    of, name = policies_of(self), self.uri_match["policyArn"]
    found(of, name)
    del of[name]
    return ActionResult({})


def list_associated_access_policies(self: Any) -> ActionResult:
    return ActionResult({"associatedAccessPolicies": list(policies_of(self).values())})


# --- add-ons ---


def create_addon(self: Any) -> ActionResult:
    cluster, asked = cluster_of(self), body(self)
    name = asked["addonName"]
    addon = {
        # The one that EKS would choose; a stack names its own.
        "addonVersion": "v1.0.0-eksbuild.1",
        **{key: asked[key] for key in ("addonVersion", "serviceAccountRoleArn", "configurationValues", "tags") if key in asked},
        "addonName": name,
        "clusterName": cluster.name,
        "addonArn": arn(cluster, "addon", name, str(mock_random.uuid4())),
        "status": "ACTIVE",
        "health": {"issues": []},
        "podIdentityAssociations": identities_of_an_addon(self, asked),
    }
    addons[cluster.arn][name] = dated(addon)
    return ActionResult({"addon": addons[cluster.arn][name]})


def identities_of_an_addon(response: Any, asked: Document) -> list[str]:
    """EKS makes an association for each, in the add-on's own namespace."""
    place = "amazon-cloudwatch" if "cloudwatch" in asked.get("addonName", "") else "kube-system"
    made = [associate(response, {**one, "namespace": place}) for one in asked.get("podIdentityAssociations", [])]
    return [one["associationArn"] for one in made]


def addon_of(response: Any) -> Document:
    return found(addons[cluster_of(response).arn], response.uri_match["addonName"])


def describe_addon(self: Any) -> ActionResult:
    return ActionResult({"addon": addon_of(self)})


def update_addon(self: Any) -> ActionResult:
    addon, asked = addon_of(self), body(self)
    kept = ("addonVersion", "configurationValues", "serviceAccountRoleArn")
    addon.update({key: asked[key] for key in kept if key in asked})
    if "podIdentityAssociations" in asked:
        drop_identities_of(self, addon)
        asked["addonName"] = addon["addonName"]
        addon["podIdentityAssociations"] = identities_of_an_addon(self, asked)
    return ActionResult({"update": update("AddonUpdate")})


def drop_identities_of(response: Any, addon: Document) -> None:
    of = associations[cluster_of(response).arn]
    for identity in [key for key, one in of.items() if one["associationArn"] in addon["podIdentityAssociations"]]:
        del of[identity]


def delete_addon(self: Any) -> ActionResult:
    addon = addon_of(self)
    drop_identities_of(self, addon)
    return ActionResult({"addon": {**addons[cluster_of(self).arn].pop(addon["addonName"]), "status": "DELETING"}})


def list_addons(self: Any) -> ActionResult:
    return ActionResult({"addons": sorted(addons[cluster_of(self).arn])})


# --- pod identities ---


def associate(response: Any, asked: Document) -> Document:
    cluster = cluster_of(response)
    identity = "a-" + mock_random.get_random_string(17, lower_case=True)
    one = {
        "disableSessionTags": False,
        "tags": {},
        **{name: value for name, value in asked.items() if name != "clientRequestToken"},
        "clusterName": cluster.name,
        "associationId": identity,
        "associationArn": arn(cluster, "podidentityassociation", identity),
    }
    associations[cluster.arn][identity] = dated(one)
    return associations[cluster.arn][identity]


def create_pod_identity_association(self: Any) -> ActionResult:
    return ActionResult({"association": associate(self, body(self))})


def association_of(response: Any) -> Document:
    return found(associations[cluster_of(response).arn], response.uri_match["associationId"])


def describe_pod_identity_association(self: Any) -> ActionResult:
    return ActionResult({"association": association_of(self)})


def update_pod_identity_association(self: Any) -> ActionResult:
    association_of(self).update(body(self))
    return describe_pod_identity_association(self)


def delete_pod_identity_association(self: Any) -> ActionResult:
    one = association_of(self)
    return ActionResult({"association": associations[cluster_of(self).arn].pop(one["associationId"])})


def list_pod_identity_associations(self: Any) -> ActionResult:
    return ActionResult({"associations": list(associations[cluster_of(self).arn].values())})


# --- policies ---

# What EKS keeps for its clusters, nodes and add-ons.
POLICIES = (
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEKSClusterPolicy",
    "AmazonEKSVPCResourceController",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "CloudWatchAgentServerPolicy",
)


def know_the_policies_of_aws() -> None:
    """Every account has AWS's own policies; moto has them at hand and loads none, or a thousand with each account."""
    known = json.loads(aws_managed_policies_data)
    kept = {name: known[name] for name in POLICIES}

    def load(self: Any) -> list[Any]:
        return [
            iam_models.AWSManagedPolicy.from_data(name, self.account_id, self.region_name, policy)
            for name, policy in kept.items()
        ]

    iam_models.IAMBackend._init_aws_policies = load  # type: ignore[method-assign]


# --- tags ---


def tag_whatever_has_an_arn() -> None:
    """EKS tags all of these; moto knows the tags of clusters alone."""

    def tags_of(backend: Any, resource_arn: str) -> dict[str, str]:
        for cluster in backend.clusters.values():
            if cluster.arn == resource_arn:
                return cluster.tags
            for group in cluster.nodegroups.values():
                if group.arn == resource_arn:
                    return group.tags
            for kept, key in ((entries, "accessEntryArn"), (addons, "addonArn"), (associations, "associationArn")):
                for one in kept[cluster.arn].values():
                    if one[key] == resource_arn:
                        return one.setdefault("tags", {})
        raise missing(resource_arn)

    def tag(self: Any, resource_arn: str, tags: dict[str, str]) -> None:
        tags_of(self, resource_arn).update(tags)

    def untag(self: Any, resource_arn: str, tag_keys: list[str] | str) -> None:
        for key in tag_keys if isinstance(tag_keys, list) else [tag_keys]:
            tags_of(self, resource_arn).pop(key, None)

    models.EKSBackend.tag_resource = tag  # type: ignore[method-assign]
    models.EKSBackend.untag_resource = untag  # type: ignore[method-assign]
    models.EKSBackend.list_tags_for_resource = tags_of  # type: ignore[method-assign]
