"""The fixture that hands tests a running loopback provider."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

import pytest

from .scripts import Script
from .server import LoopbackLM

# dspy would otherwise fetch a price map from the web; plugins load before any test imports it.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "true")

StartLM = Callable[..., LoopbackLM]


@pytest.fixture
def loopback_lm() -> Iterator[StartLM]:
    """Start providers with `loopback_lm(script, key=…, models=…)`; the test's end stops them."""
    with contextlib.ExitStack() as stack:

        def start(
            script: Script, *, key: str | None = None, models: tuple[str, ...] = ("test-model",)
        ) -> LoopbackLM:
            return stack.enter_context(LoopbackLM(script, key=key, models=models))

        yield start
