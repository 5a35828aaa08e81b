"""A task's file is shared by copying it: it names models, and holds no key and no address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rlm_tui.core.redaction import Redactor, names_a_secret
from rlm_tui.core.task import TaskError
from rlm_tui.core.text import one_line

_FREE = ("defaults", "descriptions")
"""Tables whose names are inputs and outputs, not settings."""
_ADDRESSES = ("api_base", "base_url")
_shapes = Redactor()


def refuse_keys(written: Mapping[str, Any]) -> None:
    """Refuse a file that holds a key or a provider's address. Raises TaskError."""
    for table, entries in (("", written), *written.items()):
        if table in _FREE or not isinstance(entries, Mapping):
            continue
        for name in map(str, entries):
            if names_a_secret(name):
                raise TaskError(
                    f"{one_line(name, 60)} is a key, and a task's file is shared: take it out, and set the "
                    "key in .env or the environment."
                )
            if name in _ADDRESSES:
                raise TaskError(
                    f"{name} has no place in a task's file, since your key would go there: set "
                    "DSPY_LM_API_BASE in .env or the environment."
                )


def model_name_problem(role: str, model: str) -> str:
    """Why a task can't ask for this model, in one sentence; "" if it can. A key isn't repeated."""
    if _shapes.text(model) != model:
        return (
            f"{role} looks like a key, and a task's file is shared: write the name of a model there, and set "
            "the key in .env or the environment."
        )
    if "://" in model:
        return (
            f"{role} holds an address, where your key and your documents would go: write the name of a model "
            "alone, and set DSPY_LM_API_BASE in .env or the environment."
        )
    if len(model.split()) > 1 or len(model) > 200 or not model.isprintable():
        return (
            f"{role} is {one_line(model, 60)!r}, which is no model's name: write it as in openai/gpt-5-mini."
        )
    return ""
