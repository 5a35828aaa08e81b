"""Looks into the sandbox of a held run, as text. They wait for it, so each has a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from rlm_tui.core.console_code import end_words
from rlm_tui.core.iterations import VariableMark
from rlm_tui.core.text import one_line, visible

if TYPE_CHECKING:
    from rlm_tui.engine.session import Session
    from rlm_tui.sandbox.wire import VariableItem

PAGE_CHARACTERS = 4_000
EVALUATE_SECONDS = 60.0
_PREVIEW = 90
_MARKS: dict[VariableMark | None, str] = {"new": "+", "changed": "~"}


class Look:
    """Runs `look` on a thread. `text` is what it found, or one sentence on what went wrong; None: not yet.

    `stop` lets it end early, where it may take a while.
    """

    def __init__(self, look: Callable[[], str], stop: Callable[[], None] | None = None) -> None:
        self.text: str | None = None
        self.stop = stop
        threading.Thread(target=self._run, args=(look,), name="rlm-look", daemon=True).start()

    def _run(self, look: Callable[[], str]) -> None:
        try:
            text = look()
        except Exception as error:
            hint = str(getattr(error, "hint", "") or "")
            text = visible(f"{error} {hint}".strip() or type(error).__name__)
        self.text = text


def variables(items: Sequence[VariableItem], marks: Mapping[str, VariableMark]) -> str:
    """The namespace, a line for each variable; `+` is new and `~` changed by the last cell or since."""
    if not items:
        return "There are no variables yet."
    names = min(max(len(item.name) for item in items), 30)
    return "\n".join(
        f"{_MARKS.get(marks.get(item.name), ' ')} {visible(item.name):<{names}}  {_kind(item)}  "
        f"{one_line(item.preview, _PREVIEW)}".rstrip()
        for item in items
    )


def _kind(item: VariableItem) -> str:
    kind = one_line(item.type, 30)
    return kind if item.size is None else f"{kind}, {item.size:,}"


def variable(items: Sequence[VariableItem], name: str) -> str:
    """A page of one variable's text."""
    if not items:
        return f"There is no variable {one_line(name, 60)}: vars lists them."
    item = items[0]
    text = item.text or ""
    total = item.total if item.total is not None else item.start + len(text)
    return f"{visible(item.name)}: {_kind(item)}\n" + page(text, item.start, total, f"show {item.name}")


def page(text: str, start: int, total: int, command: str) -> str:
    """At most a page of `text`, which begins at character `start` of `total`, and how to see the next one."""
    shown = text[:PAGE_CHARACTERS]
    end = start + len(shown)
    if not shown and start:
        return f"It has {total:,} characters."
    more = f"\n… {total - end:,} more characters: {command} {end}" if end < total else ""
    return visible(shown).rstrip("\n") + more


def evaluated(session: Session, code: str) -> str:
    """What code of the console printed, gave or raised."""
    result = session.evaluate(code, timeout=EVALUATE_SECONDS)
    parts = [result.text]
    error = result.error
    parts.append(
        end_words(result.status, "" if error is None else f"{error.type}: {error.message}", EVALUATE_SECONDS)
    )
    text = "\n".join(visible(part).rstrip("\n") for part in parts if part)
    more = len(text) - PAGE_CHARACTERS
    cut = (
        f"\n… {more:,} more characters: print less, or keep it in a variable and show that."
        if more > 0
        else ""
    )
    return text[:PAGE_CHARACTERS] + cut if text else "It gave nothing."
