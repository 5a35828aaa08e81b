"""The run options as fields: models, sandbox, volume, budgets, as a form of any screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from rlm_tui.core.settings import Settings, SettingsError
from rlm_tui.ui.options import FIELDS, GROUPS, Overrides, written


class OptionFields(Vertical):
    """Shows the options of `settings`, with `overrides` in place of what they change."""

    DEFAULT_CSS = "OptionFields { height: auto; }"

    def __init__(
        self,
        settings: Settings,
        overrides: Overrides | None = None,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(id=id)
        overrides = overrides or {}
        self._before = {
            field.setting: overrides.get(field.setting, written(settings, field.setting)) for field in FIELDS
        }

    def compose(self) -> ComposeResult:
        for at, (title, fields) in enumerate(GROUPS):
            yield Static(title, markup=False, classes="option-group" if at else "option-group -first")
            for field in fields:
                with Horizontal(classes="option-row"):
                    yield Static(field.label, markup=False, classes="option-label")
                    yield Input(
                        self._before[field.setting],
                        placeholder=field.hint,
                        name=field.setting,
                        id=field.setting.replace(".", "-"),
                        compact=True,
                        select_on_focus=False,
                    )

    def changed(self) -> dict[str, str]:
        """What is written otherwise than it stood there, by the setting's whole name."""
        return {
            name: field.value.strip()
            for name, field in self._fields()
            if field.value.strip() != self._before[name]
        }

    def take(self, values: Overrides) -> None:
        """Show other values, by the setting's whole name; what the person changed before stays as it is."""
        changed = self.changed()
        for name, field in self._fields():
            if name in values:
                self._before[name] = values[name]
                if name not in changed:
                    with self.prevent(Input.Changed):
                        field.value = values[name]

    def _fields(self) -> list[tuple[str, Input]]:
        return [(field.name, field) for field in self.query(Input) if field.name]


def options_problem(error: SettingsError) -> str:
    """Why an option can't be used, named as the form names it."""
    label = next((field.label for field in FIELDS if field.setting == error.field), "")
    hint = error.hint.replace(error.field, label) if label else error.hint
    return f"{label}: {hint}" if label and hint else f"{error} {hint}"
