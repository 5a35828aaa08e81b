"""A console on the live variables of a run: what is tried there is no part of it until it is inserted."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from rlm_tui.core.console_history import ConsoleHistory
from rlm_tui.core.events import Held
from rlm_tui.core.text import one_line
from rlm_tui.ui.console_completion import Wanted, names, printed, wanted
from rlm_tui.ui.console_session import ConsoleEntry, ConsoleSession
from rlm_tui.ui.key_groups import EDIT
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.check_line import CheckLine, Finding
from rlm_tui.ui.widgets.console_input import ConsoleInput
from rlm_tui.ui.widgets.console_log import ConsoleLog
from rlm_tui.ui.widgets.held_words import held_words

READY = "Enter runs · ^J breaks the line · Tab completes · ↑ ↓ what was typed before"
EVALUATING = "evaluating … Esc interrupts"
MOST_SHOWN = 12


class ConsoleScreen(Dialog[None]):
    """Evaluates in a thread; what was typed and what came back stays in `session` when the screen closes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+s", "insert", "insert as a step", priority=True, id="console.insert",
            tooltip="Run this code as a step of the run, which the planner reads", group=EDIT,
        ),
        Binding(
            "ctrl+l", "clear", "clear", priority=True, id="console.clear",
            tooltip="Empty the console; the variables stay", group=EDIT,
        ),
    ]  # fmt: skip

    def __init__(self, session: ConsoleSession, history: ConsoleHistory) -> None:
        super().__init__()
        self._session = session
        self._history = history
        self._evaluating = False
        self._said_held: Held | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="console") as box:
            box.border_title = "Console · apart from the trajectory"
            yield ConsoleLog(id="console-log")
            yield ConsoleInput(self._history.entries, id="console-input")
            yield CheckLine(id="console-line")
            with Horizontal(classes="buttons"):
                yield Button("Run enter", id="run", variant="primary", compact=True)
                yield Button("Insert as a step ^S", id="insert", compact=True)
                yield Button("Clear ^L", id="clear", compact=True)
                yield Button("Esc close", id="close", compact=True)

    def on_mount(self) -> None:
        self.query_one(ConsoleLog).fill_entries(self._session.entries)
        self.input.put(self._session.draft)
        self.input.focus()
        self._say(READY)
        self._show_place()
        self.set_interval(0.25, self._show_place)

    @property
    def input(self) -> ConsoleInput:
        return self.query_one(ConsoleInput)

    def _show_place(self) -> None:
        """Where the run is: it may be released, or end, while the console is open."""
        run = self._session.run
        held = run.trajectory.held
        if not run.active:
            words = "the run is over"
        elif held is not None:
            words = f"held {held_words(run.trajectory, held).place}"
        else:
            words = "the run goes on: hold it to have time"
        self.query_one("#dialog").border_subtitle = words
        self.query_one("#insert", Button).disabled = held is None

    def _say(self, words: str, *, good: bool = True) -> None:
        self.query_one(CheckLine).say(Finding(words, good=good))

    # Evaluating

    def on_console_input_entered(self, event: ConsoleInput.Entered) -> None:
        event.stop()
        self._run(event.code)

    def _run(self, code: str) -> None:
        if self._evaluating:
            self._say(EVALUATING, good=False)
            return
        self._evaluating = True
        self._history.add(code)
        self.input.put("")
        self._say(EVALUATING)

        def evaluate() -> None:
            entry = self._session.evaluate(code)
            self.app.call_from_thread(self._evaluated, entry)

        self.run_worker(evaluate, thread=True, group="console")

    def _evaluated(self, entry: ConsoleEntry) -> None:
        self._evaluating = False
        if entry.kind == "refused":
            if not self.input.text:
                self.input.put(entry.code)
            self._say(entry.problem, good=False)
            return
        self._session.add(entry)
        self.query_one(ConsoleLog).add(entry)
        self._say(READY)

    def action_insert(self) -> None:
        from rlm_tui.engine.verbs import SessionError

        code = self.input.text if self.input.text.strip() else self._session.last_code()
        if not code.strip():
            self._say("Write the code of the step first.", good=False)
            return
        try:
            self._session.insert(code)
        except SessionError as error:
            self._say(str(error), good=False)
            return
        self._history.add(code)
        self.input.put("")
        self.query_one(ConsoleLog).add(self._session.entries[-1])
        self._say("inserted: what it prints stands in the Trajectory")

    def action_clear(self) -> None:
        self._session.entries.clear()
        self.query_one(ConsoleLog).fill_entries(())

    # Completion

    def on_console_input_completion_wanted(self, event: ConsoleInput.CompletionWanted) -> None:
        event.stop()
        asked = wanted(event.line)
        if asked is None:
            self._say("Tab completes names, attributes behind a dot, and keys of dictionaries.")
        elif not asked.look_up:
            self._complete(event.line, asked, names(asked.begun, self._session.variables))
        elif not self._evaluating:
            self._evaluating = True
            self._say("looking it up …")
            self.run_worker(lambda: self._look_up(event.line, asked), thread=True, group="console")

    def _look_up(self, line: str, asked: Wanted) -> None:
        found = printed(self._session.look_up(asked.look_up), asked.begun)
        self.app.call_from_thread(self._complete, line, asked, found)

    def _complete(self, line: str, asked: Wanted, found: list[str]) -> None:
        if asked.look_up:
            self._evaluating = False
        self.input.complete(line, asked.begun, found, asked.close)
        if len(found) > 1:
            more = f" … {len(found) - MOST_SHOWN:,} more" if len(found) > MOST_SHOWN else ""
            self._say("  ".join(one_line(name, 40) for name in found[:MOST_SHOWN]) + more)
        else:
            self._say(READY if found else "Nothing begins so.")

    # Away from here

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        match event.button.id:
            case "run":
                self._run_button()
            case "insert":
                self.action_insert()
            case "clear":
                self.action_clear()
            case _:
                self.action_dismiss_dialog()
                return
        self.input.focus()

    def _run_button(self) -> None:
        if self.input.text.strip():
            self._run(self.input.text)

    def on_code_editor_escape_pressed(self) -> None:
        self.action_dismiss_dialog()

    def action_dismiss_dialog(self) -> None:
        if self._evaluating:
            self._session.run.interrupt()
            self._say("interrupting …")
            return
        self._session.draft = self.input.text
        self.dismiss(None)
