"""All calls of a run in full: a table with a waterfall, and beside it the call that is looked at."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from rlm_tui.core.iterations import LLM_KINDS
from rlm_tui.ui.run_calls import RunCalls
from rlm_tui.ui.screens.calls_bindings import CALLS_BINDINGS
from rlm_tui.ui.screens.calls_reading import CallsReading
from rlm_tui.ui.widgets.call_detail import CallDetail
from rlm_tui.ui.widgets.call_filter_field import CallFilterField
from rlm_tui.ui.widgets.call_list import CallList, CallListHeading
from rlm_tui.ui.widgets.call_list_foot import CallListFoot
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.problem_line import ProblemLine
from rlm_tui.ui.widgets.targets import CallLine
from rlm_tui.ui.widgets.text_view import TextView

BESIDE_COLUMNS, BELOW_LINES = 140, 32
NEEDS_A_CALL = frozenset({"view", "copy", "copy_answer", "write", "pages"})

OF_THE_TABLE = frozenset({"view", "sort_by", "turn_order", "in_flight_first"})


class CallsScreen(CallsReading):
    """Opened over a run that goes on or has ended."""

    AUTO_FOCUS = "#call-list"
    CSS_PATH = "../app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = CALLS_BINDINGS

    def __init__(self, source: RunCalls, span: str = "") -> None:
        """Opens with the cursor on the call `span`."""
        super().__init__(source)
        self._go_to = span
        call = source.call(span)
        if call is not None and call.parent is not None and call.parent.is_batch:
            self._opened = frozenset({call.parent.span})

    def compose(self) -> ComposeResult:
        yield Static("", markup=False, id="calls-subject")
        with Container(id="calls-parts"):
            with Vertical(id="calls-table"):
                yield CallFilterField()
                yield ProblemLine(id="calls-problem")
                calls = CallList(id="call-list")
                yield CallListHeading(calls)
                yield Static("", markup=False, id="calls-none")
                yield calls
            yield CallDetail()
        yield CallListFoot()
        yield Static("", markup=False, id="calls-again")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one("#calls-subject", Static).update(Content(f"Calls in full │ {self.source.title}"))
        self.query_one("#calls-again").display = False

    def on_resize(self, event: events.Resize) -> None:
        beside = event.size.width >= BESIDE_COLUMNS
        below = not beside and event.size.height >= BELOW_LINES
        self.set_class(beside, "-beside")
        self.set_class(below, "-below")
        self.set_class(not beside and not below, "-single")

    # Where the person is

    def on_call_list_chosen(self, event: CallList.Chosen) -> None:
        if event.listed.call.is_batch:
            self.fold(event.listed.call.span)
        else:
            self.action_view()

    def on_text_view_row_chosen(self, event: TextView.RowChosen) -> None:
        if isinstance(event.target, CallLine) and self._shown is not None:
            batch = self._shown[0].span
            self._go_to = event.target.span
            if not self.calls.go_to(self._go_to):
                self.fold(batch)

    def action_view(self) -> None:
        self.add_class("-reading")
        self.detail.text.focus()

    def action_other_side(self) -> None:
        if self.detail.text.has_focus:
            self.remove_class("-reading")
            self.calls.focus()
        else:
            self.action_view()

    def action_filter(self) -> None:
        self.remove_class("-reading")
        self.add_class("-filtering")
        self.query_one("#calls-filter", Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.take_filter(event.value, whole=True)
        self.calls.focus()
        self.set_class(bool(event.value), "-filtering")

    def action_back(self) -> None:
        field = self.query_one("#calls-filter", Input)
        if self.detail.has_focus_within and self.detail.stop_searching():
            return
        if self.detail.has_focus_within:
            self.action_other_side()
        elif field.has_focus or field.value:
            field.value = ""
            self.remove_class("-filtering")
            self.calls.focus()
        else:
            self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "cancel_asking":
            return self.asking
        if action == "ask_again":
            return not self.asking and self._shown is not None and self._shown[0].kind in LLM_KINDS
        if action in OF_THE_TABLE and self.is_attached and self.detail.has_focus_within:
            return False
        return self._shown is not None if action in NEEDS_A_CALL else True
