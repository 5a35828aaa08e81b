"""Code on an exported page: in colours, in light and in dark, and as what a person changed in it."""

from __future__ import annotations

import html
from difflib import unified_diff
from functools import cache

from rlm_tui.core.text import visible

MOST_COLOURED = 50_000
MOST_CODE = 200_000
MOST_COMPARED = 2_000
"""Lines beyond which two codes are not compared but stand one after the other."""


def code_block(code: str) -> str:
    """Python as HTML; code that is very long has no colours."""
    from pygments import highlight  # type: ignore[import-untyped]
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
    from pygments.lexers import PythonLexer  # type: ignore[import-untyped]

    shown = visible(code).rstrip()
    if len(shown) > MOST_COLOURED:
        more = f"\n… {len(shown) - MOST_CODE:,} more characters" if len(shown) > MOST_CODE else ""
        return f"<pre class=code>{html.escape(shown[:MOST_CODE] + more)}</pre>\n"
    return (
        f"<pre class=code>{highlight(shown, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))}</pre>\n"
    )


def diff_block(before: str, after: str) -> str:
    """What was changed in a code, line by line."""
    lines = visible(before).split("\n"), visible(after).split("\n")
    if max(map(len, lines)) > MOST_COMPARED:
        return code_block(before)
    shown = []
    for line in list(unified_diff(*lines, lineterm="", n=3))[2:]:
        tag = {"-": "del", "+": "ins"}.get(line[:1])
        words = html.escape(line)
        shown.append(f"<{tag}>{words}</{tag}>" if tag else f"{words}\n")
    return f"<pre class=diff>{''.join(shown)}</pre>\n"


@cache
def code_style() -> str:
    """The colours of code."""
    from pygments.formatters import HtmlFormatter

    light = HtmlFormatter(style="default").get_style_defs(".code")
    dark = HtmlFormatter(style="monokai").get_style_defs(".code")
    plain = ".code { background: var(--soft) !important; } .code .err { border: none; background: none; }"
    return f"\n{light}\n@media screen and (prefers-color-scheme: dark) {{ {dark} }}\n{plain}\n"
