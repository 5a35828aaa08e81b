"""The sandboxes that this process started at Modal, until each is known to have ended: they cost money."""

from __future__ import annotations

import atexit
import contextlib
import logging
import threading
import time
from typing import Any

from rlm_tui.cloud.deadlines import within
from rlm_tui.cloud.errors import CloudError, CloudMissingError

END_SECONDS = 10.0
PAUSES = (1.0, 3.0, 10.0, 30.0)
"""Between the tries to end a sandbox that could not be ended at once."""
_log = logging.getLogger(__name__)


class LivingSandboxes:
    """Whoever starts a sandbox adds it, and ends it here. What is left is ended when the program leaves."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: dict[str, Any] = {}

    def add(self, sandbox: Any) -> None:
        """From now on this one is to be ended."""
        with self._lock:
            self._all[str(sandbox.object_id)] = sandbox
        # What is registered last is called first: Modal's client, open by now, must close after us.
        atexit.unregister(self.end_all)
        atexit.register(self.end_all)

    def end(self, sandbox: Any, seconds: float = END_SECONDS) -> bool:
        """Terminate it. False: that failed, and is tried again in the background and at the end."""
        if self._ended(sandbox, seconds):
            return True
        with contextlib.suppress(RuntimeError):  # at the interpreter's end there are no more threads
            threading.Thread(
                target=self._try_again, args=(sandbox,), name="modal: ending", daemon=True
            ).start()
        return False

    def end_all(self) -> None:
        """End what is left. Called when the program leaves."""
        with self._lock:
            left = list(self._all.values())
        for sandbox in left:
            self._ended(sandbox, END_SECONDS)

    def _try_again(self, sandbox: Any) -> None:
        for pause in PAUSES:
            time.sleep(pause)
            if self._ended(sandbox, END_SECONDS):
                return

    def _ended(self, sandbox: Any, seconds: float) -> bool:
        sandbox_id = str(sandbox.object_id)
        with self._lock:
            if sandbox_id not in self._all:
                return True
        try:
            within(seconds, "terminating the sandbox", sandbox.terminate)
        except CloudMissingError:
            pass  # it has ended already
        except CloudError as error:
            _log.debug("sandbox %s could not be ended: %s", sandbox_id, error)
            return False
        except Exception as error:  # the client is closed, or the loop that it runs in
            _log.debug("sandbox %s could not be ended: %s", sandbox_id, error)
            return False
        with self._lock:
            self._all.pop(sandbox_id, None)
        return True


LIVING = LivingSandboxes()
