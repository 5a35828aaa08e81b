"""Text of any kind as lines of spans: JSON, Python and Markdown are coloured where the text is that."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Literal

from rlm_tui.core.text import visible
from rlm_tui.ui.widgets.highlight import LARGEST_HIGHLIGHTED, highlight_python
from rlm_tui.ui.widgets.row import Line, Span

Form = Literal["json", "python", "markdown", "plain"]
LONGEST_LINE = 4_000
"""A longer line is shown in pieces, each a row of its own."""
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)\s*([\w+-]*)\s*$")
_HEADING = re.compile(r"^ {0,3}#{1,6} ")
_FIELD = re.compile(r"^\[\[ ## .{1,80} ## \]\]$")  # how dspy heads a field
_BULLET = re.compile(r"^(\s*(?:[-*+]|[0-9]{1,4}[.)]) )(.*)$", re.DOTALL)
_INLINE = re.compile(r"(`[^`\n]{1,300}`|\*\*[^*\n]{1,300}\*\*)")
_MARKED = re.compile(
    r"^(?: {0,3}#{1,6} |```|~~~| {0,3}[-*] |\[\[ ## )|\*\*[^*\n]+\*\*|`[^`\n]+`", re.MULTILINE
)
_PYTHON = re.compile(
    r"^(?:import \w|from [\w.]+ import |def \w+\(|class \w+|@\w|for \w.* in .*:$|if .*:$|with .*:$|print\("
    r"|\w+(?:\[[^\]]*\])? = )",
    re.MULTILINE,
)
_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\\n]|\\.)*"(?=\s*:))|(?P<string>"(?:[^"\\\n]|\\.)*")'
    r"|(?P<number>-?\b[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\b)|(?P<word>\b(?:true|false|null)\b)"
)
_JSON_PARTS = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s"{}\[\],:]+')
_EMPTY = re.compile(r"([{\[])\n *\n *([}\]])")
DEEPEST = 40
"""Levels of JSON that are set in; deeper ones stand below each other."""
_JSON_ROLES = {"key": "label", "string": "code-string", "number": "code-number", "word": "code-keyword"}


def form_of(text: str) -> Form:
    """What kind of text it is, as far as a person would want it coloured."""
    if len(text) > LARGEST_HIGHLIGHTED:
        return "plain"
    bare = text.strip()
    if bare[:1] in ("{", "[") and bare[-1:] in ("}", "]"):
        try:
            json.loads(bare)
        except (ValueError, RecursionError):
            pass
        else:
            return "json"
    if _is_python(bare):
        return "python"
    return "markdown" if _MARKED.search(bare) else "plain"


def _is_python(text: str) -> bool:
    if _PYTHON.search(text) is None:
        return False
    try:
        compile(text, "<text>", "exec", flags=0x0400, dont_inherit=True)  # only parsed
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def highlighted(text: str) -> Iterator[Line]:
    """The lines of `text`, made visible, in roles; none is longer than `LONGEST_LINE` characters."""
    match form_of(text):
        case "json":
            lines: Iterator[Line] = _json_lines(text)
        case "python":
            lines = iter(highlight_python(text))
        case "markdown":
            lines = _markdown_lines(text)
        case "plain":
            lines = (((line, "text"),) for line in visible(text).split("\n"))
    for line in lines:
        yield from _pieces(line)


def _pieces(line: Line) -> Iterator[Line]:
    if sum(len(text) for text, _ in line) <= LONGEST_LINE:
        yield line
        return
    for text, role in line:
        for start in range(0, len(text), LONGEST_LINE):
            yield ((text[start : start + LONGEST_LINE], role),)


def _json_lines(text: str) -> Iterator[Line]:
    laid_out = text if "\n" in text.strip() else _laid_out(text.strip())
    for line in visible(laid_out).split("\n"):
        spans: list[Span] = []
        at = 0
        for found in _TOKEN.finditer(line):
            if found.start() > at:
                spans.append((line[at : found.start()], "dim"))
            spans.append((found[0], _JSON_ROLES[found.lastgroup or "word"]))
            at = found.end()
        if at < len(line) or not spans:
            spans.append((line[at:], "dim"))
        yield tuple(spans)


def _laid_out(text: str) -> str:
    """JSON of one line on several, with every number and name as it is written, be it there twice."""
    parts: list[str] = []
    depth = 0
    for token in _JSON_PARTS.findall(text):
        match token:
            case "{" | "[":
                depth += 1
                parts.append(f"{token}\n{_inset(depth)}")
            case "}" | "]":
                depth -= 1
                parts.append(f"\n{_inset(depth)}{token}")
            case ",":
                parts.append(f",\n{_inset(depth)}")
            case ":":
                parts.append(": ")
            case _:
                parts.append(token)
    return _EMPTY.sub(r"\1\2", "".join(parts))


def _inset(depth: int) -> str:
    return "  " * min(depth, DEEPEST)


def _markdown_lines(text: str) -> Iterator[Line]:
    fenced: list[str] = []
    fence, is_python = "", False
    for line in visible(text).split("\n"):
        found = _FENCE.match(line)
        if fence:
            if found is not None and found[1].startswith(fence) and not found[2]:
                yield from _fenced(fenced, is_python=is_python)
                yield ((line, "faint"),)
                fence, fenced = "", []
            else:
                fenced.append(line)
        elif found is not None:
            fence, is_python = found[1], found[2].lower() in ("python", "py", "repl")
            yield ((line, "faint"),)
        elif _HEADING.match(line) or _FIELD.match(line):
            yield ((line, "accent"),)
        else:
            yield _inline(line)
    yield from _fenced(fenced, is_python=is_python)


def _fenced(lines: list[str], *, is_python: bool) -> Iterator[Line]:
    if not is_python:
        yield from (((line, "code"),) for line in lines)
        return
    coloured = highlight_python("\n".join(lines))
    yield from coloured
    yield from ((("", "code"),) for _ in range(len(lines) - len(coloured)))


def _inline(line: str) -> Line:
    spans: list[Span] = []
    bullet = _BULLET.match(line)
    if bullet is not None:
        spans.append((bullet[1], "label"))
        line = bullet[2]
    for piece in _INLINE.split(line):
        if not piece:
            continue
        role = "code-string" if piece[0] == "`" and len(piece) > 2 else "text"
        spans.append((piece, "strong" if piece.startswith("**") and len(piece) > 4 else role))
    return tuple(spans) or (("", "text"),)
