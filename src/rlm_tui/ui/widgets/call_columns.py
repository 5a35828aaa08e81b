"""The columns of the calls: which there is room for, how wide they are, and the waterfall's scale."""

from __future__ import annotations

from dataclasses import dataclass

from rlm_tui.core.call_facts import is_cached, is_recorded
from rlm_tui.core.text import human_count, one_line, width_of
from rlm_tui.core.trajectory import Call, Iteration
from rlm_tui.ui.widgets.call_words import call_asked, call_seconds, count_batch, state_sign, tokens_of
from rlm_tui.ui.widgets.row import Line, Span

SIGN, SECONDS, TOKENS, LEAST_BAR, LEAST_ASKED = 1, 4, 5, 4, 10
KINDS = {
    "llm_query": "query",
    "llm_query_batched": "batch",
    "predict": "predict",
    "sub_rlm": "RLM",
    "tool": "tool",
}


@dataclass(slots=True)
class Columns:
    """Cells of each column in a width; 0 is a column that there is no room for."""

    number: int = 0
    iteration: int = 0
    kind: int = 5
    asked: int = LEAST_ASKED
    seconds: int = SECONDS
    tokens: int = 0
    bar: int = 0


@dataclass(slots=True)
class CallTable:
    """What all rows share: the widest number, iteration and kind, and the time that the bars span."""

    numbers: int = 1
    iterations: int = 2
    kinds: int = 5
    begin: float = 0.0
    end: float = 0.0
    now: float = 0.0

    def see(self, call: Call, number: int) -> None:
        """Make the columns wide enough for this call."""
        self.numbers = max(self.numbers, len(str(number)))
        self.iterations = max(self.iterations, len(iteration_path(call.iteration)))
        self.kinds = max(self.kinds, len(KINDS.get(call.kind, call.kind)))

    def columns(self, width: int) -> Columns:
        """The columns that `width` cells have room for, given away in the order in which they matter."""
        columns = Columns(kind=self.kinds)
        room = width - SIGN - (1 + columns.kind) - (1 + LEAST_ASKED) - (1 + columns.seconds)
        if room < 0:
            columns.kind = 0
            room += 1 + self.kinds
        for name, cells in (
            ("tokens", TOKENS),
            ("iteration", self.iterations),
            ("bar", LEAST_BAR),
            ("number", self.numbers),
        ):
            if room < cells + 1:
                break
            setattr(columns, name, cells)
            room -= cells + 1
        room = max(0, room)
        if columns.bar:
            wider = min(room // 3, 18)
            columns.bar += wider
            room -= wider
        columns.asked = max(1, LEAST_ASKED + room)
        return columns

    def heading(self, width: int) -> Line:
        columns = self.columns(width)
        cells = [" " * SIGN]
        if columns.number:
            cells.append(f"{'#':>{columns.number}}")
        if columns.iteration:
            cells.append(f"{'it':<{columns.iteration}}")
        if columns.kind:
            cells.append(f"{'kind':<{columns.kind}}")
        cells.append(f"{'asked':<{columns.asked}}"[: columns.asked])
        cells.append(f"{'s':>{columns.seconds}}")
        if columns.tokens:
            cells.append(f"{'tok':>{columns.tokens}}")
        return ((" ".join(cells), "dim"),)

    def line(self, call: Call, number: str, width: int, *, fold: str = "", item: bool = False) -> Line:
        """A call, its columns aligned with those of all other calls; `item` is one of the batch above it."""
        columns = self.columns(width)
        failed = call.state == "failed"
        spans: list[Span] = [state_sign(call.state)]
        if columns.number:
            spans.append((f" {number:>{columns.number}}", "faint"))
        if columns.iteration:
            spans.append(
                (f" {_padded('' if item else iteration_path(call.iteration), columns.iteration)}", "dim")
            )
        if columns.kind:
            if item:
                spans.append((f" {(call.index or 0) + 1:>{columns.kind}}", "faint"))
            else:
                spans.append((f" {_padded(KINDS.get(call.kind, call.kind), columns.kind)}", "call"))
        spans.append((f" {_padded(fold + self._asked(call), columns.asked)}", "bad" if failed else "text"))
        seconds = short_seconds(call_seconds(call, self.now))
        spans.append((f" {seconds:>{columns.seconds}}", "busy" if call.state == "running" else "text"))
        if columns.tokens:
            spans.append((f" {self._tokens(call):>{columns.tokens}}", "dim"))
        if columns.bar:
            spans.append((" ", "text"))
            spans.extend(self._bar(call, columns.bar))
        return tuple(spans)

    def _asked(self, call: Call) -> str:
        if call.is_batch:
            size = call.expected
            words = f"{call.items_done} of {size} done" if call.state == "running" else f"{size} prompts"
            return words + (f", {call.items_failed} failed" if call.items_failed else "")
        # A run may have several tools: which one it was is the first thing to know.
        tool = f"{one_line(call.name, 40)} " if call.kind == "tool" else ""
        if call.error is not None:
            return f"{tool}{call.error.kind}: {call.error.message}"
        return f"{tool}{call_asked(call)}"

    def _tokens(self, call: Call) -> str:
        if is_cached(call):
            return "cache"
        if is_recorded(call):
            return "fork"
        tokens = count_batch(call).tokens if call.is_batch else tokens_of(call.usage)
        if call.state == "running" and tokens is None:
            return "…"
        return "–" if tokens is None else human_count(tokens)

    def _bar(self, call: Call, cells: int) -> Line:
        scale = max(self.end - self.begin, 1e-6)
        start = min(max(call.started_at - self.begin, 0.0), scale)
        stop = min(start + call_seconds(call, self.now), scale)
        first = min(int(start / scale * cells), cells - 1)
        last = min(max(first + 1, round(stop / scale * cells)), cells)
        match call.state:
            case "running":
                sign, role = "╍", "bar-flight"
            case "failed":
                sign, role = "━", "bar-failed"
            case _:
                sign, role = "━", "bar-call"
        return ((" " * first, "text"), (sign * (last - first), role), (" " * (cells - last), "text"))


def short_seconds(seconds: float) -> str:
    """Seconds in four cells, under a heading that says "s": "0.34", "12.4", "754", "9 h"."""
    if seconds < 0.995:
        return f"{seconds:.2f}"
    if seconds < 99.95:
        return f"{seconds:.1f}"
    return f"{seconds:.0f}" if seconds < 9_999.5 else f"{seconds / 3600:.0f} h"


def iteration_path(iteration: Iteration | None) -> str:
    """Which iteration it was made in: "3", or "›1" for the first of a nested RLM."""
    return "" if iteration is None else "›" * iteration.depth + str(iteration.n)


def _padded(text: str, cells: int) -> str:
    shown = one_line(text, cells)
    return shown + " " * (cells - width_of(shown))
