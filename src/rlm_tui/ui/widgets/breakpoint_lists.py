"""The breakpoints that are set, and the forms in which one can be written, as lists to choose from."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from rlm_tui.core.breakpoints import FORMS, SetBreakpoint, breakpoint_text
from rlm_tui.core.text import one_line, width_of

_LINE_WIDTH = 26
_LONGEST = 68
_WORDS = {form.kind: form.words for form in FORMS}


class BreakpointList(OptionList):
    """The breakpoints with a sign for those that are on. Choosing one is for whoever shows it to handle."""

    DEFAULT_CSS = """
    BreakpointList { height: auto; background: transparent; border: none; padding: 0; text-wrap: nowrap;
        text-overflow: ellipsis; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, compact=True, markup=False)

    def show(self, breakpoints: Sequence[SetBreakpoint]) -> None:
        """List these; the place that is highlighted stays."""
        at = self.highlighted or 0
        self.clear_options()
        for item in breakpoints:
            line = one_line(breakpoint_text(item.breakpoint), _LONGEST)
            words = _WORDS[breakpoint_text(item.breakpoint).partition("=")[0]]
            sign = "[x] " if item.on else "[ ] "
            row = _row(sign + line, words, _LINE_WIDTH + len(sign))
            self.add_option(Option(row if item.on else row.stylize("$text-muted")))
        self.highlighted = min(at, len(breakpoints) - 1) if breakpoints else None


class BreakpointForms(OptionList):
    """Every form with an example, to be taken as a beginning."""

    DEFAULT_CSS = """
    BreakpointForms { height: auto; background: transparent; border: none; padding: 0; text-wrap: nowrap;
        text-overflow: ellipsis; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        rows = [Option(_row(form.example, form.words, _LINE_WIDTH)) for form in FORMS]
        super().__init__(*rows, id=id, compact=True, markup=False)


def _row(line: str, words: str, width: int) -> Content:
    """A line, and what it is for where there is room."""
    if width_of(line) >= width:
        return Content(line)
    return Content.assemble(line + " " * (width - width_of(line)), (words, "$text-muted"))
