"""One sandbox started ahead, while the person chooses (`modal.warm`); it is paid for from then on."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Hashable
from typing import Any, NamedTuple

from rlm_tui.cloud import modal_client
from rlm_tui.cloud.deadlines import within
from rlm_tui.cloud.errors import CloudError
from rlm_tui.core.settings import ModalSettings
from rlm_tui.sandbox import modal_parts
from rlm_tui.sandbox.modal_living import LIVING

ASK_SECONDS = 5.0
USABLE_PART = 0.5
"""Of a sandbox's time limit: an older one might reach it in the midst of a run."""


class _Ready(NamedTuple):
    key: Hashable
    sandbox: Any
    until: float


def ready_key(settings: ModalSettings, volume: str, client: Any) -> Hashable:
    """Sandboxes of the same key may stand in for each other."""
    return settings, volume, id(client)


class WarmPool:
    """Holds at most one sandbox that nobody uses yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ready: _Ready | None = None
        self._wanted: object | None = None

    def warm(self, settings: ModalSettings, volume: str) -> None:
        """Start a sandbox for the next run, unless one is there. Blocks; raises `CloudError`."""
        wish = object()
        with self._lock:
            if self._wanted is not None or self._ready is not None:
                return
            self._wanted = wish
        try:
            self._start(settings, volume, wish)
        finally:
            with self._lock:
                if self._wanted is wish:
                    self._wanted = None

    def _start(self, settings: ModalSettings, volume: str, wish: object) -> None:
        client = modal_client.connect(settings)
        app = modal_client.app(settings)
        found = modal_client.volume(settings, volume, create=True)
        image = modal_parts.image(settings)
        within(settings.start_seconds, "building the image", lambda: image.build(app))
        options = modal_parts.create_options(settings, "")
        until = time.monotonic() + USABLE_PART * settings.timeout_seconds

        def make() -> None:
            # Also when nobody waits for it any more: then it is ended here.
            made = modal_parts.create(app, {modal_parts.MOUNT: found}, image, options, client)
            LIVING.add(made)
            with self._lock:
                kept = self._wanted is wish
                if kept:
                    self._ready = _Ready(ready_key(settings, volume, client), made, until)
            if not kept:
                LIVING.end(made)

        within(settings.start_seconds, "starting a sandbox ahead", make)

    def take(self, key: Hashable) -> Any | None:
        """The sandbox that was started for this key and still lives; None when there is none."""
        with self._lock:
            ready, self._ready = self._ready, None
        if ready is None:
            return None
        if ready.key == key and time.monotonic() < ready.until:
            with contextlib.suppress(CloudError):
                if within(ASK_SECONDS, "asking for the sandbox", ready.sandbox.poll) is None:
                    return ready.sandbox
        LIVING.end(ready.sandbox)
        return None

    def drain(self) -> None:
        """End what nobody took, and what is just being started."""
        with self._lock:
            ready, self._ready = self._ready, None
            self._wanted = None
        if ready is not None:
            LIVING.end(ready.sandbox)


POOL = WarmPool()
