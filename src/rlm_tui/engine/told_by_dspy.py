"""What dspy hands to its callbacks, read: inputs, answers, usage; and secrets that must not be told on."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import Any

import dspy

from rlm_tui.core.events import Usage
from rlm_tui.engine.calls import NOTHING_SPENT
from rlm_tui.lm.meter import usage_of

HISTORY = 256
"""So many of an LM's last requests are looked through for the one that just ended."""


def taken(unasked: dict[int, str], prompt: str) -> int | None:
    """Which of a batch's prompts it is that is asked: the first that reads so and was not asked yet."""
    at = next((at for at, one in unasked.items() if one == prompt), None)
    if at is not None:
        del unasked[at]
    return at


def given(inputs: dict[str, Any]) -> dict[str, Any]:
    """What a module or a tool was called with, by name."""
    return dict(inputs.get("kwargs", inputs))


def last_output(inputs: dict[str, Any]) -> str:
    """What the cell before showed, from the history that the planner is given."""
    entries = list(inputs.get("repl_history") or ())
    return str(getattr(entries[-1], "output", "")) if entries else ""


def fields_of(outputs: Any) -> Any:
    """What a predictor answered, by field."""
    return dict(outputs.items()) if isinstance(outputs, dspy.Prediction) else outputs


def text_of(outputs: Any) -> str | None:
    """An LM's answer; None where there is none."""
    if outputs is None:
        return None
    if isinstance(outputs, dspy.lm15.Response):
        return str(outputs.text)
    first = outputs[0] if isinstance(outputs, list) and outputs else outputs
    return str(first.get("text", first)) if isinstance(first, dict) else str(first)


def usage_in_history(lm: Any, outputs: Any) -> Usage | None:
    """What a request used, where dspy keeps it: in the LM's history, beside the very outputs."""
    with suppress(RuntimeError):  # the history may change while it is looked through
        for entry in islice(reversed(getattr(lm, "history", ())), HISTORY):
            if entry.get("outputs") is outputs:
                cached = bool(getattr(lm, "cache", False)) and not entry.get("usage")
                return NOTHING_SPENT if cached else usage_of(entry)
    return None


def own_secrets() -> tuple[str, ...]:
    """Those of our settings and of the environment."""
    from rlm_tui.core.settings import SettingsError, load_settings

    try:
        return load_settings().secrets()
    except SettingsError:
        return ()


def keys_of(lm: Any) -> tuple[str, ...]:
    """The keys that an LM was given by the program."""
    options = getattr(lm, "kwargs", None)
    found = [value for name, value in options.items() if "key" in name] if isinstance(options, dict) else []
    return tuple(key for key in found if isinstance(key, str) and key)
