"""Which volumes there are, and how one is opened."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from rlm_tui.core.paths import volumes_directory
from rlm_tui.core.settings import ModalSettings, Settings
from rlm_tui.volumes.local import LocalVolume
from rlm_tui.volumes.protocol import Volume, VolumeError, VolumeKind


class VolumeSummary(Struct, frozen=True):
    """A volume that is there. `created` is in seconds since the epoch; `version` 1 or 2 for Modal's."""

    name: str
    kind: VolumeKind
    created: float | None = None
    version: int | None = None


def open_volume(settings: Settings, kind: VolumeKind | None = None, name: str | None = None) -> Volume:
    """The volume of this kind and name; by default that of the next run. Asks nobody yet."""
    name = settings.sandbox.volume if name is None else name
    match settings.sandbox.kind if kind is None else kind:
        case "local":
            return LocalVolume(local_directory(name), name)
        case "modal":
            from rlm_tui.volumes.modal import ModalVolume

            return ModalVolume(settings.modal, name)


def local_directory(name: str) -> Path:
    """Where the local volume of this name lies."""
    return volumes_directory() / name


def list_volumes(settings: Settings, kind: VolumeKind) -> list[VolumeSummary]:
    """The volumes of this kind, by name. Blocks; raises VolumeError."""
    match kind:
        case "local":
            return _local_volumes()
        case "modal":
            return _modal_volumes(settings.modal)


def _local_volumes() -> list[VolumeSummary]:
    try:
        found = [path for path in volumes_directory().iterdir() if path.is_dir() and not path.is_symlink()]
        return sorted(
            (VolumeSummary(path.name, "local", path.stat().st_mtime) for path in found),
            key=lambda one: one.name,
        )
    except FileNotFoundError:
        return []
    except OSError as error:
        raise VolumeError(f"The local volumes can't be listed: {error.strerror or error}.") from error


def _modal_volumes(settings: ModalSettings) -> list[VolumeSummary]:
    from rlm_tui.cloud import modal_client
    from rlm_tui.cloud.errors import CloudError

    try:
        found = modal_client.volumes(settings)
    except CloudError as error:
        raise VolumeError(error.message, error.hint) from error
    return [VolumeSummary(name, "modal", created, version) for name, created, version in found]
