"""The way to a volume at Modal: looked up once, asked with deadlines, its errors in this room's words."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from rlm_tui.cloud import modal_client
from rlm_tui.cloud.deadlines import within
from rlm_tui.cloud.errors import CloudError, CloudMissingError
from rlm_tui.cloud.uploads import UploadStoppedError
from rlm_tui.cloud.volume_reads import ReadStoppedError, list_entries
from rlm_tui.core.settings import ModalSettings
from rlm_tui.volumes import paths
from rlm_tui.volumes.paths import PRIVATE, shown
from rlm_tui.volumes.protocol import TransferStoppedError, VolumeEntry, VolumeError

T = TypeVar("T")
MOST_ENTRIES = 200_000
_REFRESH = "Refresh it, or look at what is there."


class ModalWay:
    """The volume `name` of the account that the settings lead to."""

    def __init__(self, settings: ModalSettings, name: str) -> None:
        self.settings = settings
        self.name = name
        self._lock = threading.Lock()
        self._found: Any = None

    def volume(self, *, create: bool = False) -> Any:
        """The volume, looked up once. Raises VolumeError."""
        with self._lock:
            if self._found is None:
                try:
                    self._found = modal_client.volume(self.settings, self.name, create=create)
                except CloudMissingError as error:
                    raise paths.no_volume(self.name, error.hint) from error
                except CloudError as error:
                    raise VolumeError(error.message, error.hint) from error
            return self._found

    def ask(self, what: str, path: str, question: Callable[[], T], seconds: float | None = 0.0) -> T:
        """What Modal answers about `path` within `seconds` (0: the usual deadline; None: the question has one
        of its own). Raises VolumeError.
        """
        try:
            if seconds is None:
                return question()
            return within(seconds or self.settings.call_seconds, what, question)
        except UploadStoppedError as error:
            raise TransferStoppedError(error.message) from error
        except ReadStoppedError:
            raise paths.stopped() from None
        except CloudMissingError as error:
            raise VolumeError(error.message, _REFRESH) from error
        except CloudError as error:
            raise VolumeError(error.message, error.hint) from error
        except FileNotFoundError as error:
            raise paths.not_there(path) from error
        except FileExistsError as error:
            raise paths.occupied(path) from error
        except VolumeError:
            raise
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise VolumeError(f"{what[:1].upper()}{what[1:]} failed: {reason}.") from error

    def entries(
        self, parts: Sequence[str], *, recursive: bool, links: bool = True, asked: str = ""
    ) -> list[VolumeEntry]:
        """What is in the folder, and with `recursive` below it; without what is private to sandboxes."""
        try:
            return self._entries(parts, recursive=recursive, links=links)
        except VolumeError as error:
            if not isinstance(error.__cause__, CloudMissingError):
                raise
            if parts:
                raise paths.not_there(asked or "/".join(parts)) from error
        # The root is missing: the volume was made anew meanwhile, and has another id.
        with self._lock:
            self._found = None
        return self._entries(parts, recursive=recursive, links=links)

    def _entries(self, parts: Sequence[str], *, recursive: bool, links: bool) -> list[VolumeEntry]:
        volume, path = self.volume(), "/".join(parts)

        def listed() -> list[VolumeEntry]:
            found = []
            seconds = self.settings.call_seconds
            for item in list_entries(volume, path, seconds, recursive=recursive):
                if links or item.type.name in ("FILE", "DIRECTORY"):
                    found.append(_entry(item))
                if len(found) > MOST_ENTRIES:
                    raise VolumeError(f"{shown(path)} holds more than {MOST_ENTRIES:,} files.")
            return found

        found = self.ask(f"listing {shown(path)}", path, listed, None)
        return [entry for entry in found if _belongs(entry, parts)]


def _entry(item: Any) -> VolumeEntry:
    path = str(item.path).strip("/")
    is_directory = item.type.name == "DIRECTORY"
    return VolumeEntry(
        path=path,
        name=path.rsplit("/", 1)[-1],
        is_directory=is_directory,
        size=0 if is_directory else int(item.size),
        modified=float(item.mtime),
    )


def _belongs(entry: VolumeEntry, parts: Sequence[str]) -> bool:
    """Whether an entry lies below the folder that was asked for, and is a person's business."""
    own = entry.path.split("/")
    if ".." in own or "" in own or "." in own or own[: len(parts)] != list(parts) or len(own) == len(parts):
        return False
    return own[0] != PRIVATE or parts[:1] == [PRIVATE]
