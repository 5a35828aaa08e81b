"""The breakpoints of a task: written, switched, changed and deleted. What is done holds at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, OptionList, Static

from rlm_tui.core.breakpoints import FORMS, SetBreakpoint, breakpoint_text
from rlm_tui.core.text import one_line
from rlm_tui.ui.edited_breakpoints import EditedBreakpoints
from rlm_tui.ui.key_groups import EDIT
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.breakpoint_line import BreakpointLine
from rlm_tui.ui.widgets.breakpoint_lists import BreakpointForms, BreakpointList

Changed = Callable[[tuple[SetBreakpoint, ...]], None]
_BELOW, _MOST_LISTED = 12, 12
"""Lines of the dialog that are no lists, and how many breakpoints are seen without scrolling."""


class BreakpointsScreen(Dialog[None]):
    """Tells `apply` of every change at once, and `keep` once, when it is left with a change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "close", id="breakpoints.close", group=EDIT,
                tooltip="Stop changing the breakpoint, or close and keep them all"),
        Binding("space", "switch", "on or off", id="breakpoints.switch", group=EDIT,
                tooltip="Switch the breakpoint on or off"),
        Binding("e", "change", "change", id="breakpoints.change", group=EDIT,
                tooltip="Change the breakpoint"),
        Binding("d,delete", "delete", "delete", id="breakpoints.delete", group=EDIT,
                tooltip="Delete the breakpoint"),
        Binding("up", "app.focus_previous", "Up", show=False, id="breakpoints.up", group=EDIT,
                tooltip="Back to the list"),
        Binding("down", "app.focus_next", "Down", show=False, id="breakpoints.down", group=EDIT,
                tooltip="On to the forms"),
    ]  # fmt: skip

    def __init__(
        self, task: str, breakpoints: Sequence[SetBreakpoint], *, apply: Changed, keep: Changed
    ) -> None:
        super().__init__()
        self._whose = task
        self._edited = EditedBreakpoints(breakpoints)
        self._apply, self._keep = apply, keep

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="breakpoints") as box:
            box.border_title = f"Breakpoints of {one_line(self._whose, 40)}"
            box.border_subtitle = "Esc closes and keeps them"
            yield BreakpointList(id="breakpoint-list")
            yield Static("None yet: write one, or take a form.", markup=False, id="no-breakpoints")
            yield BreakpointLine()
            yield Static("what can be written", markup=False, classes="option-group -first")
            yield BreakpointForms(id="breakpoint-forms")
            with Horizontal(classes="buttons"):
                yield Button("Add  Enter", id="add", variant="primary", compact=True)
                yield Button("On/off  space", id="switch", compact=True)
                yield Button("Change  e", id="change", compact=True)
                yield Button("Delete  d", id="delete", compact=True)
                yield Button("Close  esc", id="leave", compact=True)

    def on_mount(self) -> None:
        self._show()
        if self._edited.now:
            self._list.focus()
        else:
            self._line.focus_field()

    def on_unmount(self) -> None:
        """Also when the app is left from here."""
        if self._edited.are_changed:
            self._keep(self._edited.now)

    def on_resize(self, event: events.Resize) -> None:
        """The lists scroll; the field and the buttons are always there."""
        room = event.size.height * 92 // 100 - _BELOW
        forms = min(len(FORMS), max(3, room * 3 // 5))
        self._forms.styles.max_height = forms
        self._list.styles.max_height = min(_MOST_LISTED, max(3, room - forms))

    @property
    def _list(self) -> BreakpointList:
        return self.query_one(BreakpointList)

    @property
    def _forms(self) -> BreakpointForms:
        return self.query_one(BreakpointForms)

    @property
    def _line(self) -> BreakpointLine:
        return self.query_one(BreakpointLine)

    def _show(self) -> None:
        self._list.show(self._edited.now)
        self._list.display = bool(self._edited.now)
        self.query_one("#no-breakpoints").display = not self._edited.now
        for button in ("switch", "change", "delete"):
            self.query_one(f"#{button}", Button).disabled = not self._edited.now
        changing = self._edited.changing is not None
        self._line.show_label("change it to" if changing else "a new one")
        add = self.query_one("#add", Button)
        add.label = "Put it there  Enter" if changing else "Add  Enter"
        add.refresh(layout=True)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "switch":
                return bool(self._edited.now) or self._forms.has_focus
            case "change" | "delete":
                return bool(self._edited.now) and not self._forms.has_focus
            case _:
                return True

    # The list

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_list is self._list:
            self._switch(event.option_index)
        else:
            self._take_form(FORMS[event.option_index].example)

    def action_switch(self) -> None:
        if self._forms.has_focus:
            self._forms.action_select()
        elif self._list.highlighted is not None:
            self._switch(self._list.highlighted)

    def action_change(self) -> None:
        if (at := self._list.highlighted) is not None:
            self._edited.changing = at
            self._write(breakpoint_text(self._edited.now[at].breakpoint))

    def action_delete(self) -> None:
        if (at := self._list.highlighted) is not None:
            self._stop_changing()
            self._edited.delete(at)
            self._tell()
            if not self._edited.now:
                self._line.focus_field()

    def _switch(self, at: int) -> None:
        self._edited.switch(at)
        self._tell()

    def _tell(self) -> None:
        self._apply(self._edited.now)
        self._show()

    # The line

    def _take_form(self, example: str) -> None:
        self._write(example)
        self._line.select_value()

    def _write(self, line: str) -> None:
        self._line.write(line)
        self._show()

    def _stop_changing(self) -> None:
        if self._edited.changing is not None:
            self._edited.changing = None
            self._line.clear()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_add()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.run_worker(self.run_action(event.button.id or "add"), exit_on_error=False)

    def action_add(self) -> None:
        """Take what is written: as a new breakpoint, or in place of the one that is being changed."""
        found = self._line.read()
        if found is None:
            return
        at = self._edited.put(found)
        self._line.clear()
        self._tell()
        self._list.highlighted = at

    def action_leave(self) -> None:
        if self._edited.changing is None:
            self.dismiss(None)
        else:
            self._stop_changing()
            self._show()
            self._list.focus()
