"""Textual's style sheets, parsed once in a process: each of hundreds of apps would parse the same text anew.

That is a fifth of the time in which an app opens. Rules are only read once they are parsed.
"""

from __future__ import annotations

from typing import Any

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

_parsed: dict[tuple[Any, ...], list[RuleSet]] = {}


def install() -> None:
    """Have all style sheets share what any of them has parsed, with the same variables."""
    parse = Stylesheet._parse_rules

    def parse_once(sheet: Stylesheet, *arguments: Any, **more: Any) -> list[RuleSet]:
        key = (tuple(sheet._variables.items()), arguments, tuple(more.items()))
        if key not in _parsed:
            _parsed[key] = parse(sheet, *arguments, **more)
        return _parsed[key]

    Stylesheet._parse_rules = parse_once  # type: ignore[method-assign]
