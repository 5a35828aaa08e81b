"""What can come next in a filter of calls, for whoever types one."""

from __future__ import annotations

from rlm_tui.core.call_facts import KIND_WORDS
from rlm_tui.core.call_filter import FLAGS, NUMBERS, TEXTS

SYNTAX = (
    f"{' '.join(f'{name}:' for name in TEXTS)} │ {' '.join(NUMBERS)} with : < > │ cost:? not told │ "
    f'{" ".join(FLAGS)} │ word "exact" -not'
)


def next_parts(text: str) -> list[str]:
    """What the last term of `text` may be when it is whole; nothing where it may be anything, as a text."""
    term = _last_term(text).removeprefix("-")
    if not term or term.startswith('"'):
        return []
    field, sign, given = term.partition(":")
    if sign and field.lower() == "kind":
        words = [word.lower() for word in KIND_WORDS.values()]
        return [f"{field}:{word}" for word in words if word.startswith(given.lower())]
    if sign or any(mark in term for mark in "<>="):
        return []
    begun = term.lower()
    fields = [f"{name}:" for name in TEXTS] + [f"{name}>" for name in NUMBERS]
    return [word for word in (*fields, *FLAGS) if word.startswith(begun) and word != begun]


def completed(text: str) -> str | None:
    """`text` with its last term made whole; None where nothing is known to come."""
    parts = next_parts(text)
    term = _last_term(text)
    if not parts:
        return None
    whole = ("-" if term.startswith("-") else "") + parts[0]
    return text[: len(text) - len(term)] + whole if whole != term else None


def _last_term(text: str) -> str:
    start, quoted = 0, False
    for at, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character.isspace() and not quoted:
            start = at + 1
    return text[start:]
