"""The Compare screen: the same question through the RLM and as one prompt, both live, side by side."""

from __future__ import annotations

import threading
from time import monotonic
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Button, Input, Static

from rlm_tui.core.text import one_line
from rlm_tui.engine.direct_window import Window, WindowError
from rlm_tui.ui.comparison import LEAVE_SECONDS, Comparison
from rlm_tui.ui.comparison_plan import Asked, Ready, plan_lines, ready, subject_words
from rlm_tui.ui.key_groups import PANES
from rlm_tui.ui.key_groups import RUN as RUN_GROUP
from rlm_tui.ui.run_control import StartSession
from rlm_tui.ui.screens.left_once import LeftOnce
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from rlm_tui.ui.screens.unconfined import RUN, UnconfinedScreen
from rlm_tui.ui.widgets.compare_rows import CompareRows
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.problem_line import ProblemLine
from rlm_tui.ui.widgets.result_block import declared_types
from rlm_tui.ui.widgets.text_pages import text_pages
from rlm_tui.ui.widgets.window_row import WindowRow

TICK_SECONDS = 0.25
CANCEL_SECONDS = 2.0


class CompareScreen(LeftOnce[None]):
    """Says what would be asked twice, asks it, and shows both. Leaving it cancels what still runs."""

    place = "Compare"
    CSS_PATH = "../app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "compare", "run both", id="compare.run", group=RUN_GROUP,
                tooltip="Ask through the RLM and as one prompt, at the same time"),
        Binding("escape", "cancel", "cancel", key_display="esc esc", id="compare.cancel", group=RUN_GROUP,
                tooltip="Cancel both (twice)"),
        Binding("escape", "back", "back", id="compare.back", tooltip="Back to Explore", group=PANES),
    ]  # fmt: skip

    def __init__(self, asked: Asked, start_session: StartSession) -> None:
        super().__init__(id="compare-screen")
        self._asked = asked
        self._start_session = start_session
        self._ready: Ready | None = None
        self._accepted = False
        self._cancel_until = 0.0
        self.comparison: Comparison | None = None

    @property
    def active(self) -> bool:
        """Whether one of the two goes on."""
        return self.comparison is not None and self.comparison.active

    def compose(self) -> ComposeResult:
        yield Static(Content(subject_words(self._asked)), markup=False, id="compare-subject")
        yield WindowRow(self._asked.settings)
        yield ProblemLine(id="compare-problem")
        yield CompareRows()
        yield KeyFooter()

    def on_mount(self) -> None:
        self.set_interval(TICK_SECONDS, self._show)
        self.query_one(CompareRows).show_plan([("", "Looking at the task, the document and the model …")])
        self.query_one(CompareRows).focus()
        self._allow_start()
        self.run_worker(self._prepare, thread=True, group="compare", exit_on_error=False)

    def on_unmount(self) -> None:
        if self.comparison is not None and self.comparison.active:
            # The program waits for this thread when it is left: a sandbox is ended, not left behind.
            threading.Thread(target=self.comparison.leave, name="compare: leaving", daemon=False).start()

    # Before

    def _prepare(self) -> None:
        """Find out what would be asked (in a thread: it imports the engine and looks at the document)."""
        try:
            found = ready(self._asked)
        except Exception as error:  # whatever it is: the screen must not look for ever
            said = str(error) or type(error).__name__
            self.app.call_from_thread(self._refused, f"{said} {getattr(error, 'hint', '') or ''}".strip())
            return
        self.app.call_from_thread(self._take, found)

    def _take(self, found: Ready) -> None:
        if not self.is_mounted:
            return
        self._ready = found
        self.query_one(WindowRow).take(found.window)
        self._show_plan(found.window)
        self._allow_start()

    def _refused(self, problem: str) -> None:
        if self.is_mounted:
            self.query_one(ProblemLine).say(problem)
            self.query_one(CompareRows).show_plan([])
            self._allow_start()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._ready is None or self.active:
            return
        try:
            window = self.query_one(WindowRow).written()
        except WindowError as error:
            self.query_one(ProblemLine).say(str(error))
            return
        self.query_one(ProblemLine).say("")
        if self.comparison is None:
            self._show_plan(window)
        self.query_one(WindowRow).say(window)

    def _show_plan(self, window: Window) -> None:
        if self._ready is not None:
            self.query_one(WindowRow).say(window)
            self.query_one(CompareRows).show_plan(plan_lines(self._ready.request, window))

    # Running

    def action_compare(self) -> None:
        if self._ready is None or self.active:
            return
        try:
            window = self.query_one(WindowRow).written()
        except WindowError as error:
            self.query_one(ProblemLine).say(str(error))
            self.query_one(WindowRow).focus_field()
            return
        if self._ready.unconfined and not self._accepted:
            self.app.push_screen(UnconfinedScreen(), self._answered)
            return
        self._begin(self._ready, window)

    def _answered(self, answer: str | None) -> None:
        self._accepted = answer == RUN
        if self._accepted:
            self.action_compare()
        else:
            self.query_one(ProblemLine).say("Nothing was run: the sandbox is unconfined.")

    def _begin(self, found: Ready, window: Window) -> None:
        if self.comparison is not None:
            self.comparison.close()
        self.query_one(ProblemLine).say("")
        self.query_one(CompareRows).begin(declared_types(found.request.task.signature))
        comparison = self.comparison = Comparison(self, found, window, self._show)
        comparison.start_direct()
        self.run_worker(
            lambda: comparison.start_rlm(self._start_session),
            thread=True,
            group="compare",
            exit_on_error=False,
        )
        self._show()
        self.query_one(CompareRows).focus()

    def _show(self) -> None:
        """Show how far both have come."""
        comparison = self.comparison
        if comparison is None or comparison.shown_end or not self.is_mounted:
            return
        self.query_one(CompareRows).show(*comparison.columns(), comparison.doing())
        self._allow_start()
        if not self.active:
            self.query_one(KeyFooter).hush()

    def _allow_start(self) -> None:
        self.query_one(WindowRow).allow(self._ready is not None and not self.active)
        self.refresh_bindings()

    def cancel(self) -> None:
        """Cancel both. Returns at once."""
        if self.comparison is not None:
            self.comparison.cancel()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "compare":
                return self._ready is not None and not self.active
            case "cancel":
                return self.active
            case "back":
                return not self.active
            case _:
                return True

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_compare()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_compare()

    def action_cancel(self) -> None:
        now = monotonic()
        footer = self.query_one(KeyFooter)
        if now > self._cancel_until:
            self._cancel_until = now + CANCEL_SECONDS
            footer.say("esc again cancels both", CANCEL_SECONDS)
        elif self.comparison is not None:
            self.cancel()
            footer.say("cancelling both", LEAVE_SECONDS)

    def action_back(self) -> None:
        if isinstance(self.focused, Input):
            self.query_one(CompareRows).focus()
        else:
            self.dismiss()

    def on_compare_rows_chosen(self, event: CompareRows.Chosen) -> None:
        self.app.push_screen(TextPreviewScreen(text_pages(one_line(event.name, 60), event.text)))
