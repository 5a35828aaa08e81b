"""Look at a document or a file of a volume, page by page."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from rlm_tui.core.text import one_line, visible
from rlm_tui.ui.key_groups import MOVE
from rlm_tui.ui.screens.ask import AskScreen
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.text_pages import TextPages


class TextPreviewScreen(Dialog[None]):
    """Shows one page at a time; a page is read in a thread when it is turned to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "pagedown,space",
            "forward",
            "forward",
            id="preview.forward",
            tooltip="On, and to the next page",
            group=MOVE,
        ),
        Binding(
            "pageup,b", "back", "back", id="preview.back", tooltip="Back, and to the page before", group=MOVE
        ),
        Binding(
            "home,g",
            "first",
            "first",
            id="preview.first",
            tooltip="The first page",
            group=MOVE,
            priority=True,
        ),
        Binding(
            "end,G", "last", "last", id="preview.last", tooltip="The last page", group=MOVE, priority=True
        ),
        Binding(
            "o",
            "go_to",
            "go to",
            id="preview.go_to",
            tooltip="Go to a page, or to a part of the text",
            group=MOVE,
        ),
        Binding(
            "q,v", "dismiss_dialog", "close", show=False, id="preview.close", tooltip="Close", group=MOVE
        ),
    ]

    def __init__(self, pages: TextPages) -> None:
        super().__init__()
        self.pages = pages
        self.number = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="large") as box:
            box.border_title = Content(visible(self.pages.title).replace("\n", " "))
            with VerticalScroll(can_focus=True, id="page-scroll"):
                yield Static("", markup=False, id="page")
            with Horizontal(classes="buttons"):
                yield Button("Back PgUp", id="back", compact=True)
                yield Button("Forward PgDn", id="forward", compact=True)
                yield Button("Go to o", id="go-to", compact=True)
                yield Button("Esc close", id="close", compact=True)

    def on_mount(self) -> None:
        self._turn_to(0)

    def _turn_to(self, number: int, *, at_end: bool = False) -> None:
        self.number = max(0, min(number, self.pages.count - 1))
        self.run_worker(
            lambda: self._read(self.number, at_end), thread=True, exclusive=True, exit_on_error=False
        )

    def _read(self, number: int, at_end: bool) -> None:
        try:
            text = visible(self.pages.page(number))
        except (OSError, ValueError) as error:
            text = f"This page can't be read: {error}"
        self.app.call_from_thread(self._show, number, text, at_end)

    def _show(self, number: int, text: str, at_end: bool) -> None:
        if number != self.number:
            return
        self.query_one("#page", Static).update(Content(text or "(empty)"))
        pages = self.pages
        words = [f"page {number + 1:,} of {pages.count:,}", pages.length_words]
        if pages.detail:
            words.append(pages.detail)
        box = self.query_one("#dialog")
        box.border_subtitle = " · ".join(words)
        scroll = self.query_one("#page-scroll", VerticalScroll)
        self.call_after_refresh(scroll.scroll_end if at_end else scroll.scroll_home, animate=False)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        match event.button.id:
            case "back":
                self.action_back()
            case "forward":
                self.action_forward()
            case "go-to":
                self.action_go_to()
            case _:
                self.action_dismiss_dialog()
        self.query_one("#page-scroll").focus()

    def action_forward(self) -> None:
        scroll = self.query_one("#page-scroll", VerticalScroll)
        if scroll.scroll_offset.y < scroll.max_scroll_y:
            scroll.scroll_page_down(animate=False)
        elif self.number + 1 < self.pages.count:
            self._turn_to(self.number + 1)

    def action_back(self) -> None:
        scroll = self.query_one("#page-scroll", VerticalScroll)
        if scroll.scroll_offset.y > 0:
            scroll.scroll_page_up(animate=False)
        elif self.number > 0:
            self._turn_to(self.number - 1, at_end=True)

    def action_first(self) -> None:
        self._turn_to(0)

    def action_go_to(self) -> None:
        def asked(answer: str | None) -> None:
            if answer is None:
                return
            number = page_of(answer, self.pages.count)
            if number is None:
                self.query_one("#dialog").border_subtitle = f"{one_line(answer, 40)} is no page: 7, or 50%"
            else:
                self._turn_to(number)

        sentence = f"A page from 1 to {self.pages.count:,}, or how far into the text, as in 50%."
        self.app.push_screen(AskScreen("Go to", sentence, verb="goes there"), asked)

    def action_last(self) -> None:
        self._turn_to(self.pages.count - 1, at_end=True)


def page_of(written: str, count: int) -> int | None:
    """The page, from 0, that "7" or "50%" names; None for what names none."""
    text = written.strip().removeprefix("page").strip()
    share = text.endswith("%")
    try:
        number = float(text.removesuffix("%").replace(",", ""))
    except ValueError:
        return None
    if not 0 <= number <= (100 if share else count) or (not share and number < 1):
        return None
    return min(count - 1, int(count * number / 100)) if share else int(number) - 1
