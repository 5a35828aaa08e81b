"""Python code as lines of spans with roles; the theme's colours come later, so a change of theme is free."""

from __future__ import annotations

from functools import lru_cache

from rlm_tui.core.text import visible
from rlm_tui.ui.widgets.row import Line, Span

LARGEST_HIGHLIGHTED = 40_000
"""Characters beyond which code is shown in one colour: to colour so much would cost a pause."""


@lru_cache(maxsize=256)
def highlight_python(code: str) -> tuple[Line, ...]:
    """The lines of `code`, made visible, as spans. Code that isn't Python is shown all the same."""
    shown = visible(code).rstrip("\n")
    if not shown:
        return ()
    if len(shown) > LARGEST_HIGHLIGHTED:
        return tuple(((line, "code"),) for line in shown.split("\n"))
    lines: list[Line] = []
    spans: list[Span] = []
    for role, text in _tokens(shown):
        first, *more = text.split("\n")
        if first:
            spans.append((first, role))
        for piece in more:
            lines.append(tuple(spans) or (("", "code"),))
            spans = [(piece, role)] if piece else []
    lines.append(tuple(spans) or (("", "code"),))
    return tuple(lines)


def _tokens(code: str) -> list[tuple[str, str]]:
    """`code` in tokens of one role each, neighbours of one role joined."""
    # Not before there is code to show.
    from pygments.lexers.python import PythonLexer  # type: ignore[import-untyped]
    from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType  # type: ignore[import-untyped]

    roles: tuple[tuple[_TokenType, str], ...] = (
        (Comment, "code-comment"),
        (Keyword, "code-keyword"),
        (Operator.Word, "code-keyword"),
        (Operator, "code-operator"),
        (String, "code-string"),
        (Number, "code-number"),
        (Name.Builtin, "code-builtin"),
        (Name.Function, "code-function"),
        (Name.Class, "code-function"),
        (Name.Exception, "code-builtin"),
        (Name.Decorator, "code-builtin"),
    )
    tokens: list[tuple[str, str]] = []
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(code):
        role = next((role for family, role in roles if kind in family), "code")
        if kind in String.Interpol:  # {…} in an f-string
            role = "code-operator"
        if tokens and tokens[-1][0] == role:
            tokens[-1] = (role, tokens[-1][1] + text)
        else:
            tokens.append((role, text))
    return tokens
