"""A variable of a sandbox as pages: each is asked of the sandbox when it is turned to, never the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlm_tui.core.text import one_line
from rlm_tui.ui.widgets.text_pages import TextPages, text_pages

if TYPE_CHECKING:
    from rlm_tui.core.events import Variable
    from rlm_tui.sandbox.wire import VariableItem
    from rlm_tui.ui.run_control import RunningSession


class VariableGone(OSError):
    """The sandbox has no such variable any more, or is gone itself; the message says which."""


def variable_pages(session: RunningSession, name: str, rlm: str = "") -> TextPages:
    """The text of the variable as the sandbox of its RLM has it now (in a thread: it asks).

    Raises VariableGone.
    """
    first = _piece(session, name, 0, 0, rlm)
    shown = f"{one_line(name, 60)}  {one_line(first.type, 60)}"
    detail = "" if first.whole else "the beginning of a longer text"

    def read(start: int, length: int) -> str:
        return _piece(session, name, start, length, rlm).text or ""

    return TextPages(shown, first.total or 0, read, detail=detail, unit="characters")


def preview_pages(variable: Variable, why: str) -> TextPages:
    """What the run's log has of a variable: its preview, and why there is no more of it."""
    text = f"{why} Of {variable.name} the log has this much:\n\n{variable.preview}"
    return text_pages(f"{one_line(variable.name, 60)}  {one_line(variable.type, 60)}", text, "a preview")


def _piece(session: RunningSession, name: str, start: int, length: int, rlm: str) -> VariableItem:
    from rlm_tui.engine.verbs import SessionError
    from rlm_tui.sandbox.errors import SandboxError

    try:
        found: list[VariableItem] = session.inspect(name, start, length, rlm=rlm)
    except (SessionError, SandboxError) as error:
        raise VariableGone(str(error)) from error
    if not found:
        raise VariableGone(f"There is no variable {name} in the sandbox any more.")
    return found[0]
