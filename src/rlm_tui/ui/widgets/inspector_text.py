"""What each tab of the Inspector shows: as rows to look at, and as plain text to copy or save."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rlm_tui.core.events import ErrorDetail, Usage, Value, Variable
from rlm_tui.core.text import human_cost, human_count, human_seconds, one_line, visible
from rlm_tui.core.trajectory import Call, Iteration, Trajectory
from rlm_tui.ui.widgets.code_diff import diff_rows
from rlm_tui.ui.widgets.highlight import highlight_python
from rlm_tui.ui.widgets.result_block import error_rows, outputs_text, result_rows, value_text
from rlm_tui.ui.widgets.row import CODE_HANG, Line, LineRow, Row, TextRow
from rlm_tui.ui.widgets.targets import TabName
from rlm_tui.ui.widgets.text_rows import chunk_rows
from rlm_tui.ui.widgets.variables_table import variable_rows

MOST_ITEMS = 500
ITEM_SHOWN = 400

Resolve = Callable[[Value], str]


@dataclass(frozen=True, slots=True)
class Subject:
    """What the Inspector looks at: a run, one of its iterations, and a call where one was chosen."""

    trajectory: Trajectory
    iteration: Iteration | None
    call: Call | None
    resolve: Resolve

    @property
    def rlm(self) -> str:
        """The call of the nested RLM whose iteration it is; "" for one of the run itself."""
        space = self.trajectory.namespace(self.iteration)
        return space.span if isinstance(space, Call) else ""

    @property
    def variables(self) -> Mapping[str, Variable]:
        """Those of the RLM whose iteration it is."""
        return self.trajectory.namespace(self.iteration).variables

    def error(self) -> ErrorDetail | None:
        """The error to show: that of the chosen iteration's cell, or else that of the run."""
        if (
            self.iteration is not None
            and self.iteration.cell is not None
            and self.iteration.cell.error is not None
        ):
            return self.iteration.cell.error
        finished = self.trajectory.finished
        return finished.error if finished is not None else None


def tab_rows(tab: TabName, subject: Subject) -> Iterable[Row]:
    """The rows of a tab, or one sentence that says why there are none."""
    rows = _rows(tab, subject)
    return rows if rows is not None else [TextRow(((_nothing(tab, subject), "dim"),))]


def tab_text(tab: TabName, subject: Subject) -> str:
    """The whole of what a tab shows, as plain text; "" where there is nothing."""
    iteration, trajectory = subject.iteration, subject.trajectory
    match tab:
        case "result":
            return outputs_text(trajectory.finished.outputs) if trajectory.finished is not None else ""
        case "variables":
            return "\n".join(
                "\t".join((item.name, item.type, "" if item.size is None else str(item.size), item.preview))
                for item in subject.variables.values()
            )
        case "error":
            error = subject.error()
            return (
                ""
                if error is None
                else "\n".join(filter(None, (f"{error.kind}: {error.message}", error.hint, error.traceback)))
            )
        case "call":
            return "" if subject.call is None else _call_text(subject.call, subject.resolve)
    if iteration is None:
        return ""
    match tab:
        case "reasoning":
            return iteration.reasoning
        case "code":
            return iteration.code
        case "prompt":
            return subject.resolve(iteration.prompt)
        case "output":
            return "" if iteration.cell is None else iteration.cell.text


def _rows(tab: TabName, subject: Subject) -> Iterable[Row] | None:
    iteration, trajectory = subject.iteration, subject.trajectory
    match tab:
        case "result":
            return result_rows(trajectory) or None
        case "variables":
            return _variable_rows(subject) or None
        case "error":
            error = subject.error()
            return None if error is None else [*error_rows(error, ""), *_traceback(error)]
        case "call":
            return None if subject.call is None else _call_rows(subject.call, subject.resolve)
    if iteration is None:
        return None
    match tab:
        case "reasoning":
            return (
                chunk_rows([("reasoning", iteration.reasoning)], words=True) if iteration.reasoning else None
            )
        case "code":
            return _code_rows(iteration) if iteration.code else None
        case "prompt":
            text = subject.resolve(iteration.prompt)
            return chunk_rows([("text", text), *_cut(iteration.prompt, text)], words=True) if text else None
        case "output":
            cell = iteration.cell
            if cell is None or not cell.output:
                return None
            return chunk_rows(((piece.stream, piece.text) for piece in cell.output), words=True)


def _variable_rows(subject: Subject) -> list[Row]:
    space = subject.trajectory.namespace(subject.iteration)
    rows = variable_rows(space.variables, space.variable_marks)
    if not rows or not isinstance(space, Call):
        return rows
    whose = f"Variables of the nested RLM of call {space.number}:"
    return [TextRow(((whose, "nested"),)), *rows]


def _nothing(tab: TabName, subject: Subject) -> str:
    finished = subject.trajectory.finished
    match tab:
        case "result":
            return "There is no result yet: it stands here as soon as the run submits one."
        case "variables":
            started = subject.trajectory.started
            if started is not None and started.imported:
                return "The log that was imported does not tell the variables."
            return "No variables yet: they are listed when a cell has run."
        case "error":
            return "Nothing failed here."
        case "output":
            running = subject.iteration is not None and subject.iteration.phase == "running"
            return "The cell has printed nothing yet." if running else "The cell printed nothing."
        case "prompt":
            return "The prompt is shown when the planner has answered."
        case "call":
            return "Choose a call in the Calls pane or in the Trajectory."
        case "reasoning" | "code":
            return "There is none." if finished is not None else "The planner has written nothing here yet."


def _code_rows(iteration: Iteration) -> list[Row]:
    digits = len(str(iteration.code.count("\n") + 1))
    rows: list[Row] = []
    if iteration.original_code is not None:
        rows.append(TextRow((("This code was edited: the difference stands below it.", "held"),)))
    rows.extend(_numbered(iteration.code, digits))
    if iteration.original_code is not None:
        rows.append(TextRow((("", "text"),)))
        rows.append(TextRow((("From what the planner wrote (−) to what was run (+):", "dim"),)))
        rows.extend(diff_rows(iteration.original_code, iteration.code))
    return rows


def _numbered(code: str, digits: int) -> list[Row]:
    return [
        TextRow(line, hang=CODE_HANG, number=f"{number:>{digits}}  ")
        for number, line in enumerate(highlight_python(code), 1)
    ]


def _traceback(error: ErrorDetail) -> list[Row]:
    if not error.traceback:
        return []
    return [TextRow((("", "text"),)), *chunk_rows([("dim", error.traceback)])]


def _cut(value: Value, text: str) -> list[tuple[str, str]]:
    """A remark where the text is only the head of what there was."""
    if value.length <= len(text):
        return []
    return [
        ("dim", f"\n… {value.length - len(text):,} of {value.length:,} characters are in the run's folder.")
    ]


def _heading(words: str) -> list[Row]:
    return [TextRow((("", "text"),)), TextRow(((words, "label"),))]


def _call_rows(call: Call, resolve: Resolve) -> list[Row]:
    facts = [
        call.kind if call.kind != call.name else "",
        one_line(call.model, 40) if call.model else "",
        human_seconds(call.seconds),
    ]
    facts += [_usage_words(call.usage)] if call.usage is not None else []
    facts += ["cached"] if call.cached else []
    facts += [f"from {one_line(call.origin, 80)}"] if call.origin else []
    head: Line = ((one_line(call.name, 60), "nested"), ("  " + " · ".join(filter(None, facts)), "dim"))
    rows: list[Row] = [TextRow(head)]
    if call.error is not None:
        rows += [TextRow((("", "text"),)), *error_rows(call.error, ""), *_traceback(call.error)]
    for name, argument in call.arguments.items():
        rows += _heading(visible(name))
        rows += chunk_rows([("text", value_text(argument))], words=True)
    rows += _item_rows(call)
    if call.prompt.text:
        text = resolve(call.prompt)
        rows += [*_heading("asked"), *chunk_rows([("text", text), *_cut(call.prompt, text)], words=True)]
    if call.answer.text:
        text = resolve(call.answer)
        rows += [*_heading("answered"), *chunk_rows([("text", text), *_cut(call.answer, text)], words=True)]
    elif call.result.text:
        text = resolve(call.result)
        rows += [*_heading("answered"), *chunk_rows([("text", text), *_cut(call.result, text)], words=True)]
    elif call.state == "running":
        rows += [*_heading("answered"), TextRow((("not yet", "dim"),))]
    return rows


def _item_rows(call: Call) -> list[Row]:
    """What a batch asked and was answered, two lines an item; the whole of one is found by choosing it."""
    items = sorted(call.items, key=lambda item: item.index or 0)
    digits = len(str(len(items)))
    rows: list[Row] = _heading(f"{call.items_done} of {call.expected} answered") if items else []
    for item in items[:MOST_ITEMS]:
        asked = one_line(item.prompt.text, ITEM_SHOWN)
        rows.append(LineRow(((f"{(item.index or 0) + 1:>{digits}}  ", "faint"), (asked, "dim"))))
        words = one_line(item.answer.text, ITEM_SHOWN) or ("…" if item.state == "running" else "")
        answer: Line = ((words, "text"),)
        if item.error is not None:
            answer = ((one_line(f"{item.error.kind}: {item.error.message}", ITEM_SHOWN), "bad"),)
        rows.append(TextRow(answer, number=" " * (digits + 2)))
    if len(items) > MOST_ITEMS:
        rows.append(
            TextRow(((f"… {len(items) - MOST_ITEMS:,} more: open the batch in the Calls pane", "dim"),))
        )
    return rows


def _usage_words(usage: Usage) -> str:
    words = [
        f"{human_count(count)} {what}"
        for count, what in ((usage.prompt_tokens, "tokens in"), (usage.completion_tokens, "out"))
        if count is not None
    ]
    if usage.cost_usd is not None:
        words.append(human_cost(usage.cost_usd))
    return " · ".join(words)


def _call_text(call: Call, resolve: Resolve) -> str:
    asked = resolve(call.prompt) if call.prompt.text else value_text(call.arguments)
    return f"{asked}\n\n{resolve(call.answer)}".strip()
