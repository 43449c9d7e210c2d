"""CloudFront distributions as they were asked for: moto has a model of a few fields, and answers without the rest."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from moto.cloudfront import models
from moto.cloudfront.models import random_id

from patching import Document, Refusal, after

NONE = {"Quantity": 0}


def keep_distributions_as_asked_for() -> None:
    DistributionConfig = models.DistributionConfig
    original = DistributionConfig.__init__

    def init(self: Any, config: Document) -> None:
        asked = deepcopy(config)
        original(self, config)
        self.__dict__.update(completed(asked))

    DistributionConfig.__init__ = init  # type: ignore[method-assign]
    after(models.CloudFrontBackend, "update_distribution", new_version)
    disabled_before_deleted()
    controls_have_versions()


def completed(asked: Document) -> Document:
    """With what AWS answers where it was asked for nothing."""
    config = {
        "Aliases": NONE,
        "OriginGroups": NONE,
        "CacheBehaviors": NONE,
        "CustomErrorResponses": NONE,
        "DefaultRootObject": "",
        "HttpVersion": "http2",
        "IsIPV6Enabled": True,
        "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
        "PriceClass": "PriceClass_All",
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
        "Staging": False,
        "WebACLId": "",
        **{name: value for name, value in asked.items() if value is not None},
    }
    certificate = config.get("ViewerCertificate") or {"CloudFrontDefaultCertificate": True}
    source = "acm" if certificate.get("ACMCertificateArn") else "cloudfront"
    default_version = {"MinimumProtocolVersion": "TLSv1"} if source == "cloudfront" else {}
    config["ViewerCertificate"] = {"CertificateSource": source, **default_version, **certificate}
    for origin in config["Origins"]["Items"]:
        origin.setdefault("CustomHeaders", dict(NONE))
        origin.setdefault("OriginPath", "")
        origin.setdefault("OriginAccessControlId", "")
        origin.setdefault("ConnectionAttempts", 3)
        origin.setdefault("ConnectionTimeout", 10)
        origin.setdefault("OriginShield", {"Enabled": False})
    return config


def new_version(result: tuple[Any, str, str], *_: Any, **__: Any) -> tuple[Any, str, str]:
    """Each update is a new version, with an entity tag of its own."""
    distribution, location, _etag = result
    distribution.etag = random_id()
    distribution.last_modified_time = datetime.now(UTC)
    return distribution, location, distribution.etag


def disabled_before_deleted() -> None:
    """CloudFront deletes what is disabled alone."""
    original = models.CloudFrontBackend.delete_distribution

    def delete(self: Any, distribution_id: str, if_match: Any) -> None:
        distribution = self.distributions.get(distribution_id)
        if distribution and distribution.distribution_config.Enabled in (True, "true"):
            raise Refusal("DistributionNotDisabled", f"{distribution_id} is not disabled")
        original(self, distribution_id, if_match)

    models.CloudFrontBackend.delete_distribution = delete  # type: ignore[method-assign]


def controls_have_versions() -> None:
    """An origin access control that a distribution uses stays; one that was changed has a new entity tag."""
    original = models.CloudFrontBackend.delete_origin_access_control

    def delete(self: Any, control_id: str) -> None:
        self.get_origin_access_control(control_id)
        for distribution in self.distributions.values():
            origins = distribution.distribution_config.Origins["Items"]
            if any(origin.get("OriginAccessControlId") == control_id for origin in origins):
                raise Refusal("OriginAccessControlInUse", f"{control_id} is used by {distribution.id}")
        original(self, control_id)

    def changed(result: Any, *_: Any, **__: Any) -> Any:
        result.etag = random_id()
        return result

    models.CloudFrontBackend.delete_origin_access_control = delete  # type: ignore[method-assign]
    after(models.CloudFrontBackend, "update_origin_access_control", changed)
