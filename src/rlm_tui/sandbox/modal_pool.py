"""One sandbox started ahead, while the person chooses (`modal.warm`); it is paid for from then on."""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections.abc import Hashable
from typing import Any

from rlm_tui.cloud import modal_client
from rlm_tui.cloud.deadlines import within
from rlm_tui.cloud.errors import CloudError
from rlm_tui.core.settings import ModalSettings
from rlm_tui.sandbox import modal_parts

END_SECONDS = 5.0


def ready_key(settings: ModalSettings, volume: str, client: Any) -> Hashable:
    """Sandboxes of the same key may stand in for each other."""
    return settings, volume, id(client)


class WarmPool:
    """Holds at most one sandbox that nobody uses yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ready: tuple[Hashable, Any] | None = None
        self._starting = False
        self._drained = 0

    def warm(self, settings: ModalSettings, volume: str) -> None:
        """Start a sandbox for the next run, unless one is there. Blocks; raises `CloudError`."""
        with self._lock:
            if self._starting or self._ready is not None:
                return
            self._starting, drained = True, self._drained
        try:
            client = modal_client.connect(settings)
            app = modal_client.app(settings)
            found = modal_client.volume(settings, volume, create=True)
            image = modal_parts.image(settings)
            options = modal_parts.create_options(settings, "")

            def make() -> Any:
                return modal_parts.create(app, {modal_parts.MOUNT: found}, image, options, client)

            made = within(settings.start_seconds, "starting a sandbox ahead", make)
            with self._lock:
                wanted = drained == self._drained
                if wanted:
                    self._ready = (ready_key(settings, volume, client), made)
            if not wanted:
                self._end(made)
        finally:
            with self._lock:
                self._starting = False

    def take(self, key: Hashable) -> Any | None:
        """The sandbox that was started for this key and still lives; None when there is none."""
        with self._lock:
            ready, self._ready = self._ready, None
        if ready is None:
            return None
        known, sandbox = ready
        with contextlib.suppress(CloudError):
            if known == key and within(END_SECONDS, "asking for the sandbox", sandbox.poll) is None:
                return sandbox
        self._end(sandbox)
        return None

    def drain(self) -> None:
        """End what nobody took, and what is just being started."""
        with self._lock:
            ready, self._ready = self._ready, None
            self._drained += 1
        if ready is not None:
            self._end(ready[1])

    def _end(self, sandbox: Any) -> None:
        with contextlib.suppress(Exception):
            within(END_SECONDS, "terminating the sandbox", sandbox.terminate)


POOL = WarmPool()
atexit.register(POOL.drain)
