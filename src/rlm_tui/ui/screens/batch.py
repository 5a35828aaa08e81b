"""The Batch screen: one task over many documents, several at a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from rlm_tui.core.document_walk import is_pattern
from rlm_tui.core.settings import Settings
from rlm_tui.core.tasks import Task
from rlm_tui.core.text import human_seconds, one_line
from rlm_tui.headless.batch import Batch
from rlm_tui.headless.batch_request import (
    DEFAULT_PARALLEL,
    BatchError,
    BatchRequest,
    find_documents,
    make_batch,
)
from rlm_tui.headless.batch_table import summary
from rlm_tui.ui.key_groups import LOOK, PANES
from rlm_tui.ui.key_groups import RUN as RUN_GROUP
from rlm_tui.ui.options import model_words, sandbox_words
from rlm_tui.ui.run_control import would_run_unconfined
from rlm_tui.ui.screens.left_once import LeftOnce
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from rlm_tui.ui.screens.unconfined import RUN, UnconfinedScreen
from rlm_tui.ui.widgets.batch_rows import BatchRows
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.problem_line import ProblemLine
from rlm_tui.ui.widgets.text_pages import bytes_pages

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
        self.current: Batch | None = None
        self._wanted: tuple[Task, dict[str, str], Settings] | None = None
        self._confined: bool | None = None
        self._answers: dict[str, Any] = {}
        self._began = 0.0
        self._seconds = 0.0
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
        for label, name, hint in (
            ("documents", "batch-documents", "a pattern, as in logs/**/*.txt, or a folder"),
            ("at a time", "batch-parallel", str(DEFAULT_PARALLEL)),
            ("results", "batch-results", "a file of JSON lines; one of its own, if none is named"),
        ):
            with Horizontal(classes="option-row batch-row"):
                yield Static(label, markup=False, classes="option-label")
                yield Input(placeholder=hint, id=name, compact=True, select_on_focus=False)
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
        self._wanted, self._confined = (task, dict(values), settings), confined
        if self.is_mounted:
            self._show_subject()
        self.call_later(self._suggest, document)

    def _suggest(self, document: Path | None) -> None:
        field = self.query_one("#batch-documents", Input)
        if document is not None and not field.value:
            whole = is_pattern(str(document)) or document.is_dir()
            field.value = str(document if whole else document.parent / f"*{document.suffix}")

    def _show_subject(self) -> None:
        if self._wanted is None:
            return
        task, values, settings = self._wanted
        inputs = " · ".join(f"{name}: {one_line(value, 60)}" for name, value in values.items())
        parts = ["Batch", task.name, inputs, model_words(settings), sandbox_words(settings, self._confined)]
        self.query_one("#batch-subject", Static).update(Content(" │ ".join(part for part in parts if part)))

    # Running

    def action_run_batch(self) -> None:
        if self._wanted is None:
            return
        texts = {name: self.query_one(f"#batch-{name}", Input).value.strip() for name in FIELDS}
        self._say("")
        self._preparing = True
        self.refresh_bindings()
        wanted = self._wanted
        self.run_worker(
            lambda: self._prepare(*wanted, texts), thread=True, group="batch", exit_on_error=False
        )

    def _prepare(
        self, task: Task, values: dict[str, str], settings: Settings, texts: Mapping[str, str]
    ) -> None:
        """From the form to a batch (in a thread: it looks at the documents)."""
        tell = self.app.call_from_thread
        try:
            number = texts["parallel"] or str(DEFAULT_PARALLEL)
            if not number.isdecimal():
                raise BatchError(
                    f"{one_line(number, 20)!r} is no number of runs at a time.", "Write one, as in 4."
                )
            patterns = [texts["documents"]] if texts["documents"] else []
            request = make_batch(
                task, find_documents(patterns), inputs=values, settings=settings, parallel=int(number),
                results=Path(texts["results"]) if texts["results"] else None,
            )  # fmt: skip
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
            self._answers = {}
            batch = Batch(request, self._take)
        except BatchError as error:
            self.app.call_from_thread(self._refused, f"{error} {error.hint}".strip())
            return
        self._began, self._seconds, self.current = monotonic(), 0.0, batch
        batch.start()
        self.app.call_from_thread(self._started)

    def _take(self, result: dict[str, Any]) -> None:
        self._answers[str(result.get("document"))] = result

    def _started(self) -> None:
        self._preparing = self._ended = False
        self.query_one(BatchRows).focus_list()
        self._tick()
        self.refresh_bindings()

    def _refused(self, problem: str) -> None:
        self._preparing = False
        self._say(problem)
        self.query_one("#batch-documents", Input).focus()
        self.refresh_bindings()

    def _say(self, words: str) -> None:
        self.query_one("#batch-problem", ProblemLine).say(words)

    def _tick(self) -> None:
        batch = self.current
        if batch is None or self._preparing:
            return
        ended = batch.wait(0)
        if not ended or not self._seconds:
            self._seconds = monotonic() - self._began
        rows = batch.rows()
        self.query_one(BatchRows).show(rows)
        words = f"{summary(rows)} · {human_seconds(self._seconds)} · {batch.request.results}"
        self.query_one("#batch-summary", Static).update(Content(words))
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
        result = self._answers.get(str(event.row.document))
        if result is None:
            self.query_one(KeyFooter).say("It has no answer yet.")
            return
        text = json.dumps(result, ensure_ascii=False, indent=2, default=str).encode("utf-8", "replace")
        pages = bytes_pages(
            event.row.document.name, len(text), lambda start, length: text[start : start + length]
        )
        self.app.push_screen(TextPreviewScreen(pages))


FIELDS = ("documents", "parallel", "results")
