"""Files of this machine on their way into a volume of Modal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from threading import Event
from typing import Any

from rlm_tui.cloud.deadlines import within
from rlm_tui.cloud.errors import CloudError

NO_PROGRESS_SECONDS = 24 * 3600.0
"""An upload takes as long as it takes; Modal's client gives up by itself when nothing moves."""


class UploadStoppedError(CloudError):
    """The upload was stopped on request; nothing of it is in the volume."""


def upload(
    volume: Any,
    files: Iterable[tuple[Path, PurePosixPath]],
    *,
    overwrite: bool,
    on_progress: Callable[[int], None] = lambda _: None,
    stop: Event | None = None,
) -> None:
    """Put `files` into `volume` (looked up before): all of them appear, or none.

    `on_progress` is told the bytes that were sent so far, from another thread. Raises `CloudError`,
    `UploadStoppedError` after `stop` was set, FileExistsError.
    """
    from modal.volume import AbstractVolumeUploadContextManager

    files = list(files)
    sent = 0

    def progress(task_id: Any = None, advance: float | None = None, **_: Any) -> Any:
        nonlocal sent
        if stop is not None and stop.is_set():
            # An error would be tried again; this one ends the upload's task.
            raise asyncio.CancelledError
        if advance:
            sent += int(advance)
            on_progress(sent)
        return task_id if task_id is not None else "upload"

    def put() -> None:
        # As Modal's own command line does it: `batch_upload` tells no progress.
        manager = AbstractVolumeUploadContextManager.resolve(
            volume._get_metadata().version,
            volume.object_id,
            volume.client,
            progress_cb=progress,
            force=overwrite,
        )
        with manager as batch:
            for source, target in files:
                batch.put_file(source, f"/{target}")

    try:
        within(NO_PROGRESS_SECONDS, "uploading", put)
    except BaseException as error:
        if stop is not None and stop.is_set():
            raise UploadStoppedError("The upload was stopped; nothing of it is in the volume.") from error
        raise
