"""The Batch screen: one task over many documents, several at a time."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from rlm_tui.core.settings import Settings
from rlm_tui.core.tasks import Task
from rlm_tui.headless.batch_request import BatchError, BatchRequest
from rlm_tui.ui.batch_plan import Wanted, batch_of, subject_words
from rlm_tui.ui.batch_run import BatchRun
from rlm_tui.ui.key_groups import LOOK, PANES
from rlm_tui.ui.key_groups import RUN as RUN_GROUP
from rlm_tui.ui.run_control import would_run_unconfined
from rlm_tui.ui.screens.left_once import LeftOnce
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from rlm_tui.ui.screens.unconfined import RUN, UnconfinedScreen
from rlm_tui.ui.widgets.batch_fields import BatchFields
from rlm_tui.ui.widgets.batch_rows import BatchRows
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.problem_line import ProblemLine

TICK_SECONDS = 0.25
CANCEL_SECONDS = 2.0


class BatchScreen(LeftOnce[None]):
    """Kept while the app lives: a batch goes on when the person goes back to Explore."""

    CSS_PATH = "../app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "run_batch", "run", id="batch.run", tooltip="Run the batch", group=RUN_GROUP),
        Binding("x", "cancel_batch", "cancel", key_display="x x", id="batch.cancel",
                tooltip="Cancel the batch (twice); answers are kept", group=RUN_GROUP),
        Binding("enter", "look", "answer", id="batch.answer", show=False,
                tooltip="Look at the document's answer", group=LOOK),
        Binding("escape", "back", "back", id="batch.back", tooltip="Back to Explore", group=PANES),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__(id="batch-screen")
        self.current: BatchRun | None = None
        self._wanted: Wanted | None = None
        self._ended = False
        self._preparing = False
        self._accepted = threading.Event()
        self._cancel_until = 0.0

    @property
    def active(self) -> bool:
        """Whether a batch runs, or is about to."""
        return self._preparing or (self.current is not None and not self.current.done)

    def compose(self) -> ComposeResult:
        yield Static("", markup=False, id="batch-subject")
        yield BatchFields()
        yield ProblemLine(id="batch-problem")
        yield BatchRows(id="batch-rows")
        yield Static("", markup=False, id="batch-summary")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.set_interval(TICK_SECONDS, self._tick)
        self._show_subject()

    def prepare(
        self,
        task: Task,
        values: Mapping[str, str],
        document: Path | None,
        settings: Settings,
        confined: bool | None,
    ) -> None:
        """What the next batch runs; a batch that goes on keeps what it began with."""
        if self.active:
            return
        self._wanted = Wanted(task, dict(values), settings, confined)
        if self.is_mounted:
            self._show_subject()
        self.call_later(lambda: self.query_one(BatchFields).suggest(document))

    def _show_subject(self) -> None:
        if self._wanted is not None:
            self.query_one("#batch-subject", Static).update(Content(subject_words(self._wanted)))

    # Running

    def action_run_batch(self) -> None:
        wanted = self._wanted
        if wanted is None:
            return
        texts = self.query_one(BatchFields).texts()
        self._say("")
        self._preparing = True
        self.refresh_bindings()
        self.run_worker(lambda: self._prepare(wanted, texts), thread=True, group="batch", exit_on_error=False)

    def _prepare(self, wanted: Wanted, texts: Mapping[str, str]) -> None:
        """From the form to a batch (in a thread: it looks at the documents)."""
        tell = self.app.call_from_thread
        settings = wanted.settings
        try:
            request = batch_of(wanted, texts)
            ask = settings.lm is not None and not self._accepted.is_set() and would_run_unconfined(settings)
        except (ValueError, OSError) as error:  # those of a batch, a task and a signature
            tell(self._refused, f"{error} {getattr(error, 'hint', '') or ''}".strip())
            return
        tell(self._ask if ask else self._launch, request)

    def _ask(self, request: BatchRequest) -> None:
        def answered(answer: str | None) -> None:
            if answer == RUN:
                self._accepted.set()
                self._launch(request)
            else:
                self._refused("Nothing was run: the sandbox is unconfined.")

        self.app.push_screen(UnconfinedScreen(), answered)

    def _launch(self, request: BatchRequest) -> None:
        self.run_worker(lambda: self._start(request), thread=True, group="batch", exit_on_error=False)

    def _start(self, request: BatchRequest) -> None:
        """Take hold of the results file and begin (in a thread)."""
        try:
            batch = BatchRun(request)
        except BatchError as error:
            self.app.call_from_thread(self._refused, f"{error} {error.hint}".strip())
            return
        self.current = batch
        batch.start()
        self.app.call_from_thread(self._started)

    def _started(self) -> None:
        self._preparing = self._ended = False
        self.query_one(BatchRows).focus_list()
        self._tick()
        self.refresh_bindings()

    def _refused(self, problem: str) -> None:
        self._preparing = False
        self._say(problem)
        self.query_one(BatchFields).focus_documents()
        self.refresh_bindings()

    def _say(self, words: str) -> None:
        self.query_one("#batch-problem", ProblemLine).say(words)

    def _tick(self) -> None:
        batch = self.current
        if batch is None or self._preparing:
            return
        ended = batch.look()
        rows = batch.rows()
        self.query_one(BatchRows).show(rows)
        self.query_one("#batch-summary", Static).update(Content(batch.words(rows)))
        if batch.problem is not None:
            self._say(f"{batch.problem} {batch.problem.hint}")
        if ended != self._ended:
            self._ended = ended
            self.refresh_bindings()

    def cancel(self) -> None:
        """Cancel what runs; what was answered is kept. Returns at once."""
        if self.current is not None:
            self.current.cancel()

    # Keys

    def action_cancel_batch(self) -> None:
        now = monotonic()
        if now > self._cancel_until:
            self._cancel_until = now + CANCEL_SECONDS
            self.query_one(KeyFooter).say("x again cancels the batch", CANCEL_SECONDS)
        else:
            self.cancel()
            self.query_one(KeyFooter).say("cancelling: answers are kept", 6.0)

    def action_back(self) -> None:
        if isinstance(self.focused, Input):
            self.query_one(BatchRows).focus_list()
        else:
            self.dismiss()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.active:
            self.action_run_batch()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "run_batch":
                return not self.active
            case "cancel_batch":
                return self.active and self.current is not None and not self.current.cancelled
            case _:
                return True

    def on_batch_rows_chosen(self, event: BatchRows.Chosen) -> None:
        """Show the document's line of the results, as it is in the file."""
        pages = self.current.answer(event.row.document) if self.current is not None else None
        if pages is None:
            self.query_one(KeyFooter).say("It has no answer yet.")
            return
        self.app.push_screen(TextPreviewScreen(pages))
