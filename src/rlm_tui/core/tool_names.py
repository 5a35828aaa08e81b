"""Host tools by name: built-in ones, and a person's own as `module:function`. Nothing is imported here."""

from __future__ import annotations

import re

BUILTIN_TOOLS = ("regex_extract",)
_OWN = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def tool_name_problem(name: str) -> str:
    """Why `name` can't be a tool's name, in one sentence; "" if it can."""
    if name in BUILTIN_TOOLS or _OWN.fullmatch(name):
        return ""
    known = ", ".join(BUILTIN_TOOLS)
    return f"{name!r} is no tool: choose {known}, or write one of your own as module:function."
