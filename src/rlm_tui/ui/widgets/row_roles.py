"""The roles that text has on the screen, and the one place where a role gets its colour from the theme."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget


class Role(NamedTuple):
    """A colour of the theme, by the name of its variable; how much of it is laid over what is behind; and how
    heavy text in it is.
    """

    variable: str
    share: float = 1.0
    weight: str = ""


ROLES: dict[str, Role] = {
    # what the text is, in order of weight
    "strong": Role("foreground", weight="bold"),
    "text": Role("foreground"),
    "dim": Role("foreground", 0.6),
    "faint": Role("foreground", 0.35),
    "label": Role("primary"),
    "accent": Role("primary", weight="bold"),
    "found": Role("accent", weight="bold reverse"),
    "chosen": Role("foreground", weight="bold underline"),
    # how it went: each of these also has a sign of its own
    "good": Role("success"),
    "busy": Role("warning"),
    "bad": Role("error"),
    "held": Role("accent", weight="bold"),
    # whose words they are
    "reasoning": Role("foreground", 0.6, weight="italic"),
    "stdout": Role("foreground", 0.85),
    "stderr": Role("warning"),
    "call": Role("secondary"),
    "nested": Role("secondary", weight="bold"),
    # bars
    "bar-done": Role("success"),
    "bar-failed": Role("error"),
    "bar-flight": Role("warning"),
    "bar-todo": Role("foreground", 0.2),
    "bar-call": Role("secondary"),
    # Python
    "code": Role("foreground"),
    "code-keyword": Role("primary"),
    "code-string": Role("success"),
    "code-number": Role("accent"),
    "code-builtin": Role("secondary"),
    "code-function": Role("foreground", weight="bold"),
    "code-comment": Role("foreground", 0.5, weight="italic"),
    "code-operator": Role("foreground", 0.7),
}

_CURSOR, _CURSOR_BLURRED = Role("primary", 0.22), Role("foreground", 0.07)


def role_style(widget: Widget, role: str) -> Style:
    """The colour and weight of a role as the theme has it, without a background.

    Component classes would say the same in CSS; thirty of them in each widget were a fifth of the time in
    which the app opened.
    """
    look = ROLES[role]
    return Style.parse(look.weight) + Style(color=_colour(widget, look).rich_color)


def cursor_style(widget: Widget) -> Style:
    """What is laid behind the row that the cursor is on."""
    look = _CURSOR if widget.has_focus else _CURSOR_BLURRED
    return Style(bgcolor=_colour(widget, look).rich_color)


def _colour(widget: Widget, look: Role) -> Color:
    colour = Color.parse(widget.app.theme_variables[look.variable]).multiply_alpha(look.share)
    return widget.background_colors[1] + colour


def paint(line: Sequence[tuple[str, str]], style_of: Callable[[str], Style]) -> Strip:
    """A line of spans as a strip.

    Blanks stand in segments of their own: a screenshot drops those that a text begins with.
    """
    segments: list[Segment] = []
    for text, role in line:
        bare = text.lstrip(" ")
        if len(bare) < len(text):
            segments.append(Segment(" " * (len(text) - len(bare)), style_of("faint")))
        if bare:
            segments.append(Segment(bare, style_of(role)))
    return Strip(segments)


def apart(strip: Strip) -> Strip:
    """`strip` as it is, with the blanks that a text begins with in segments of their own."""
    segments: list[Segment] = []
    for segment in strip:
        bare = segment.text.lstrip(" ")
        if bare and len(bare) < len(segment.text):
            # Of another style, or they would be joined again.
            style = segment.style or Style()
            blanks = style + Style(italic=not style.italic)
            segments.append(Segment(" " * (len(segment.text) - len(bare)), blanks))
            segment = Segment(bare, segment.style)
        segments.append(segment)
    return Strip(segments, strip.cell_length)
