"""With what a run is made, in one line and as a form's fields; changes are overrides of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from rlm_tui.core.settings import Settings, load_settings
from rlm_tui.core.settings_sources import COMMAND_LINE
from rlm_tui.core.text import human_cost, human_count, human_seconds


class OptionField(NamedTuple):
    """One line of the form: the setting's whole name, what it is called, and what may be written."""

    setting: str
    label: str
    hint: str


_REMEMBER = "debugger.remember_answers"

GROUPS: tuple[tuple[str, tuple[OptionField, ...]], ...] = (
    (
        "Models",
        (
            OptionField("lm.model", "planner", "offline, or as in openai/gpt-5-mini"),
            OptionField("sub_lm.model", "sub-LM", "the planner's model"),
            OptionField(_REMEMBER, "remembered answers", "none; true takes those of earlier runs"),
        ),
    ),
    (
        "Sandbox",
        (
            OptionField("sandbox.kind", "where", "local, or modal"),
            OptionField("sandbox.confined", "confinement", "of the local one: auto, required, or off"),
            OptionField("sandbox.volume", "volume", "a name; its files stay from run to run"),
        ),
    ),
    (
        "Budgets",
        (
            OptionField("budgets.max_iterations", "iterations", "then the answer is extracted"),
            OptionField("budgets.max_llm_calls", "LLM calls", "those that cells make"),
            OptionField("budgets.cell_seconds", "seconds a cell", "no limit"),
            OptionField("budgets.max_seconds", "seconds", "no limit"),
            OptionField("budgets.max_tokens", "tokens", "no limit"),
            OptionField("budgets.max_cost_usd", "US dollars", "no limit"),
        ),
    ),
)
FIELDS = tuple(field for _, fields in GROUPS for field in fields)

Overrides = Mapping[str, str]
"""Settings by their whole name as they were written into the form; an empty text takes a limit away."""


def settings_with(overrides: Overrides, directory: Path | None = None) -> Settings:
    """The settings that hold with `overrides` over all other sources. Raises SettingsError."""
    filled = {name: value for name, value in overrides.items() if value.strip()}
    if _REMEMBER in overrides:
        filled.setdefault(_REMEMBER, "false")
    settings = load_settings(directory=directory, overrides=filled)
    emptied = {
        name.removeprefix("budgets."): None
        for name, value in overrides.items()
        if name.startswith("budgets.") and not value.strip() and _may_be_none(name)
    }
    if emptied:
        # That there is no limit was chosen, too: a task's own may not take its place.
        chosen = {f"budgets.{name}": COMMAND_LINE for name in emptied}
        settings = msgspec.structs.replace(
            settings,
            budgets=msgspec.structs.replace(settings.budgets, **emptied),
            source={**settings.source, **chosen},
        )
    return settings


def _may_be_none(name: str) -> bool:
    return name not in ("budgets.max_iterations", "budgets.max_llm_calls")


def written(settings: Settings, setting: str) -> str:
    """The value of a setting as it stands in the form; empty where it has none."""
    section, _, name = setting.partition(".")
    part = getattr(settings, section)
    if part is None:
        return "offline" if setting == "lm.model" else ""
    value = getattr(part, name)
    if isinstance(value, bool):
        return "true" if value else ""
    return "" if value is None else number_text(value) if isinstance(value, float) else str(value)


def number_text(value: float) -> str:
    """A number as a person writes it, whole: it is read back from a form."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def model_words(settings: Settings) -> str:
    """The models in words: `offline demo`, or the planner's and, where it differs, the sub-LM's name."""
    if settings.lm is None:
        return "offline demo"
    planner = settings.lm.model.rpartition("/")[2]
    if settings.sub_lm is None or settings.sub_lm.model == settings.lm.model:
        return planner
    return f"{planner} + {settings.sub_lm.model.rpartition('/')[2]}"


def sandbox_words(settings: Settings, confined: bool | None) -> str:
    """The sandbox in words; `confined` False is always named, None is not known yet."""
    if settings.sandbox.kind == "modal":
        return "Modal"
    if confined is False or settings.sandbox.confined == "off":
        return f"{settings.sandbox.kind} unconfined"
    return settings.sandbox.kind


def brief_options(settings: Settings, confined: bool | None) -> str:
    """The run options where there is little room: models, sandbox, iterations."""
    iterations = f"{settings.budgets.max_iterations} iterations"
    return " · ".join([model_words(settings), sandbox_words(settings, confined), iterations])


def options_words(settings: Settings, confined: bool | None) -> str:
    """The run options in one line: models, sandbox, volume, budgets."""
    budgets = settings.budgets
    words = [
        model_words(settings),
        sandbox_words(settings, confined),
        settings.sandbox.volume,
        f"{budgets.max_iterations} iterations",
        f"{budgets.max_llm_calls} calls",
    ]
    if budgets.cell_seconds is not None:
        words.append(f"{human_seconds(budgets.cell_seconds)} a cell")
    if budgets.max_seconds is not None:
        words.append(human_seconds(budgets.max_seconds))
    if budgets.max_tokens is not None:
        words.append(f"{human_count(budgets.max_tokens)} tokens")
    if budgets.max_cost_usd is not None:
        words.append(human_cost(budgets.max_cost_usd))
    if settings.debugger.remember_answers:
        words.append("answers remembered")
    return " · ".join(words)
