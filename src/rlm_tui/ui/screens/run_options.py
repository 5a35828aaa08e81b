"""The form of the run options: models, sandbox, volume, budgets."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input

from rlm_tui.core.settings import Settings, SettingsError
from rlm_tui.ui.key_groups import EDIT
from rlm_tui.ui.options import Overrides
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.field_scroll import FieldScroll
from rlm_tui.ui.widgets.option_fields import OptionFields, options_problem
from rlm_tui.ui.widgets.problem_line import ProblemLine


class RunOptionsScreen(Dialog[dict[str, str]]):
    """Answers with the overrides; a value that can't be used is said in place and keeps the form open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "up",
            "app.focus_previous",
            "Up",
            show=False,
            id="options.up",
            tooltip="The field above",
            group=EDIT,
        ),
        Binding(
            "down",
            "app.focus_next",
            "Down",
            show=False,
            id="options.down",
            tooltip="The field below",
            group=EDIT,
        ),
        Binding("enter", "apply", "apply", id="options.apply", tooltip="Use these options", group=EDIT),
    ]

    def __init__(
        self, settings: Settings, overrides: Overrides, check: Callable[[Overrides], Settings]
    ) -> None:
        super().__init__()
        self._settings = settings
        self._overrides = overrides
        self._check = check

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="run-options") as box:
            box.border_title = "Run options"
            box.border_subtitle = "Enter applies · Esc closes"
            with FieldScroll(id="options"):
                yield OptionFields(self._settings, self._overrides)
            yield ProblemLine(id="problem")
            with Horizontal(classes="buttons"):
                yield Button("Apply  Enter", id="apply", variant="primary", compact=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_apply()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_apply()

    def action_apply(self) -> None:
        overrides = {**self._overrides, **self.query_one(OptionFields).changed()}
        try:
            self._check(overrides)
        except SettingsError as error:
            self.query_one(ProblemLine).say(options_problem(error))
            return
        self.dismiss(overrides)
