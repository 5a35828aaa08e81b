"""Values of a foreign log, taken for what they are: each may be absent, or of any type."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from rlm_tui.core.events import ErrorDetail, Usage
from rlm_tui.core.text import number_of

LARGEST_COUNT = 10**15
_TRACEBACK = "Traceback (most recent call last)"
_EMPTY: tuple[Any, ...] = (None, "", [], {})
# A line of standard error that tells an exception: its class, which is no shouted word, and what it says.
_EXCEPTION = re.compile(
    r"^(?!\w*Warning\b)[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Iteration|Group)(?::|$)"
    r"|^(?!\w*Warning\b)[A-Z]\w*[a-z]\w*: ",
    re.MULTILINE,
)


def text(value: Any) -> str:
    """A value that should be a text; anything else as JSON, nothing for None."""
    if value is None:
        return ""
    return value if isinstance(value, str) else as_json(value)


def as_json(value: Any) -> str:
    """A value as JSON that a person reads."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return str(value)


def count(value: Any) -> int | None:
    """A count of something, where it can be one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if 0 <= value <= LARGEST_COUNT else None


def amount(value: Any, scale: float = 1.0) -> float | None:
    """Seconds or dollars, where it can be that; `scale` makes seconds of milliseconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) * scale if 0 <= value <= LARGEST_COUNT else None


def usage(prompt: Any, completion: Any, cost: Any = None, requests: Any = None) -> Usage | None:
    """Tokens and dollars as a log tells them; None where it tells nothing."""
    found = count(prompt), count(completion), amount(cost)
    if found == (None, None, None):
        return None
    asked = count(requests)
    return Usage(*found, requests=1 if asked is None else asked)


def mapping(value: Any) -> dict[str, Any]:
    """A JSON object, or an empty one where something else stands."""
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    """A JSON list, or an empty one where something else stands."""
    return value if isinstance(value, list) else []


def rest(value: dict[str, Any], *known: str) -> dict[str, Any]:
    """What else an object of the log says than what is `known`: it is kept, too."""
    return {key: one for key, one in value.items() if key not in known and one not in _EMPTY}


def seconds_of(value: Any) -> float | None:
    """A time, as ISO 8601 or as milliseconds since 1970, in seconds."""
    if isinstance(value, str):
        try:
            read = datetime.fromisoformat(value)
            # Without a zone it is the writer's own: good for differences, which is what it is asked for.
            return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    return amount(value, 0.001)


def moment(value: Any) -> str:
    """A time as ISO 8601; milliseconds since 1970 are one, too."""
    if isinstance(value, str):
        try:
            read = datetime.fromisoformat(value)
            # Without a zone it is the writer's own, which is taken to be that of this machine.
            return value if read.tzinfo is not None else read.astimezone(UTC).isoformat()
        except (ValueError, OverflowError, OSError):
            return value
    seconds = seconds_of(value)
    try:
        return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def conversation(value: Any) -> str:
    """What an LM was asked, as one text: a prompt or one message as it is, several each under its role."""
    messages = listing(value)
    if not messages or not all(isinstance(message, dict) and "content" in message for message in messages):
        return text(value)
    if len(messages) == 1:
        return _content(messages[0])
    return "\n\n".join(f"[{text(message.get('role'))}]\n{_content(message)}" for message in messages)


def _content(message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "\n".join(
            text(part.get("text", part)) if isinstance(part, dict) else text(part) for part in content
        )
    return text(content)


def failure(message: Any, kind: str = "Error") -> ErrorDetail:
    """An error as the log words it: `ValueError: no` has its kind in front."""
    words = text(message).strip()
    head, colon, said = words.partition(": ")
    if colon and head.replace(".", "_").isidentifier() and len(head) < 60:
        return ErrorDetail(kind=head, message=said)
    return ErrorDetail(kind=kind, message=words)


def raised(stderr: str) -> ErrorDetail | None:
    """The exception that ended a cell, if its standard error tells one; a warning there is none."""
    if found := list(_EXCEPTION.finditer(stderr)):
        return failure(stderr[found[-1].start() :])
    return failure(stderr.strip().splitlines()[-1]) if _TRACEBACK in stderr else None


def damaged_lines(numbers: Iterable[int]) -> list[str]:
    """A sentence on lines that could not be read."""
    return _lines_left_out(list(numbers), "that could not be read")


def strange_lines(numbers: Iterable[int]) -> list[str]:
    """A sentence on lines that are of no kind that the format has."""
    return _lines_left_out(list(numbers), "of no kind that is known")


def _lines_left_out(found: list[int], why: str) -> list[str]:
    if not found:
        return []
    first = ", ".join(str(number) for number in found[:5])
    more = " and others" if len(found) > 5 else ""
    were = "was" if len(found) == 1 else "were"
    return [f"{number_of(len(found), 'line')} {why} {were} left out ({first}{more})."]
