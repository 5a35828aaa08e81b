"""What a person names as `module:name`: imported from the project they work in, or from what is installed."""

from __future__ import annotations

import importlib
import sys
import threading
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

from rlm_tui.core.task import TaskError

PATIENCE_SECONDS = 10.0
"""How long an import waits for one that is under way."""

_importing = threading.Lock()  # the redirection is the whole process's
_under_way = [""]
_read: dict[str, int] = {}
"""When the file of each module that was imported here had last changed."""


def import_object(name: str, directory: Path) -> Any:
    """What `module:name` names, looked for in `directory` first. Raises TaskError.

    Importing runs the module's code, here and not in the sandbox: it is the person's own. What that prints
    goes to the error stream: standard output may hold nothing but a run's JSON. A module of `directory` whose
    file has changed is read again.
    """
    module_name, _, attribute = name.partition(":")
    place = str(directory)
    if place not in sys.path:
        # It stays there: what a tool imports when it is called comes from the project too.
        sys.path.insert(0, place)
    if not _importing.acquire(timeout=PATIENCE_SECONDS):
        raise TaskError(f"{name} can't be imported: still importing {_under_way[0]}.")
    try:
        _under_way[0] = module_name
        with redirect_stdout(sys.stderr):
            module = _current(module_name, directory)
    except BaseException as error:
        # A module may raise anything, as pytest's skip; but Ctrl-C is the person's.
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise
        words = str(error).strip().partition("\n")[0]
        raise TaskError(f"{name} can't be imported: {type(error).__name__}: {words}") from error
    finally:
        _importing.release()
    if not hasattr(module, attribute):
        raise TaskError(f"{name} can't be imported: {module_name} has no {attribute}.")
    return getattr(module, attribute)


def _current(name: str, directory: Path) -> ModuleType:
    """The module as its file is now."""
    importlib.invalidate_caches()
    known = sys.modules.get(name)
    if known is not None and name in _read and _changed(known, directory) not in (0, _read[name]):
        del sys.modules[name]
    module = importlib.import_module(name)
    _read[name] = _changed(module, directory)
    return module


def _changed(module: ModuleType, directory: Path) -> int:
    """When the module's file last changed; 0 for one that doesn't lie in `directory`."""
    file = Path(getattr(module, "__file__", None) or "/")
    if not file.is_relative_to(directory.absolute()):
        return 0
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0
