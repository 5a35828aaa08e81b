"""One sentence about what is wrong, in the place where it can be mended; nothing where nothing is wrong."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from rlm_tui.core.text import visible


class ProblemLine(Static):
    """Takes no room while it has nothing to say. What it says is content, never markup."""

    DEFAULT_CSS = """
    ProblemLine { height: auto; color: $text-error; display: none; }
    ProblemLine.-said { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__("", markup=False, id=id)
        self.words = ""

    def say(self, words: str) -> None:
        """Show `words`; an empty text takes the line away."""
        if words != self.words:
            self.words = words
            self.update(Content(visible(words)))
            self.set_class(bool(words), "-said")
