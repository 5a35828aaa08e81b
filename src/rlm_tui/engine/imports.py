"""What a person names as `module:name`: imported from the project they work in, or from what is installed."""

from __future__ import annotations

import importlib
import sys
import threading
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from rlm_tui.core.task import TaskError

_importing = threading.Lock()  # the redirection is the whole process's


def import_object(name: str, directory: Path) -> Any:
    """What `module:name` names, looked for in `directory` first. Raises TaskError.

    Importing runs the module's code, here and not in the sandbox: it is the person's own. What that prints
    goes to the error stream: standard output may hold nothing but a run's JSON.
    """
    module_name, _, attribute = name.partition(":")
    place = str(directory)
    if place not in sys.path:
        # It stays there: what a tool imports when it is called comes from the project too.
        sys.path.insert(0, place)
    try:
        with _importing, redirect_stdout(sys.stderr):
            module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        words = str(error).strip().partition("\n")[0]
        raise TaskError(f"{name} can't be imported: {type(error).__name__}: {words}") from error
    if not hasattr(module, attribute):
        raise TaskError(f"{name} can't be imported: {module_name} has no {attribute}.")
    return getattr(module, attribute)
