"""Whatever a sandbox or a model hands over, as plain JSON that the log can hold."""

from __future__ import annotations

import math
from datetime import date, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from rlm_tui.core.text import truncate

_DEEPEST = 40


def clean_text(text: str) -> str:
    """`text` without lone surrogates, which no file and no provider takes."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text


def plain(value: Any, depth: int = 0) -> Any:
    """`value` as strings, numbers, booleans, None, lists and dicts; what has no such form becomes its `repr`.

    NaN and the infinities become their names, because JSON has none for them.
    """
    if depth > _DEEPEST:
        return "…"
    match value:
        case Enum():
            return plain(value.value, depth + 1)
        case None | bool() | int():
            return value
        case str():
            return clean_text(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case dict():
            return {clean_text(str(key)): plain(item, depth + 1) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item, depth + 1) for item in value]
        case _ if hasattr(value, "model_dump"):
            return plain(value.model_dump(), depth + 1)
        case date() | time():
            return value.isoformat()
        case Decimal() | UUID() | PurePath():
            return str(value)
        case _:
            return clean_text(repr(value))


def shortened(value: Any, limit: int) -> Any:
    """A plain value whose strings are at most `limit` characters: enough to recognise an argument by."""
    match value:
        case str():
            return truncate(value, limit)
        case dict():
            return {key: shortened(item, limit) for key, item in value.items()}
        case list():
            shown = [shortened(item, limit) for item in value[:50]]
            return shown if len(value) <= 50 else [*shown, f"… ({len(value) - 50:,} more items)"]
        case _:
            return value
