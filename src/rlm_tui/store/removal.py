"""The end of a saved run: its folder is taken out of sight at once, and then deleted. No link is followed."""

from __future__ import annotations

import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

from rlm_tui.core.text import human_size
from rlm_tui.store.errors import StoreError, cannot
from rlm_tui.store.run_log import is_being_written
from rlm_tui.store.run_reading import folder_size
from rlm_tui.store.runs import EVENTS, is_run_id

REMOVED = ".removed-"


def remove_run(path: Path) -> int:
    """Delete the run in the folder `path`; the bytes that it took. Raises StoreError.

    A run that goes on stays, and so does a folder that is no run's.
    """
    if path.is_symlink() or not path.is_dir() or not is_run_id(path.name) or not (path / EVENTS).is_file():
        raise StoreError(f"{path} is not the folder of a run, so it stays.")
    if is_being_written(path / EVENTS):
        raise StoreError(f"{path.name} goes on: cancel the run first, or wait for its end.")
    size = folder_size(path)
    doomed = path.with_name(f"{REMOVED}{path.name}-{secrets.token_hex(4)}")
    try:
        path.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise cannot(f"deleted ({human_size(size)})", path, error) from error
    return size


def finish_removals(runs: Path, *, after_seconds: float = 3600.0) -> None:
    """Delete what deletions left in the folder of the runs that were interrupted, and not those under way."""
    with suppress(OSError):
        for left in runs.glob(f"{REMOVED}*"):
            if left.lstat().st_ctime <= time.time() - after_seconds:
                shutil.rmtree(left, ignore_errors=True)
