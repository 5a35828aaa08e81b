"""The budgets of a run: what is used of each, a new limit for one, or the end of the run."""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from rlm_tui.core.budget_use import BUDGET_WORDS, BudgetError, BudgetUse, amount_words, read_amount, suggested
from rlm_tui.core.events import Held
from rlm_tui.core.text import visible
from rlm_tui.ui.key_groups import EDIT, RUN
from rlm_tui.ui.live_run import LiveRun
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.budget_table import BudgetTable
from rlm_tui.ui.widgets.held_words import held_words
from rlm_tui.ui.widgets.problem_line import ProblemLine

TICK_SECONDS = 0.25
AMOUNT_CHARACTERS = "0123456789.,_$kKmM"
LOOK = "Choose a budget and write its new limit: it holds at once, whether the run is held or goes on."


class AmountField(Input):
    """Takes figures; every other key is the dialog's."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return character is not None and character in AMOUNT_CHARACTERS

    def on_key(self, event: events.Key) -> None:
        if event.is_printable and (event.character or "") not in AMOUNT_CHARACTERS:
            event.prevent_default()  # Input's own handler would write it


class BudgetAnswer(NamedTuple):
    """What was decided: a budget was raised (`words` say which), or the run is to end."""

    verb: Literal["raised", "finish", "stop"]
    words: str = ""


class BudgetsScreen(Dialog[BudgetAnswer]):
    """Raises budgets of `run` itself and answers what was decided; None when it is only shut."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "up", "choose(-1)", "Up", show=False, id="budgets.up", tooltip="The budget above", group=EDIT
        ),
        Binding(
            "down", "choose(1)", "Down", show=False, id="budgets.down", tooltip="The budget below", group=EDIT
        ),
        Binding("enter", "raise", "raise", id="budgets.raise", tooltip="Make this the new limit", group=EDIT),
        Binding(
            "x",
            "finish",
            "finish",
            id="budgets.finish",
            tooltip="End the run with an answer that is extracted from what was found",
            group=RUN,
        ),
        Binding(
            "s", "stop", "stop", id="budgets.stop", tooltip="Stop the run; what was found is kept", group=RUN
        ),
    ]

    def __init__(self, run: LiveRun) -> None:
        super().__init__()
        self._run = run
        self._asked = self._held
        self._chosen = self._asked.budget if self._asked is not None else "max_iterations"

    @property
    def _held(self) -> Held | None:
        """The hold that waits for a budget."""
        held = self._run.trajectory.held if self._run.active else None
        return held if held is not None and held.budget else None

    @property
    def _uses(self) -> list[BudgetUse]:
        return self._run.trajectory.budget_uses(self._run.clock.now())

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="budgets") as box:
            box.border_subtitle = "↑↓ choose · Enter raises · Esc closes"
            yield Static("", markup=False, id="budget-why")
            yield BudgetTable(id="budget-table")
            with Horizontal(classes="option-row"):
                yield Static("", markup=False, id="budget-label")
                yield AmountField(id="budget-amount", compact=True)
            yield ProblemLine(id="problem")
            with Horizontal(classes="buttons"):
                yield Button("Raise  enter", id="raise", variant="primary", compact=True)
                yield Button("Finish with an answer  x", id="finish", compact=True)
                yield Button("Stop  s", id="stop", compact=True)
                yield Button("Close  esc", id="close", compact=True)

    def on_mount(self) -> None:
        if not self.query("#budget-label"):
            return  # it was shut before it was there
        self._say_why()
        self._choose(self._chosen)
        self.query_one(AmountField).focus()
        self._show()
        self.set_interval(TICK_SECONDS, self._show)

    def _say_why(self) -> None:
        title = "Budgets" if self._asked is None else "A budget is used up"
        self.query_one("#dialog", Vertical).border_title = title
        self.query_one("#budget-why", Static).update(Content(visible(self._why())))

    def _why(self) -> str:
        if self._asked is None:
            return LOOK if self._run.active else "The run has ended. This is what it used."
        words = held_words(self._run.trajectory, self._asked)
        also = (
            ""
            if self._asked.budget != "cell_seconds"
            else " Esc and release goes on with the limit as it is."
        )
        return f"Held {words.place}. {self._asked.detail} Nothing is lost: raise it, or end the run.{also}"

    def _show(self) -> None:
        """What is used by now; a hold that is over, or a run, needs no answer any more."""
        held = self._held
        if self._asked is not None and held is not self._asked:
            self.dismiss(None)
            return
        if held is not None and self._asked is None:
            self._asked = held
            self._say_why()
            self._choose(held.budget)
        self.query_one(BudgetTable).show(self._uses)
        for button in ("#raise", "#finish", "#stop"):
            self.query_one(button, Button).disabled = not self._run.active

    # Which one

    def action_choose(self, by: int) -> None:
        names = list(BUDGET_WORDS)
        self._choose(names[(names.index(self._chosen) + by) % len(names)])

    def on_budget_table_chosen(self, event: BudgetTable.Chosen) -> None:
        event.stop()
        self._choose(event.budget)
        self.query_one(AmountField).focus()

    def _choose(self, name: str) -> None:
        self._chosen = name
        self.query_one(BudgetTable).choose(name)
        self.query_one("#budget-label", Static).update(f"New limit of {BUDGET_WORDS[name]}")
        field = self.query_one(AmountField)
        use = next(use for use in self._uses if use.name == name)
        asked = self._asked if self._asked is not None and self._asked.budget == name else None
        field.value = suggested(use, None if asked is None else asked.needs)
        field.action_end()
        self.query_one(ProblemLine).say("")

    # What is done

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.query_one(ProblemLine).say("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_raise()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        match event.button.id:
            case "raise":
                self.action_raise()
            case "finish":
                self.action_finish()
            case "stop":
                self.action_stop()
            case _:
                self.dismiss(None)

    def action_raise(self) -> None:
        from rlm_tui.engine.verbs import SessionError

        problem = self.query_one(ProblemLine)
        if not self._run.active:
            problem.say("The run has ended: its budgets can't be raised any more.")
            return
        try:
            amount = read_amount(self._chosen, self.query_one(AmountField).value)
            self._run.raise_budget(self._chosen, amount)
        except (BudgetError, SessionError) as error:
            problem.say(str(error))
            return
        words = f"the budget of {BUDGET_WORDS[self._chosen]} is now {amount_words(self._chosen, amount)}"
        self.dismiss(BudgetAnswer("raised", words))

    def action_finish(self) -> None:
        if self._run.active:
            self.dismiss(BudgetAnswer("finish"))

    def action_stop(self) -> None:
        if self._run.active:
            self.dismiss(BudgetAnswer("stop"))
