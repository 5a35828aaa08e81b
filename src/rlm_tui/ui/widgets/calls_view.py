"""The Calls: every call on one line, with a waterfall of when; a batch opens into its items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical

from rlm_tui.core.change import CallAdded, CallChanged, Change, RunEnded
from rlm_tui.core.text import human_cost, known_tokens
from rlm_tui.core.trajectory import Call, Trajectory
from rlm_tui.ui.clock import Now
from rlm_tui.ui.widgets.call_columns import CallTable
from rlm_tui.ui.widgets.row import Line, Row, Span, TextRow, cut_line
from rlm_tui.ui.widgets.row_blocks import Place
from rlm_tui.ui.widgets.row_view import RowView
from rlm_tui.ui.widgets.run_messages import CallSelected
from rlm_tui.ui.widgets.span_line import SpanLine
from rlm_tui.ui.widgets.targets import CallLine

TICK_SECONDS = 0.25
EMPTY = "empty"
NOTHING = "No calls yet. What cells ask of the sub-LM, of tools and of nested RLMs is listed here."


@dataclass(slots=True, eq=False)
class CallRow:
    """One call; what it shows is read from the fold when it is looked at."""

    call: Call
    table: CallTable
    number: int
    fold: str = ""
    item: bool = False

    @property
    def target(self) -> CallLine:
        return CallLine(self.call.span, opens=bool(self.fold))

    def sameness(self) -> None:
        return None

    def height(self, width: int) -> int:
        return 1

    def layout(self, width: int) -> Sequence[Line]:
        return [
            cut_line(
                self.table.line(self.call, str(self.number or ""), width, fold=self.fold, item=self.item),
                width,
            )
        ]


class CallsList(RowView):
    """The rows of the calls."""

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(id=id)
        self.table = CallTable()
        self._trajectory: Trajectory | None = None
        self._now: Now = lambda: 0.0
        self._ticked_at = -1.0
        self._open: set[str] = set()
        self._listed = 0
        self._last_end = 0.0
        self._dirty: set[str] = set()
        self._flush_waits = False

    def on_mount(self) -> None:
        self.set_interval(TICK_SECONDS, self._tick)
        if not self._listed:
            self._show_nothing()

    def show(self, trajectory: Trajectory, now: Now | None = None) -> None:
        self._trajectory = trajectory
        self._now = now or (lambda: trajectory.now)
        self._open.clear()
        self._dirty.clear()
        self._listed = 0
        self._last_end = max((call.started_at + call.seconds for call in trajectory.calls), default=0.0)
        self.table = CallTable()
        self.clear_rows()
        self.following = True
        self._flush()

    def move(self, trajectory: Trajectory) -> None:
        """Show another moment of the run; the calls that are the same objects are not drawn again."""
        before = [] if self._trajectory is None else self._trajectory.calls
        same = 0
        for old, new in zip(before[: self._listed], trajectory.calls, strict=False):
            if old is not new:
                break
            same += 1
        self.blocks.cut(same)
        self._trajectory = trajectory
        self._now = lambda: trajectory.now
        self._listed = same
        self._last_end = max((call.started_at + call.seconds for call in trajectory.calls), default=0.0)
        self.following = True
        self._flush()

    def apply(self, change: Change) -> None:
        for kind in change.kinds:
            match kind:
                case CallAdded(parent_call=str(batch)):
                    self._dirty.add(batch)
                case CallChanged(span=span):
                    call = self._trajectory.call(span) if self._trajectory is not None else None
                    if call is not None:
                        self._last_end = max(self._last_end, call.started_at + call.seconds)
                case CallAdded() | RunEnded():
                    pass
                case _:
                    continue
            if not self._flush_waits:
                self._flush_waits = True
                self.call_later(self._flush)

    def _flush(self) -> None:
        self._flush_waits = False
        trajectory = self._trajectory
        if trajectory is None:
            return
        calls = trajectory.calls
        if not calls:
            self._show_nothing()
            return
        if EMPTY in self.blocks:
            self.blocks.remove(EMPTY)
        table = self.table
        table.begin = calls[0].started_at
        seen: tuple[object, str] | None = None
        for number in range(self._listed, len(calls)):
            call = calls[number]
            if seen != (call.iteration, call.kind):  # thousands of one cell's need the same room
                seen = call.iteration, call.kind
                table.see(call, len(calls))
        if len(calls) - self._listed > 1:
            self.blocks.extend_lines(
                (call.span, CallRow(call, table, number, "▸ " if call.is_batch else ""))
                for number, call in enumerate(calls[self._listed :], self._listed + 1)
            )
            self._dirty |= self._open & {call.span for call in calls[self._listed :]}
        elif len(calls) > self._listed:
            self.blocks.set(calls[-1].span, self._rows(calls[-1], len(calls) - 1))
        self._listed = len(calls)
        for span in self._dirty & self._open:
            self._draw(span)
        self._dirty.clear()
        self._take_time()
        self.rows_changed()
        if self.following:
            self.move_cursor(self.blocks.locate(self.blocks.height - 1), reveal=False)

    def _rows(self, call: Call, number: int) -> list[Row]:
        if not call.is_batch:
            return [CallRow(call, self.table, number + 1)]
        opened = call.span in self._open
        rows: list[Row] = [CallRow(call, self.table, number + 1, fold="▾ " if opened else "▸ ")]
        if opened:
            items = sorted(call.items, key=lambda item: item.index or 0)
            rows.extend(CallRow(item, self.table, 0, item=True) for item in items)
        return rows

    def _draw(self, span: str) -> None:
        block = self.blocks.block(span)
        first = block.rows[0]
        assert isinstance(first, CallRow)
        self.blocks.set(span, self._rows(first.call, first.number - 1))

    def _take_time(self) -> None:
        trajectory = self._trajectory
        if trajectory is None:
            return
        self.table.now = self._ticked_at = self._now()
        self.table.end = self.table.now if trajectory.open_calls else self._last_end
        self.painter.forget_rows()

    def _tick(self) -> None:
        trajectory = self._trajectory
        if trajectory is not None and trajectory.open_calls and self._listed:
            if self._now() == self._ticked_at:
                return  # at a moment of a saved run the time stands still
            self._take_time()
            self.refresh()

    def _show_nothing(self) -> None:
        self.blocks.set(EMPTY, [TextRow(((NOTHING, "dim"),))])
        self.rows_changed()

    @property
    def current_span(self) -> str:
        """The call under the cursor, "" where there is none."""
        row = None if self.cursor is None else self.blocks.row(self.cursor)
        return row.call.span if isinstance(row, CallRow) else ""

    def chosen(self, place: Place, row: Row) -> None:
        if not isinstance(row, CallRow):
            return
        if row.fold:
            self._open ^= {row.call.span}
            self._draw(row.call.span)
            self.following = False
            self.rows_changed()
        self.post_message(CallSelected(self, row.call.span))


class CallsHeading(SpanLine):
    """The names of the columns."""

    def __init__(self, calls: CallsList) -> None:
        super().__init__()
        self._calls = calls

    def line(self, width: int) -> Line:
        if EMPTY in self._calls.blocks:
            return ()
        beside_scrollbar = width - 1 - self._calls.scrollbar_size_vertical
        return cut_line(self._calls.table.heading(beside_scrollbar), beside_scrollbar)


class CallsTotals(SpanLine):
    """`14 calls · 9.8 K tokens · $0.004 · 1 failed`: the run's numbers, the same as everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.trajectory: Trajectory | None = None

    def line(self, width: int) -> Line:
        if self.trajectory is None or not self.trajectory.calls:
            return ()
        totals = self.trajectory.totals
        count = totals.llm_calls + totals.tool_calls
        tokens = totals.prompt_tokens + totals.completion_tokens
        unit = "tokens" if width >= 44 else "tok"
        spans: list[Span] = [
            (f"{count:,}", "strong"),
            (f" call{'' if count == 1 else 's'} · ", "dim"),
            (known_tokens(tokens, known=totals.tokens_known), "strong"),
            (f" {unit} · ", "dim"),
            (human_cost(totals.cost_usd if totals.cost_known else None), "strong"),
        ]
        if totals.failed_calls:
            spans += [(" · ", "dim"), (f"{totals.failed_calls} failed", "bad")]
        return cut_line(spans, width)


class CallsView(Vertical):
    """The pane: heading, calls, totals. `show` a run once, then give each `Change` to `apply`."""

    DEFAULT_CSS = "CallsView { height: 1fr; }"

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.calls = CallsList()
        self._heading = CallsHeading(self.calls)
        self._totals = CallsTotals()

    def compose(self) -> ComposeResult:
        yield self._heading
        yield self.calls
        yield self._totals

    def show(self, trajectory: Trajectory, now: Now | None = None) -> None:
        """Show the calls of this run from now on."""
        self._totals.trajectory = trajectory
        self.calls.show(trajectory, now)
        self._heading.stale()
        self._totals.stale()

    def move(self, trajectory: Trajectory) -> None:
        """Show another moment of the run."""
        self._totals.trajectory = trajectory
        self.calls.move(trajectory)
        self._heading.stale()
        self._totals.stale()

    def apply(self, change: Change) -> None:
        """Take up a change. Several in a row cost one redraw."""
        self.calls.apply(change)
        self._heading.stale()
        self._totals.stale()
