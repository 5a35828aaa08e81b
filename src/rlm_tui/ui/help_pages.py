"""The pages of the help beside the keys: short texts of our own, in Markdown, one file each."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

KEYS = "keys"


class HelpPage(NamedTuple):
    """One page: its name (that of its file, too) and its title."""

    name: str
    title: str


PAGES = (
    HelpPage(KEYS, "Keys"),
    HelpPage("what-an-rlm-is", "What an RLM is"),
    HelpPage("best-practices", "Best practices"),
    HelpPage("rlm-or-one-prompt", "RLM or one prompt?"),
    HelpPage("next-steps", "Next steps"),
    HelpPage("debugger", "The debugger"),
)
TO_READ = PAGES[1:]
"""Those that are read; the keys are made from what can be done where the person is."""


def page_text(name: str) -> str:
    """The Markdown of a page. Raises OSError."""
    return (Path(__file__).parent / "pages" / f"{name}.md").read_text(encoding="utf-8")


def in_a_sentence(title: str) -> str:
    """A title as it stands after other words: "RLM" stays as it is."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]
