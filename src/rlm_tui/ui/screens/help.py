"""The help: the keys of where you are, from the bindings themselves, and pages to read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from rlm_tui.ui.help_pages import KEYS, PAGES, HelpPage, page_text
from rlm_tui.ui.key_groups import APPLICATION, PANES
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.key_list import key_list
from rlm_tui.ui.widgets.tab_bar import TabBar


class HelpScreen(Dialog[None]):
    """Lists keys in groups. It is given (binding, key as shown) pairs, so that it names what really works.

    The other pages are Markdown of our own, mounted when they are turned to.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f1,q",
            "dismiss_dialog",
            "close",
            id="help.close",
            show=False,
            tooltip="Close the help",
            group=APPLICATION,
        ),
        # Before the keys of what scrolls, which has a left and a right of its own.
        Binding("right", "turn(1)", "next page", id="help.next", priority=True, group=PANES,
                tooltip="The next page of the help"),
        Binding("left", "turn(-1)", "page before", id="help.previous", priority=True, group=PANES,
                tooltip="The page of the help before this one"),
        *(
            Binding(str(number), f"page({number})", page.title, show=False, id=f"help.page.{number}",
                    tooltip=f"To the page {page.title}", group=PANES)
            for number, page in enumerate(PAGES, 1)
        ),
    ]  # fmt: skip

    def __init__(self, bindings: Iterable[tuple[Binding, str]], place: str, page: str = KEYS) -> None:
        super().__init__()
        self._keys = list(bindings)
        self._place = place
        self._number = next((number for number, one in enumerate(PAGES, 1) if one.name == page), 1)

    @property
    def page(self) -> HelpPage:
        """The page that is shown."""
        return PAGES[self._number - 1]

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="tall help") as box:
            box.border_subtitle = "[@click=screen.dismiss_dialog]← → pages · Esc closes[/]"
            yield TabBar({number: page.title for number, page in enumerate(PAGES, 1)})
            with VerticalScroll(can_focus=True, id="help-scroll"):
                yield Static(key_list(self._keys), id="keys")

    def on_mount(self) -> None:
        self._turn_to(self._number)

    def show_page(self, name: str) -> None:
        """Turn to the page of this name."""
        self._turn_to(next(number for number, page in enumerate(PAGES, 1) if page.name == name))

    def _turn_to(self, number: int) -> None:
        self._number = number
        page = self.page
        self.query_one("#dialog").border_title = Content(
            f"Keys in {self._place}" if page.name == KEYS else page.title
        )
        self.query_one(TabBar).set_active(number)
        self.query_one("#keys").display = page.name == KEYS
        for shown in self.query(".help-page"):
            shown.display = shown.id == page.name
        self.query_one("#help-scroll", VerticalScroll).scroll_home(animate=False)
        if page.name != KEYS and not self.query(f"#{page.name}"):
            self.run_worker(lambda: self._open(page), thread=True, group="help", exit_on_error=False)

    def _open(self, page: HelpPage) -> None:
        """Read a page (in a thread: the parser of Markdown is imported for the first one)."""
        from textual.widgets import Markdown

        try:
            shown: Widget = Markdown(page_text(page.name), id=page.name, classes="help-page")
        except OSError as error:
            words = f"This page can't be read: {error.strerror or error}."
            shown = Static(words, markup=False, id=page.name, classes="help-page")
        self.app.call_from_thread(self._mount, page, shown)

    def _mount(self, page: HelpPage, shown: Widget) -> None:
        if self.is_mounted and not self.query(f"#{page.name}"):
            shown.display = page == self.page
            self.query_one("#help-scroll").mount(shown)

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        self._turn_to(event.number)

    def action_page(self, number: int) -> None:
        self._turn_to(number)

    def action_turn(self, pages: int) -> None:
        self._turn_to((self._number - 1 + pages) % len(PAGES) + 1)
