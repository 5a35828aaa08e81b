"""What is known of a saved run, and its result, beside the list."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from rlm_tui.core.events import RunFinished
from rlm_tui.core.run_record import RunRecord
from rlm_tui.store.listing import summarize
from rlm_tui.ui.widgets.result_block import declared_types, output_rows
from rlm_tui.ui.widgets.row import Row, TextRow
from rlm_tui.ui.widgets.run_rows import fact_rows
from rlm_tui.ui.widgets.text_view import TextView

PAUSE_SECONDS = 0.08
"""How long the cursor rests on a run before its result is read."""


class RunPreview(TextView):
    """`show` it a run: its facts at once, its result as soon as it is read."""

    can_focus = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._run: RunRecord | None = None

    def show(self, run: RunRecord | None, path: Path) -> None:
        """Show this run, in the folder `path`; None: nothing."""
        if run == self._run:
            return
        self._run = run
        self.fill([] if run is None else fact_rows(run))
        if run is not None and self.display:
            self.set_timer(PAUSE_SECONDS, lambda: self._read(run, path))

    def _read(self, run: RunRecord, path: Path) -> None:
        if run is self._run:
            look = partial(self._look, run, path)
            self.run_worker(look, thread=True, exclusive=True, group="preview", exit_on_error=False)

    def _look(self, run: RunRecord, path: Path) -> None:
        summary = summarize(path)
        if summary.finished is not None:
            signature = summary.started.signature if summary.started is not None else ""
            self.app.call_from_thread(self._take, run, summary.finished, signature)

    def _take(self, run: RunRecord, finished: RunFinished, signature: str) -> None:
        if run is not self._run or not finished.outputs:
            return
        rows: list[Row] = [*fact_rows(run), TextRow((("", "text"),))]
        declared = declared_types(signature)
        for name, output in finished.outputs.items():
            rows += output_rows(name, output, declared.get(name, ""))
        self.fill(rows)
