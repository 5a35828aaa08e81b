"""Choose the tools that cells of a task can call: those that come along, and one's own as module:function."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from rlm_tui.core.task import Task
from rlm_tui.core.text import visible
from rlm_tui.core.tool_names import BUILTIN_TOOLS
from rlm_tui.ui.key_groups import EDIT
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.task_looks import look_at_tools
from rlm_tui.ui.widgets.check_line import PAUSE_SECONDS, CheckLine, Finding

_BELOW, _MOST_LISTED = 17, 10
"""Lines of the dialog that are not the list: its border, what was found out, the field, the buttons."""


class ToolsScreen(Dialog[tuple[str, ...]]):
    """Answers with the tools that are added to the task's own. One that can't be used keeps it open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "apply", "use them", id="tools.apply", group=EDIT, priority=True,
                tooltip="Run the task with these tools"),
        Binding("space", "turn", "Turn over", show=False, id="tools.turn", group=EDIT,
                tooltip="Take the tool, or leave it"),
        Binding("up", "app.focus_previous", "Up", show=False, id="tools.up", group=EDIT,
                tooltip="Back to the list"),
    ]  # fmt: skip

    def __init__(self, task: Task, added: tuple[str, ...]) -> None:
        super().__init__()
        self._wanted_by = task
        self._names = list(dict.fromkeys((*task.tools, *BUILTIN_TOOLS, *added)))
        self._added = list(added)
        self._looked_at = ""
        self._adds = self._applies = 0
        """The looks that lead to more: at the name that is to be added, at all that are to be used."""
        self._applies_then = False

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="tools") as box:
            box.border_title = f"Tools of {self._wanted_by.name}"
            box.border_subtitle = "^S uses them · Esc closes"
            yield OptionList(id="tool-list", compact=True, markup=False)
            with VerticalScroll(id="chosen-scroll", can_focus=False):
                yield CheckLine(id="chosen-check")
            with Horizontal(classes="option-row"):
                yield Static("one of your own", markup=False, classes="option-label")
                yield Input(
                    placeholder="module:function, Enter adds it", id="tool-name", compact=True,
                    select_on_focus=False,
                )  # fmt: skip
            yield CheckLine(id="tool-check")
            with Horizontal(classes="buttons"):
                yield Button("Use them  ^S", id="apply", variant="primary", compact=True)

    def on_mount(self) -> None:
        self._list()
        self._look_at_chosen()

    def on_resize(self, event: events.Resize) -> None:
        """The list scrolls; the buttons are always there."""
        room = event.size.height * 92 // 100 - _BELOW
        self.query_one("#tool-list").styles.max_height = max(3, min(_MOST_LISTED, room))

    def _list(self) -> None:
        tools = self.query_one("#tool-list", OptionList)
        at = tools.highlighted or 0
        tools.clear_options()
        for name in self._names:
            own = name in self._wanted_by.tools
            sign = "x" if own or name in self._added else " "
            words = f"[{sign}] {visible(name)}{'  of the task' if own else ''}"
            tools.add_option(Option(Content(words), id=name))
        tools.highlighted = min(at, len(self._names) - 1)

    # Taking and leaving

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._turn(event.option_id or "")

    def action_turn(self) -> None:
        tools = self.query_one("#tool-list", OptionList)
        if tools.has_focus and tools.highlighted is not None:
            self._turn(self._names[tools.highlighted])

    def _turn(self, name: str) -> None:
        if name in self._wanted_by.tools:
            return
        if name in self._added:
            self._added.remove(name)
        else:
            self._added.append(name)
        self._list()
        self._look_at_chosen()

    @property
    def _chosen(self) -> tuple[str, ...]:
        return (*self._wanted_by.tools, *self._added)

    def _look_at_chosen(self) -> int:
        line, chosen, taken = self.query_one("#chosen-check", CheckLine), self._chosen, self._taken
        if chosen:
            return line.look(lambda: look_at_tools(chosen, taken), pause=0.0)
        line.say(Finding("Cells can call llm_query and llm_query_batched, and no tools."))
        return 0

    @property
    def _taken(self) -> list[str]:
        return [item.name for item in self._wanted_by.inputs]

    # One of one's own

    def on_input_changed(self, event: Input.Changed) -> None:
        """Something else is written than what is looked at; the news of that may come after Enter."""
        event.stop()
        if self._written != self._looked_at:
            self._applies, self._applies_then = 0, False
            self._look_at_name()

    @property
    def _written(self) -> str:
        return self.query_one("#tool-name", Input).value.strip()

    def _look_at_name(self, *, adds: bool = False) -> None:
        line, name = self.query_one("#tool-check", CheckLine), self._written
        self._looked_at, self._adds = name, 0
        if not name:
            line.say(Finding(""))
            return
        names, taken = tuple(dict.fromkeys((*self._chosen, name))), self._taken

        def look() -> Finding:
            finding = look_at_tools(names, taken)
            return Finding(finding.words.splitlines()[-1], finding.good)

        number = line.look(look, f"looking at {name} …", pause=0.0 if adds else PAUSE_SECONDS)
        if adds:
            self._adds = number

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self._look_at_name(adds=True)

    def on_check_line_looked(self, event: CheckLine.Looked) -> None:
        event.stop()
        if not event.finding.good:
            return
        if event.line.id == "tool-check" and event.number == self._adds:
            if self._written == self._looked_at:  # else something was typed, and the news of it is on its way
                self._add(self._looked_at)
        elif event.line.id == "chosen-check" and event.number == self._applies:
            self.dismiss(tuple(self._added))

    def _add(self, name: str) -> None:
        self._names = list(dict.fromkeys((*self._names, name)))
        self._added = list(dict.fromkeys((*self._added, name)))
        with self.prevent(Input.Changed):
            self.query_one("#tool-name", Input).value = ""
        self._look_at_name()
        self._list()
        number = self._look_at_chosen()
        if self._applies_then:
            self._applies = number

    # Using them

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_apply()

    def action_apply(self) -> None:
        """Add what stands in the field, and use them all once they are found to be good together."""
        self._applies_then = bool(self._written)
        if self._written:
            self._applies = 0
            self._look_at_name(adds=True)
        elif self._chosen:
            self._applies = self._look_at_chosen()
        else:
            self.dismiss(())
