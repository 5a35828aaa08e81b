"""Two saved runs side by side: totals, iterations aligned with what differs in them, outputs."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from rlm_tui.core.run_comparison import RunComparison, compare_runs
from rlm_tui.core.text import one_line, visible
from rlm_tui.store.errors import StoreError
from rlm_tui.store.run_log import RunLog
from rlm_tui.ui.key_groups import LOOK, PANES
from rlm_tui.ui.screens.left_once import LeftOnce
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from rlm_tui.ui.widgets.comparison_rows import ComparisonRows, Whole, comparison_rows
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.row_blocks import Place
from rlm_tui.ui.widgets.runs_list import RunsWords
from rlm_tui.ui.widgets.text_pages import TextPages, text_pages
from rlm_tui.ui.widgets.text_view import BODY, TextView


class CompareRunsScreen(LeftOnce[None]):
    """Reads both logs in a thread; `n` and `N` go from difference to difference, Enter shows one whole."""

    place = "Compare runs"
    AUTO_FOCUS = "#compare-runs"
    CSS_PATH = "../app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "difference(1)", "difference", key_display="n N", id="compare_runs.next", group=LOOK,
                tooltip="To the next difference"),
        Binding("N", "difference(-1)", show=False, id="compare_runs.before", group=LOOK,
                tooltip="To the difference before"),
        Binding("f5", "read_again", "read again", id="compare_runs.read", group=LOOK,
                tooltip="Read both logs again: a run may go on"),
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
        self.action_read_again()

    def action_read_again(self) -> None:
        self.query_one(RunsWords).say("reading …")
        self.run_worker(self._read, thread=True, exclusive=True, exit_on_error=False)

    @property
    def _names(self) -> tuple[str, str]:
        return self._logs[0].run_id, self._logs[1].run_id

    def _read(self) -> None:
        """Fold both runs, and make the rows (in a thread: both grow with the runs)."""
        try:
            left, right = (log.trajectory() for log in self._logs)
        except StoreError as error:
            self.app.call_from_thread(self._refused, str(error))
            return
        found = compare_runs(left, right, self._names)
        self.app.call_from_thread(self._show, found, comparison_rows(found, self._names))

    def _refused(self, problem: str) -> None:
        if self.is_mounted:
            self.query_one(RunsWords).say(visible(problem), bad=True)

    def _show(self, found: RunComparison, made: ComparisonRows) -> None:
        if not self.is_mounted:
            return
        self.query_one(RunsWords).say(found.words, "Enter shows both texts whole")
        self._differences = made.differences
        self.query_one(TextView).fill(made.rows, choosable=True)

    def action_difference(self, step: int) -> None:
        view = self.query_one(TextView)
        here = -1 if view.cursor is None else view.cursor.row
        fitting = [row for row in self._differences if (row > here if step > 0 else row < here)]
        if not fitting:
            words = "no difference" if not self._differences else "no further difference"
            self.query_one(KeyFooter).say(f"There is {words}{' before this' if step < 0 else ''}.")
            return
        row = fitting[0] if step > 0 else fitting[-1]
        view.following = False
        view.move_cursor(Place(BODY, row), reveal=False)
        view.scroll_to(y=view.line_of_row(row), animate=False, force=True)

    def on_text_view_row_chosen(self, event: TextView.RowChosen) -> None:
        event.stop()
        if isinstance(whole := event.target, Whole):
            self.run_worker(
                lambda: self._open(whole), thread=True, exclusive=True, group="open", exit_on_error=False
            )

    def _open(self, whole: Whole) -> None:
        """Put both texts together (in a thread: an output may have any length), and show them."""
        left, right = whole.texts()
        one, other = (one_line(name, 60) for name in self._names)
        pages = text_pages(whole.title, f"== first: {one} ==\n{left}\n\n== second: {other} ==\n{right}")
        self.app.call_from_thread(self._opened, pages)

    def _opened(self, pages: TextPages) -> None:
        if self.is_current:
            self.app.push_screen(TextPreviewScreen(pages))

    def action_dismiss_screen(self) -> None:
        self.dismiss(None)
