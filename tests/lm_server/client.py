"""A real `dspy.LM` that talks to the loopback provider. Kept out of the package's front: it imports dspy."""

from __future__ import annotations

import threading
from typing import Any

import dspy

from .server import LoopbackLM

TEST_KEY = "sk-test-loopback"


class RecordingLM(dspy.LM):  # type: ignore[misc]
    """Keeps what `update_history` is given, which is where usage and cost are told."""

    def __init__(self, model: str, **options: Any) -> None:
        self.entries: list[dict[str, Any]] = []
        self._entries_lock = threading.Lock()
        super().__init__(model, **options)

    def update_history(self, entry: dict[str, Any]) -> None:
        with self._entries_lock:
            self.entries.append(entry)
        super().update_history(entry)


def connect(server: LoopbackLM, model: str = "openai/test-model", **options: Any) -> RecordingLM:
    """A client of this server: no cache and no retries unless `options` say so, or failures take seconds."""
    defaults: dict[str, Any] = {
        "api_base": server.api_base,
        "api_key": TEST_KEY,
        "cache": False,
        "num_retries": 0,
    }
    return RecordingLM(model, **{**defaults, **options})
