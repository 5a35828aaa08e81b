"""Where settings are written: config.toml, .env, the environment and flags, in rising order."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import dotenv
import dotenv.parser
from msgspec import Struct

from rlm_tui.core.events import Budgets
from rlm_tui.core.paths import config_file, expanded
from rlm_tui.core.redaction import names_a_secret
from rlm_tui.core.secret import Secret
from rlm_tui.core.settings import (
    DebuggerSettings,
    DocumentSettings,
    LMSettings,
    ModalSettings,
    SandboxSettings,
    Settings,
    UISettings,
)
from rlm_tui.core.settings_errors import SettingsError
from rlm_tui.core.settings_fields import FLAGS, SECTIONS, convert, fields, variables

OFFLINE = "offline"
COMMAND_LINE = "the command line"
# "off", or the file to read in place of the one that would be found.
DOTENV_VARIABLE = "RLM_TUI_DOTENV"


class Given(Struct, frozen=True):
    """A value as it was written: under which name, and where."""

    value: Any
    name: str
    source: str

    @property
    def place(self) -> str:
        """Name and place in words; a flag says by itself where it stands."""
        return self.name if self.source == COMMAND_LINE else f"{self.name} in {self.source}"


def gather(*, environment: Mapping[str, str], directory: Path, overrides: Mapping[str, Any]) -> Settings:
    """The settings from every source. Raises SettingsError."""
    dotenv_path = find_dotenv(environment, directory)
    written = read_dotenv(dotenv_path) if dotenv_path else {}
    given: dict[str, Given] = {}
    given.update(_from_config(config_file()))
    given.update(_from_variables(written, str(dotenv_path), empty="left out"))
    given.update(_from_variables(environment, "the environment", empty="unset"))
    given.update(_from_overrides(overrides))
    values = {
        field: convert(field, item.value, item.place, item.source)
        for field, item in given.items()
        if item.value is not None
    }
    _check_budgets(values, given)
    lm, sub_lm, remarks = _models(values, given)
    return Settings(
        lm=lm,
        sub_lm=sub_lm,
        sandbox=SandboxSettings(**_section(values, "sandbox")),
        modal=ModalSettings(**_section(values, "modal")),
        budgets=Budgets(**_section(values, "budgets")),
        documents=DocumentSettings(**_section(values, "documents")),
        debugger=DebuggerSettings(**_section(values, "debugger")),
        ui=UISettings(**_section(values, "ui")),
        source={field: given[field].source for field in values},
        remarks=remarks,
        other_secrets=_other_secrets(environment, written),
    )


def find_dotenv(environment: Mapping[str, str], directory: Path) -> Path | None:
    """The nearest .env from `directory` up to the root of its git repository; only its own outside of one."""
    chosen = environment.get(DOTENV_VARIABLE, "").strip()
    if chosen.lower() == "off":
        return None
    if chosen:
        return directory / expanded(chosen)
    directory = directory.absolute()
    above = [directory, *directory.parents]
    root = next((index for index, folder in enumerate(above) if (folder / ".git").exists()), 0)
    return next((folder / ".env" for folder in above[: root + 1] if (folder / ".env").is_file()), None)


def read_dotenv(path: Path) -> dict[str, str]:
    """The variables that a .env file sets; nothing is put into the environment. Raises SettingsError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise SettingsError(
            "", str(path), f"{path} can't be read: {reason}.", "Mend the file or move it away."
        ) from error
    for binding in dotenv.parser.parse_stream(StringIO(text)):
        if binding.error:
            raise SettingsError(
                "",
                str(path),
                f"Line {binding.original.line} of {path} can't be read.",
                "Write NAME=value, one on a line.",
            )
    values = dotenv.dotenv_values(stream=StringIO(text))
    return {name: value for name, value in values.items() if value is not None}


def _from_config(path: Path) -> Iterator[tuple[str, Given]]:
    source = str(path)
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(
            "", source, f"{path} can't be read: {reason}.", "Mend the file or move it away."
        ) from error
    for section, table in tables.items():
        if section not in SECTIONS or not isinstance(table, dict):
            raise _unknown(section, source, f"[{section}]", list(SECTIONS))
        names = SECTIONS[section].__struct_fields__
        for name, value in table.items():
            if name not in names:
                raise _unknown(
                    f"{section}.{name}",
                    source,
                    f"{section}.{name}",
                    [f"{section}.{known}" for known in names],
                )
            yield f"{section}.{name}", Given(value, f"{section}.{name}", source)


def _from_variables(
    variables_set: Mapping[str, str], source: str, empty: Literal["unset", "left out"]
) -> Iterator[tuple[str, Given]]:
    """An empty variable of the environment takes back what lower sources set; an empty line of .env does
    nothing.
    """
    for field in fields():
        names = [name for name in variables(field) if name in variables_set]
        filled = next((name for name in names if variables_set[name].strip()), None)
        if filled is not None:
            yield field, Given(variables_set[filled], filled, source)
        elif names and empty == "unset":
            yield field, Given(None, names[0], source)


def _from_overrides(overrides: Mapping[str, Any]) -> Iterator[tuple[str, Given]]:
    known = (*FLAGS, *fields())
    for name, value in overrides.items():
        if value is None:
            continue
        field = FLAGS.get(name, name)
        if field not in known:
            raise _unknown(name, COMMAND_LINE, f"{name!r}", list(known))
        flag = f"--{name.replace('_', '-')}" if name in FLAGS else name
        yield (
            field,
            Given(
                value,
                {"--cell-seconds": "--timeout", "--max-cost-usd": "--max-cost"}.get(flag, flag),
                COMMAND_LINE,
            ),
        )


def _unknown(field: str, source: str, shown: str, known: list[str]) -> SettingsError:
    near = difflib.get_close_matches(field, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
    return SettingsError(field, source, f"{shown} ({source}) is no setting.", hint)


def _section(values: Mapping[str, Any], section: str) -> dict[str, Any]:
    return {
        field.partition(".")[2]: value for field, value in values.items() if field.startswith(f"{section}.")
    }


def _check_budgets(values: Mapping[str, Any], given: Mapping[str, Given]) -> None:
    """`Budgets` is an event's part and takes any number; a limit has to be one that something fits into."""
    for field, value in values.items():
        if not field.startswith("budgets.") or value is None:
            continue
        least = (
            0
            if field in ("budgets.max_llm_calls", "budgets.max_cost_usd")
            else 1
            if isinstance(value, int)
            else 0.1
        )
        if not value >= least or value == float("inf"):
            item = given[field]
            raise SettingsError(
                field,
                item.source,
                f"{item.place} is {value}, and at least {least} is needed.",
                "",
            )


def _models(
    values: dict[str, Any], given: Mapping[str, Given]
) -> tuple[LMSettings | None, LMSettings | None, tuple[str, ...]]:
    planner, sub = _section(values, "lm"), _section(values, "sub_lm")
    if not planner.get("model") or planner["model"].lower() == OFFLINE:
        remarks = []
        asked = planner.get("model", "").lower() == OFFLINE
        left = next(
            (field for field in ("lm.api_key", "lm.api_base", "sub_lm.model") if field in values), None
        )
        if left and not asked:
            remarks.append(
                f"{given[left].place} is set and no model is: this is the offline demo. "
                "Set DSPY_LM_MODEL to use a model."
            )
        return None, None, tuple(remarks)
    lm = LMSettings(**planner)
    if not sub.get("model"):
        return lm, None, ()
    # The planner's key goes to no other host and no other provider than the planner's.
    same_provider = lm.model.partition("/")[0] == sub["model"].partition("/")[0]
    if same_provider and "api_base" not in sub:
        sub = {"api_base": lm.api_base, "api_key": lm.api_key, **sub}
    return lm, LMSettings(**{"max_tokens": lm.max_tokens, "cache": lm.cache, **sub}), ()


def _other_secrets(environment: Mapping[str, str], written: Mapping[str, str]) -> tuple[Secret, ...]:
    found = {
        value.strip(): None
        for source in (environment, written)
        for name, value in source.items()
        if value.strip() and names_a_secret(name)
    }
    return tuple(map(Secret, found))
