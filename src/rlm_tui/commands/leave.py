"""How the program leaves: nothing of it runs on at Modal, and no network is waited for."""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import NoReturn


def leave_screen(code: int) -> NoReturn:
    """Leave after the screen. Threads that wait for a network are not waited for, as Python would."""
    end_sandboxes()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    if any(thread.name.startswith("asyncio_") for thread in threading.enumerate()):
        os._exit(code)
    sys.exit(code)


def end_sandboxes() -> None:
    """End what still runs at Modal: here there are threads for that yet, at the interpreter's end none."""
    if pool := sys.modules.get("rlm_tui.sandbox.modal_pool"):
        pool.POOL.drain()
    if living := sys.modules.get("rlm_tui.sandbox.modal_living"):
        living.LIVING.end_all()
