"""Events and texts of a log without secrets, on their way out of the library.

What was recorded here is redacted already, with the secrets that were known then. A log of another machine or
hand may not be, and a key may have become known since.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rlm_tui.core.events import AnyEvent, Note, Value
from rlm_tui.core.redaction import Redactor

LEFT_OUT = "An event held a secret where none can be taken out: it was left out."


def redacted_event(event: AnyEvent, redactor: Redactor) -> AnyEvent:
    """The event without secrets; the same one where there are none."""
    raw = msgspec.to_builtins(event)
    clean = redactor.value(raw)
    if clean == raw:
        return event
    try:
        return msgspec.convert(clean, type(event))
    except msgspec.ValidationError:
        return Note(seq=event.seq, at=event.at, level="warning", text=LEFT_OUT)


def redacted_text(text: Callable[[Value], str], redactor: Redactor) -> Callable[[Value], str]:
    """What `text` gives, without secrets."""
    return lambda value: redactor.text(text(value))
