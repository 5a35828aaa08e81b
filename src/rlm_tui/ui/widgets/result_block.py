"""The end of a run as rows: every output typed and in full, or what failed, why, and what mends it."""

from __future__ import annotations

import json
from typing import Any

from rlm_tui.core.events import ErrorDetail, RunFinished, RunStatus
from rlm_tui.core.run_record import calls_are_known
from rlm_tui.core.signature_text import SignatureTextError, parse_signature
from rlm_tui.core.text import human_cost, human_seconds, known_tokens, number_of, visible
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.widgets.row import Line, LineRow, Row, Span, TextRow, line_width
from rlm_tui.ui.widgets.targets import Result

MOST_LINES = 2_000
"""Lines of one output that are shown; what is saved with `w` or copied with `y` is always the whole."""

_WORDS: dict[RunStatus, tuple[Span, str]] = {
    "submitted": (("✓", "good"), "submitted"),
    "extracted": (("✓", "busy"), "extracted: the iterations ended before a SUBMIT"),
    "failed": (("✗", "bad"), "failed"),
    "cancelled": (("■", "busy"), "cancelled: what was found so far is kept"),
    "budget": (("■", "busy"), "a budget was used up: what was found so far is kept"),
}


def status_sign(status: RunStatus) -> Span:
    return _WORDS[status][0]


def status_words(status: RunStatus) -> str:
    """How the run ended, in words."""
    return _WORDS[status][1]


def result_rows(trajectory: Trajectory, *, indent: str = "  ", offer: str = "") -> list[Row]:
    """The Result block: a heading with the run's totals, then the outputs, then the error.

    `offer` says what else can be done with a run that ended without an answer.
    """
    finished = trajectory.finished
    if finished is None:
        return []
    rows: list[Row] = [_heading(trajectory, finished)]
    types = declared_types(trajectory.started.signature if trajectory.started else "")
    if finished.error is not None:
        rows.extend(error_rows(finished.error, indent))
    for name, output in finished.outputs.items():
        rows.append(TextRow((("", "text"),)))
        rows.extend(output_rows(name, output, types.get(name, ""), indent))
    if not finished.outputs and finished.error is None:
        rows.append(TextRow((("There are no outputs.", "dim"),), ((indent, "text"),)))
    if offer:
        rows.append(TextRow(((offer, "text"),), ((indent, "text"), ("→ ", "good"))))
    return rows


def declared_types(signature: str) -> dict[str, str]:
    """The type that the signature gives each output; nothing for a signature that can't be read."""
    try:
        return {field.name: field.type for field in parse_signature(signature).outputs}
    except SignatureTextError:
        return {}


def _heading(trajectory: Trajectory, finished: RunFinished) -> Row:
    totals = trajectory.totals
    sign, words = _WORDS[finished.status]
    known = calls_are_known(trajectory.started)
    calls = number_of(totals.llm_calls, "call") if known else "? calls"
    tokens = known_tokens(totals.prompt_tokens + totals.completion_tokens, known=totals.tokens_known)
    right: list[Line] = [
        ((human_seconds(totals.seconds or finished.at), "dim"),),
        ((human_cost(totals.cost_usd if totals.cost_known else None), "dim"),),
        ((calls, "dim"),),
        ((f"{tokens} tok", "dim"),),
    ]
    left: Line = (sign, (" Result", "accent"), (f"  {words}", sign[1]))
    return LineRow(left, tuple(right), Result())


def output_rows(name: str, output: Any, declared: str, indent: str = "  ") -> list[Row]:
    """One output: its name and type, then its value in full, a list with one item a line."""
    kind = visible(declared) or _type_name(output)
    size = f" · {len(output):,}" if isinstance(output, (list, dict)) else ""
    head: Line = ((visible(name), "label"), (f"  {kind}{size}", "dim"))
    rows: list[Row] = [TextRow(head, ((indent, "text"),))]
    inner = indent + "  "
    if isinstance(output, list):
        digits = len(str(len(output)))
        for number, item in enumerate(output[:MOST_LINES], 1):
            rows.extend(_value_rows(item, ((inner, "text"),), f"{number:>{digits}}  "))
        left_out = len(output) - MOST_LINES
    elif isinstance(output, dict):
        for key, item in list(output.items())[:MOST_LINES]:
            label: Line = ((inner, "text"), (f"{visible(str(key))}  ", "label"))
            rows.extend(_value_rows(item, label))
        left_out = len(output) - MOST_LINES
    else:
        rows.extend(_value_rows(output, ((inner, "text"),)))
        left_out = 0
    if left_out > 0:
        rows.append(_left_out(left_out, inner, "items"))
    return rows


def _value_rows(value: Any, gutter: Line, number: str = "") -> list[Row]:
    """A value's lines beside `gutter`, a label or blank; `number` stands before the first one."""
    lines = visible(value_text(value)).split("\n")
    blank: Line = ((" " * line_width(gutter), "text"),)
    rows: list[Row] = [
        TextRow(((line, "text"),), blank if index else gutter, number=" " * len(number) if index else number)
        for index, line in enumerate(lines[:MOST_LINES])
    ]
    if len(lines) > MOST_LINES:
        rows.append(_left_out(len(lines) - MOST_LINES, blank[0][0], "lines"))
    return rows


def _left_out(count: int, indent: str, what: str) -> Row:
    words = f"… {count:,} more {what}: w in the Inspector writes all of them to a file"
    return TextRow(((words, "dim"),), ((indent, "text"),))


def error_rows(error: ErrorDetail, indent: str = "  ") -> list[Row]:
    """What failed, why, and what mends it; the traceback stays one key away."""
    gutter: Line = ((indent, "text"),)
    title = visible(error.kind) + (f" at line {error.line}" if error.line is not None else "")
    first, *rest = visible(error.message).rstrip().split("\n")
    rows: list[Row] = [TextRow(((f"{title}: ", "bad"), (first, "text")), gutter)]
    rows.extend(TextRow(((line, "text"),), gutter) for line in rest[:40])
    if error.hint:
        for number, line in enumerate(visible(error.hint).split("\n")):
            rows.append(TextRow(((line, "text"),), (*gutter, ("  " if number else "→ ", "good"))))
    return rows


def value_text(value: Any) -> str:
    """An output as text: a string as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, indent=2 if isinstance(value, (dict, list)) else None)
    except (TypeError, ValueError):
        return repr(value)


def outputs_text(outputs: dict[str, Any]) -> str:
    """All outputs as text to be copied or saved; a single one without its name."""
    if len(outputs) == 1:
        return value_text(next(iter(outputs.values())))
    return "\n\n".join(f"{name}\n{listing(output)}" for name, output in outputs.items())


def listing(output: Any) -> str:
    """An output as text, a list with one item a line."""
    if isinstance(output, list):
        return "\n".join(f"- {value_text(item)}" for item in output)
    return value_text(output)


def _type_name(value: Any) -> str:
    match value:
        case list() if value and all(isinstance(item, str) for item in value):
            return "list of str"
        case None:
            return "nothing"
        case _:
            return type(value).__name__
