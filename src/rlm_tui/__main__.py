"""`rlm-tui`, and `python -m rlm_tui`: the screen at once, or the command that was named."""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import NoReturn


def main() -> None:
    """Open the screen when nothing else was asked for; commands and their options need more imports."""
    try:
        if len(sys.argv) == 1 and sys.stdin.isatty() and sys.stdout.isatty():
            from rlm_tui.ui.app import run_app

            _leave(run_app())
        from rlm_tui.cli import main as command_line

        command_line()
    finally:
        _end_sandboxes()


def _leave(code: int) -> NoReturn:
    """Leave the screen. Threads that wait for a network are not waited for, as Python would."""
    _end_sandboxes()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    lingering = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    if any(thread.name.startswith("asyncio_") for thread in lingering):
        os._exit(code)
    sys.exit(code)


def _end_sandboxes() -> None:
    """End what still runs at Modal: here there are threads for that yet, at the interpreter's end none."""
    if pool := sys.modules.get("rlm_tui.sandbox.modal_pool"):
        pool.POOL.drain()
    if living := sys.modules.get("rlm_tui.sandbox.modal_living"):
        living.LIVING.end_all()


if __name__ == "__main__":
    main()
