"""The call that is looked at on the screen of all calls: read in a thread, copied, saved, asked again."""

from __future__ import annotations

from pathlib import Path

from textual.timer import Timer

from rlm_tui.core.trajectory import Call
from rlm_tui.ui.run_calls import RunCalls
from rlm_tui.ui.screens.calls_again import CallsAgain
from rlm_tui.ui.screens.save import SaveScreen
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from rlm_tui.ui.widgets.asked_again_rows import again_rows
from rlm_tui.ui.widgets.call_detail import CallDetail
from rlm_tui.ui.widgets.call_detail_rows import CallTexts, call_text, detail_rows, place_words, read_texts
from rlm_tui.ui.widgets.call_list import CallList
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.row import Row
from rlm_tui.ui.widgets.text_pages import text_pages

PAUSE_SECONDS = 0.06
"""How long the cursor rests on a call before its texts are read."""


class CallsReading(CallsAgain):
    """Shows the call under the cursor; one in flight is read again when there is more of it."""

    def __init__(self, source: RunCalls) -> None:
        super().__init__(source)
        self._shown: tuple[Call, CallTexts] | None = None
        self._shown_state: tuple[object, ...] = ()
        self._pause: Timer | None = None

    @property
    def detail(self) -> CallDetail:
        return self.query_one(CallDetail)

    def _tick(self) -> None:
        super()._tick()
        if self.asking:
            self.say_again()
        listed = self.calls.current
        if listed is not None and _state(listed.call) != self._shown_state:
            self._read_soon()
        if self._shown is not None and self._shown[0].state == "running":
            self.detail.text.paint_again()

    def on_call_list_moved(self, event: CallList.Moved) -> None:
        self._read_soon()

    def _read_soon(self) -> None:
        if self._pause is None:
            self._pause = self.set_timer(PAUSE_SECONDS, self._read)

    def _read(self) -> None:
        self._pause = None
        listed = self.calls.current
        if listed is None:
            self._shown, self._shown_state = None, ()
            self.detail.show(())
            self.refresh_bindings()
            return
        call = listed.call
        self._shown_state = _state(call)
        self.run_worker(lambda: self._read_call(call), thread=True, group="detail")

    def _read_call(self, call: Call) -> None:
        """Read and lay out a call (in a thread)."""
        source = self.source
        texts = read_texts(call, source.text)
        again = [one for one in source.again if one.of == call.span]
        more = list(again_rows(again, texts.prompt, texts.answer))
        notes = source.notes_of(call.span)
        rows = list(detail_rows(call, texts, notes, source.now, source.call, more))
        self.app.call_from_thread(self._show_call, call, texts, rows)

    def _show_call(self, call: Call, texts: CallTexts, rows: list[Row]) -> None:
        listed = self.calls.current if self.is_attached else None
        if listed is None or listed.call is not call:
            return
        same = self._shown is not None and self._shown[0] is call
        self._shown = (call, texts)
        self.detail.show(rows, keep_place=same, choosable=call.is_batch)
        self.refresh_bindings()

    def show_again(self, span: str) -> None:
        self._shown_state = ()

    # What is done with it

    def on_call_detail_said(self, event: CallDetail.Said) -> None:
        self.query_one(KeyFooter).say(event.words, 3.0)

    def action_ask_again(self) -> None:
        if self._shown is not None:
            self.edit_prompt(self._shown[0], self._shown[1].prompt)

    def _text(self) -> str:
        if self._shown is None:
            return ""
        return call_text(*self._shown, self.source.now(), self.source.call)

    def action_copy(self) -> None:
        self._copied(self._text(), "the call")

    def action_copy_answer(self) -> None:
        if self._shown is None:
            return
        call, texts = self._shown
        if answer := texts.answer or texts.result:
            self._copied(answer, "the answer")
        elif call.is_batch:
            self.query_one(KeyFooter).say("A batch has no answer of its own: its items have.", 3.0)
        else:
            words = "There is no answer yet." if call.state == "running" else "This call has no answer."
            self.query_one(KeyFooter).say(words, 3.0)

    def _copied(self, text: str, what: str) -> None:
        self.app.copy_to_clipboard(text)
        self.query_one(KeyFooter).say(f"{len(text):,} characters of {what} are in the clipboard.", 3.0)

    def action_write(self) -> None:
        def saved(path: Path | None) -> None:
            if path is not None:
                self.query_one(KeyFooter).say(f"Written to {path}", 4.0)

        if self._shown is not None:
            name = place_words(self._shown[0]).replace("·", "-")
            self.app.push_screen(SaveScreen(self._text(), f"call-{name}.md"), saved)

    def action_pages(self) -> None:
        if self._shown is not None:
            title = f"Call {place_words(self._shown[0])}"
            self.app.push_screen(TextPreviewScreen(text_pages(title, self._text())))


def _state(call: Call) -> tuple[object, ...]:
    """Differs when there is more to show of a call."""
    return call.span, call.state, len(call.items), call.items_done
