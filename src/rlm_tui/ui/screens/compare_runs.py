"""Two saved runs side by side: totals, iterations aligned with what differs in them, outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from rlm_tui.core.run_comparison import MISSING, AlignedPair, RunComparison, compare_runs, line_diff
from rlm_tui.core.text import number_of, one_line, visible
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.headless.run_comparison import differing_texts, pair_line, totals_rows
from rlm_tui.store.errors import StoreError
from rlm_tui.store.run_log import RunLog
from rlm_tui.ui.key_groups import LOOK, PANES
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.result_block import value_text
from rlm_tui.ui.widgets.row import CODE_HANG, Row, TextRow
from rlm_tui.ui.widgets.runs_list import RunsWords
from rlm_tui.ui.widgets.text_view import TextView

_ROLES = {"+": "good", "-": "bad", "@": "label"}
_SIGNS = {"=": "good", "≠": "busy", "-": "bad", "+": "good"}
NAME_CELLS, VALUE_CELLS = 12, 42


class CompareRunsScreen(Screen[None]):
    """Reads both logs in a thread; `n` and `N` go from difference to difference."""

    place = "Compare runs"
    AUTO_FOCUS = "#compare-runs"
    CSS_PATH = "../app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "difference(1)", "difference", key_display="n N", id="compare_runs.next", group=LOOK,
                tooltip="To the next iteration that differs"),
        Binding("N", "difference(-1)", show=False, id="compare_runs.before", group=LOOK,
                tooltip="To the iteration before that differs"),
        Binding("escape", "dismiss_screen", "back", id="compare_runs.back", group=PANES,
                tooltip="Back to where you were"),
    ]  # fmt: skip

    def __init__(self, left: RunLog, right: RunLog) -> None:
        super().__init__()
        self._logs = left, right
        self._differences: list[int] = []

    def compose(self) -> ComposeResult:
        yield RunsWords(id="compare-runs-words")
        yield TextView(id="compare-runs")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one(RunsWords).say("reading …")
        self.run_worker(self._read, thread=True, exit_on_error=False)

    def _read(self) -> None:
        """Fold both runs (in a thread)."""
        try:
            left, right = (log.trajectory() for log in self._logs)
        except StoreError as error:
            self.app.call_from_thread(self.query_one(RunsWords).say, visible(str(error)), bad=True)
            return
        self.app.call_from_thread(self._show, compare_runs(left, right), left, right)

    def _show(self, found: RunComparison, left: Trajectory, right: Trajectory) -> None:
        names = [one_line(log.run_id, 60) for log in self._logs]
        differing = sum(not pair.same for pair in found.pairs)
        same = len(found.pairs) - differing
        words = f"{number_of(same, 'iteration')} the same, {differing} otherwise"
        self.query_one(RunsWords).say(f"{names[0]}  │  {names[1]}", words)
        rows: list[Row] = list(_heads(left, right))
        self._differences = []
        for pair in found.pairs:
            if not pair.same:
                self._differences.append(len(rows))
            rows.extend(_pair_rows(pair))
        rows.extend(_output_rows(found))
        self.query_one(TextView).fill(rows)

    def action_difference(self, step: int) -> None:
        view = self.query_one(TextView)
        here = view.scroll_offset.y
        lines = [view.line_of_row(row) for row in self._differences]
        fitting = [line for line in lines if (line > here if step > 0 else line < here)]
        if fitting:
            view.scroll_to(y=fitting[0] if step > 0 else fitting[-1], animate=False, force=True)

    def action_dismiss_screen(self) -> None:
        self.dismiss(None)


def _heads(left: Trajectory, right: Trajectory) -> Iterator[Row]:
    for name, one, other in totals_rows(left, right):
        role = "text" if one == other else "strong"
        yield TextRow(
            (
                (f"{name:<{NAME_CELLS}}", "dim"),
                (f"{one_line(one, VALUE_CELLS):<{VALUE_CELLS}} ", role),
                (one_line(other, VALUE_CELLS), role),
            )
        )
    yield TextRow((("", "text"),))


def _pair_rows(pair: AlignedPair) -> Iterator[Row]:
    line = visible(pair_line(pair))
    role = _SIGNS[line[0]]
    yield TextRow(((line[:1], role), (line[1:], "dim" if pair.same else "strong")), hang=(("  ", "text"),))
    for what, one, other in differing_texts(pair):
        yield TextRow(((what, "label"),), (("  │ ", "faint"),))
        for change in line_diff(one, other):
            yield TextRow(
                ((change, _ROLES.get(change[:1], "code")),), (("  │ ", "faint"),), hang=CODE_HANG, words=False
            )
    only = pair.left if pair.right is None else pair.right if pair.left is None else None
    if only is not None:
        for text in visible(only.code).split("\n")[:40]:
            yield TextRow(((text, "code"),), (("  │ ", "faint"),), hang=CODE_HANG, words=False)


def _output_rows(found: RunComparison) -> Iterator[Row]:
    yield TextRow((("", "text"),))
    for name, (one, other) in found.outputs.items():
        same = one == other
        yield TextRow((("= " if same else "≠ ", "good" if same else "busy"), (one_line(name, 60), "label")))
        texts = ["" if value is MISSING else value_text(value) for value in (one, other)]
        shown = visible(texts[0]).split("\n")[:40] if same else line_diff(texts[0], texts[1])
        for line in shown:
            role = "text" if same else _ROLES.get(line[:1], "text")
            yield TextRow(((line, role),), (("  ", "text"),))
