"""Asking again from the screen of all calls: the editor, the thread that waits, and what is kept of it."""

from __future__ import annotations

from time import monotonic

from textual.widgets import Static

from rlm_tui.core.call_again import CallAgain, totals_again
from rlm_tui.core.text import human_seconds, one_line
from rlm_tui.core.trajectory import Call
from rlm_tui.engine.control import RunControl, Stop
from rlm_tui.ui.run_calls import RunCalls
from rlm_tui.ui.screens.ask_again import AskAgainScreen
from rlm_tui.ui.screens.calls_listing import CallsListing
from rlm_tui.ui.widgets.asked_again_rows import again_words
from rlm_tui.ui.widgets.call_detail_rows import place_words


class CallsAgain(CallsListing):
    """One prompt is asked again at a time; whoever leaves the screen does not wait for it any more."""

    def __init__(self, source: RunCalls) -> None:
        super().__init__(source)
        self._control: RunControl | None = None
        self._asking = ""
        self._retry = ""
        self._began = 0.0

    def on_mount(self) -> None:
        self.run_worker(self._read_again, thread=True, group="again")

    def _read_again(self) -> None:
        problem = self.source.read_again()
        self.app.call_from_thread(self._was_kept, problem)

    def on_unmount(self) -> None:
        self.action_cancel_asking()

    @property
    def asking(self) -> bool:
        """Whether an answer is waited for."""
        return bool(self._asking)

    def edit_prompt(self, call: Call, prompt: str) -> None:
        """Show the prompt of `call` to be changed, and send it."""

        def answered(answer: str | None) -> None:
            if answer is not None and not self.asking:
                self._ask(call, answer)

        who = self.source.sub_lm_words
        who = f"{who[:1].upper()}{who[1:]}" if self.source.settings.lm is None else who
        self.app.push_screen(AskAgainScreen(place_words(call), prompt, who), answered)

    def _ask(self, call: Call, prompt: str) -> None:
        self._asking = f"asking {self.source.sub_lm_words} again: call {place_words(call)}"
        self._began, self._retry = monotonic(), ""
        self.say_again()
        self.refresh_bindings()
        span, control = call.span, RunControl()
        self._control = control
        self.run_worker(lambda: self._wait(span, prompt, control), thread=True, group="again")

    def _wait(self, span: str, prompt: str, control: RunControl) -> None:
        """Ask (in a thread: it imports dspy, too)."""
        from rlm_tui.engine.call_again import ask_call_again

        call = ask_call_again(self.source.settings, span, prompt, control, self._tell_retry)
        problem = self.source.keep_again(call)
        self.app.call_from_thread(self._answered, call, problem)

    def _tell_retry(self, sentence: str) -> None:
        self._retry = one_line(sentence, 120)

    def _answered(self, call: CallAgain, problem: str) -> None:
        self._control, self._asking = None, ""
        if not self.is_attached:
            return
        self._was_kept(problem)
        self.refresh_bindings()
        self.show_again(call.of)

    def _was_kept(self, problem: str) -> None:
        if self.is_attached:
            self.say_again(problem)

    def show_again(self, span: str) -> None:
        """Something was asked again of the call `span`."""

    def action_cancel_asking(self) -> None:
        if self._control is not None:
            self._control.stop(Stop("cancelled"))

    def say_again(self, problem: str = "") -> None:
        """Say what is being asked, and what was asked again so far."""
        words = []
        if self._asking:
            words.append(f"{self._asking}, {human_seconds(monotonic() - self._began)} · x cancels")
            words.append(self._retry)
        if self.source.again:
            words.append(again_words(totals_again(self.source.again)))
        words.append(problem)
        shown = " · ".join(filter(None, words))
        line = self.query_one("#calls-again", Static)
        line.update(shown)
        line.display = bool(shown)
