"""Files of this machine on their way into a volume of Modal."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from rlm_tui.cloud.errors import CloudError, CloudTimeoutError, explained

ATTEMPTS = 3
HASHED_BYTES_A_SECOND = 20e6
"""Before anything is sent Modal's client reads and hashes the files, and tells nothing of it."""
Files = Iterable[tuple[Path, PurePosixPath]]


class UploadStoppedError(CloudError):
    """The upload was stopped on request. The message says whether nothing of it is in the volume."""


def upload(
    volume: Any,
    files: Files,
    *,
    overwrite: bool,
    stall_seconds: float,
    on_progress: Callable[[int], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Put `files` into `volume` (looked up before): all of them appear, or none.

    `on_progress` is told the bytes that were sent so far, from another thread. An upload that does not move
    for `stall_seconds` is tried again, at most three times in all; what has arrived is not sent again.
    Raises `CloudError`, `UploadStoppedError` soon after `stop` gives True, FileExistsError.
    """
    wanted = list(files)
    attempts: list[_Attempt] = []
    while True:
        attempts.append(_Attempt(volume, wanted, overwrite, on_progress, stop))
        try:
            attempts[-1].run(stall_seconds)
            break
        except CloudTimeoutError:
            if len(attempts) == ATTEMPTS:
                raise
        except FileExistsError:
            # An attempt that was given up may have been whole after all, a moment later.
            if not any(attempt.succeeded for attempt in attempts):
                raise
            break


class _Attempt:
    def __init__(
        self,
        volume: Any,
        files: list[tuple[Path, PurePosixPath]],
        overwrite: bool,
        on_progress: Callable[[int], None],
        stop: Callable[[], bool],
    ) -> None:
        self._volume = volume
        self._files = files
        self._overwrite = overwrite
        self._on_progress = on_progress
        self._stop = stop
        self._given_up = threading.Event()
        self._finished = threading.Event()
        self._failure: BaseException | None = None
        self._sent = 0
        hashing = sum(path.stat().st_size for path, _ in files) / HASHED_BYTES_A_SECOND
        self._moved = time.monotonic() + hashing

    @property
    def succeeded(self) -> bool:
        """Whether all files are in the volume."""
        return self._finished.is_set() and self._failure is None

    def run(self, stall_seconds: float) -> None:
        threading.Thread(target=self._work, name="modal: uploading", daemon=True).start()
        while not self._finished.wait(0.1):
            if self._stop():
                self._stopped(stall_seconds)
                return
            if time.monotonic() - self._moved > stall_seconds:
                self._given_up.set()
                raise CloudTimeoutError(
                    f"The upload to Modal has not moved for {stall_seconds:g} s.",
                    "Look whether the network is well, then try again: what has arrived is not sent again.",
                )
        if self._failure is not None:
            raise explained(self._failure, "uploading") from self._failure

    def _stopped(self, seconds: float) -> None:
        """What is in flight ends at its next piece. Where nothing is sent any more it may be whole."""
        self._given_up.set()
        if not self._finished.wait(seconds):
            raise UploadStoppedError("The upload was stopped late: look whether it appears in the volume.")
        if self._failure is not None:
            raise UploadStoppedError("The upload was stopped; nothing of it is in the volume.")

    def _work(self) -> None:
        from modal.volume import AbstractVolumeUploadContextManager

        volume = self._volume
        try:
            # As Modal's own command line does it: `batch_upload` tells no progress.
            manager = AbstractVolumeUploadContextManager.resolve(
                volume._get_metadata().version,
                volume.object_id,
                volume.client,
                progress_cb=self._progress,
                force=self._overwrite,
            )
            with manager as batch:
                for source, target in self._files:
                    batch.put_file(source, f"/{target}")
        except BaseException as error:
            self._failure = error
        finally:
            self._finished.set()

    def _progress(self, task_id: Any = None, advance: float | None = None, **_: Any) -> Any:
        if self._given_up.is_set():
            # An error would be tried again by Modal's client; this one ends the upload's task.
            raise asyncio.CancelledError
        self._moved = time.monotonic()
        if advance:
            self._sent += int(advance)
            try:
                self._on_progress(max(0, self._sent))
            except Exception as error:
                # Nobody listens any more. Modal's client would try the block again for an error.
                self._given_up.set()
                raise asyncio.CancelledError from error
        return task_id if task_id is not None else "upload"
