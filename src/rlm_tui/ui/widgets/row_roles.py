"""The roles that text has on the screen, and the one place where a role gets its colour from the theme."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

ROLES = {
    # what the text is, in order of weight
    "strong": "color: $foreground; text-style: bold;",
    "text": "color: $foreground;",
    "dim": "color: $foreground 60%;",
    "faint": "color: $foreground 35%;",
    "label": "color: $primary;",
    "accent": "color: $primary; text-style: bold;",
    "found": "color: $accent; text-style: bold reverse;",
    "chosen": "color: $foreground; text-style: bold underline;",
    # how it went: each of these also has a sign of its own
    "good": "color: $success;",
    "busy": "color: $warning;",
    "bad": "color: $error;",
    "held": "color: $accent; text-style: bold;",
    # whose words they are
    "reasoning": "color: $foreground 60%; text-style: italic;",
    "stdout": "color: $foreground 85%;",
    "stderr": "color: $warning;",
    "call": "color: $secondary;",
    "nested": "color: $secondary; text-style: bold;",
    # bars
    "bar-done": "color: $success;",
    "bar-failed": "color: $error;",
    "bar-flight": "color: $warning;",
    "bar-todo": "color: $foreground 20%;",
    "bar-call": "color: $secondary;",
    # Python
    "code": "color: $foreground;",
    "code-keyword": "color: $primary;",
    "code-string": "color: $success;",
    "code-number": "color: $accent;",
    "code-builtin": "color: $secondary;",
    "code-function": "color: $foreground; text-style: bold;",
    "code-comment": "color: $foreground 50%; text-style: italic;",
    "code-operator": "color: $foreground 70%;",
}

PREFIX = "row--"


def component_classes() -> set[str]:
    return {PREFIX + role for role in ROLES} | {PREFIX + "cursor", PREFIX + "cursor-blurred"}


def default_css(widget: str) -> str:
    """The rules for a widget class's component classes: colours from the theme's variables only."""
    rules = [f"    & > .{PREFIX}{role} {{ {style} }}" for role, style in ROLES.items()]
    rules.append(f"    & > .{PREFIX}cursor {{ background: $primary 22%; }}")
    rules.append(f"    & > .{PREFIX}cursor-blurred {{ background: $foreground 7%; }}")
    return f"{widget} {{\n" + "\n".join(rules) + "\n}\n"


def role_style(widget: Widget, role: str) -> Style:
    """The colour and weight of a role as the theme has it, without a background."""
    blended = widget.get_component_rich_style(PREFIX + role)
    weight = widget.get_component_rich_style(PREFIX + role, partial=True)
    return Style(
        color=blended.color,
        bold=weight.bold,
        italic=weight.italic,
        underline=weight.underline,
        reverse=weight.reverse,
    )


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
