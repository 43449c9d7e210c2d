"""What moto lacks of EFS: changing a file system, its protection and its backup, and taking its policy away."""

from typing import Any

from moto.core.responses import ActionResult
from moto.efs import models, urls
from moto.efs.exceptions import FileSystemNotFound
from moto.efs.responses import EFSResponse

from patching import add_operations, add_paths, after, body


def add_efs_policies() -> None:
    add_operations(
        EFSResponse,
        put_backup_policy,
        delete_file_system_policy,
        update_file_system,
        update_file_system_protection,
    )
    add_paths(urls, "/2015-02-01/file-systems/<file_system_id>/protection")
    after(models.FileSystem, "__init__", protected)
    say_that_backup_is_off()


def found(response: Any) -> models.FileSystem:
    identity = response._get_param("FileSystemId")
    if identity not in response.efs_backend.file_systems_by_id:
        raise FileSystemNotFound(identity)
    return response.efs_backend.file_systems_by_id[identity]


def protected(_: None, system: Any, *__: Any, **___: Any) -> None:
    """Until asked otherwise, replication does not overwrite a file system."""
    system.file_system_protection = {"ReplicationOverwriteProtection": "ENABLED"}


def put_backup_policy(self: Any) -> ActionResult:
    system, asked = found(self), body(self)["BackupPolicy"]
    system._backup = asked["Status"] == "ENABLED"
    return ActionResult({"BackupPolicy": asked})


def delete_file_system_policy(self: Any) -> ActionResult:
    found(self).file_system_policy = None
    return ActionResult({})


def update_file_system(self: Any) -> ActionResult:
    system, asked = found(self), body(self)
    system.throughput_mode = asked.get("ThroughputMode") or system.throughput_mode
    system.provisioned_throughput_in_mibps = asked.get("ProvisionedThroughputInMibps")
    return ActionResult(system.info_json())


def update_file_system_protection(self: Any) -> ActionResult:
    found(self).file_system_protection = body(self)
    return ActionResult(body(self))


def say_that_backup_is_off() -> None:
    """EFS says of a backup that is off that it is; moto, that there is no policy."""

    def backup(self: Any, file_system_id: str) -> dict[str, str]:
        if file_system_id not in self.file_systems_by_id:
            raise FileSystemNotFound(file_system_id)
        return {"Status": "ENABLED" if self.file_systems_by_id[file_system_id]._backup else "DISABLED"}

    models.EFSBackend.describe_backup_policy = backup  # type: ignore[method-assign]
