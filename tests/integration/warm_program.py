"""`rlm-tui` in a process that has imported dspy already: a command without the seconds of its imports.

Each command is a process of its own, forked from one that has run nothing; its arguments, environment, folder
and streams are those that it was given.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from unittest.mock import patch

PRELOADED = (
    "rlm_tui.lm.models", "dspy", "litellm", "modal", "rlm_tui.cli", "rlm_tui.engine.session",
    "rlm_tui.commands.run", "rlm_tui.engine.program", "tests.integration.sandbox_holder",
)  # fmt: skip

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(list(PRELOADED))


def run_warm(
    arguments: Sequence[str], *, cwd: Path, environment: Mapping[str, str], stdin: str, timeout: float
) -> tuple[int, str, str]:
    """Run `rlm-tui` with these arguments to its end: its exit code, standard output and standard error.

    Raises subprocess.TimeoutExpired, and ends it, when it takes longer than `timeout` seconds.
    """
    with tempfile.TemporaryDirectory(prefix="rlm-tui-warm-") as directory:
        folder = Path(directory)
        os.mkfifo(folder / "stdin")
        threading.Thread(target=(folder / "stdin").write_text, args=(stdin, "utf-8"), daemon=True).start()
        process = _CONTEXT.Process(
            target=_become, args=(tuple(arguments), str(cwd), dict(environment), directory)
        )
        # Modal's client is imported without a person's file, which may be damaged.
        with patch.dict(os.environ, MODAL_CONFIG_PATH="/nonexistent/modal.toml"):
            process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(["rlm-tui", *arguments], timeout)
        said = [(folder / name).read_bytes().decode("utf-8") for name in ("stdout", "stderr")]
        return process.exitcode, said[0], said[1]


def start_warm(
    target: Callable[[str, Connection], None], argument: str, environment: Mapping[str, str]
) -> tuple[ForkServerProcess, Connection]:
    """Call `target` in a process of its own with this environment; the process, and our end of its pipe."""
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_call, args=(target, argument, theirs, dict(environment)))
    with patch.dict(os.environ, MODAL_CONFIG_PATH="/nonexistent/modal.toml"):
        process.start()
    theirs.close()
    return process, ours


def _call(
    target: Callable[[str, Connection], None], argument: str, told: Connection, environment: dict[str, str]
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    _read_modal_settings()
    target(argument, told)


def _become(arguments: tuple[str, ...], cwd: str, environment: dict[str, str], directory: str) -> None:
    """In the forked process: be the program."""
    flags = (os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT)
    for number, (name, flag) in enumerate(zip(("stdin", "stdout", "stderr"), flags, strict=True)):
        opened = os.open(os.path.join(directory, name), flag, 0o600)  # noqa: PTH118
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    _read_modal_settings()
    sys.argv = ["rlm-tui", *arguments]
    try:
        runpy.run_module("rlm_tui", run_name="__main__", alter_sys=True)
    finally:
        # multiprocessing leaves by os._exit.
        atexit._run_exitfuncs()


def _read_modal_settings() -> None:
    """What Modal's client takes from the environment and from a person's file at its import."""
    from modal import config

    config.user_config_path = os.environ.get("MODAL_CONFIG_PATH") or str(Path("~/.modal.toml").expanduser())
    config._user_config = config._read_user_config()
    config._profile = os.environ.get("MODAL_PROFILE") or config._config_active_profile()
