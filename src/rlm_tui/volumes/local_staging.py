"""A place inside a local volume where what is under way is built up, unseen until it is whole."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator

from rlm_tui.volumes import local_folders
from rlm_tui.volumes.paths import PRIVATE

_PREFIX = "under-way-"
_FORGOTTEN_SECONDS = 86_400.0


@contextlib.contextmanager
def staging(root: int) -> Iterator[int]:
    """A descriptor of a new folder in the volume's private one; it is removed with what is left in it.

    What a process that was killed left there is removed a day later, by the next that comes.
    """
    name = _PREFIX + secrets.token_hex(8)
    with local_folders.folder_below(root, [PRIVATE], make=True) as private:
        _sweep(private)
        os.mkdir(name, 0o700, dir_fd=private)
        try:
            with local_folders.folder_below(private, [name]) as stage:
                yield stage
        finally:
            shutil.rmtree(name, ignore_errors=True, dir_fd=private)


def _sweep(private: int) -> None:
    for name in os.listdir(private):
        if name.startswith(_PREFIX):
            found = local_folders.look(private, name)
            if found is not None and time.time() - found.st_mtime > _FORGOTTEN_SECONDS:
                shutil.rmtree(name, ignore_errors=True, dir_fd=private)
