"""The names of settings: as fields, as flags, and as variables of the environment."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from rlm_tui.core.events import Budgets
from rlm_tui.core.secret import Secret
from rlm_tui.core.settings import (
    DebuggerSettings,
    DocumentSettings,
    LMSettings,
    ModalSettings,
    SandboxSettings,
    UISettings,
)
from rlm_tui.core.settings_errors import SettingsError
from rlm_tui.core.text import one_line

SECTIONS: dict[str, type[msgspec.Struct]] = {
    "lm": LMSettings,
    "sub_lm": LMSettings,
    "sandbox": SandboxSettings,
    "modal": ModalSettings,
    "budgets": Budgets,
    "documents": DocumentSettings,
    "debugger": DebuggerSettings,
    "ui": UISettings,
}
FLAGS = {
    "lm": "lm.model",
    "sub_lm": "sub_lm.model",
    "sandbox": "sandbox.kind",
    "volume": "sandbox.volume",
    "theme": "ui.theme",
    "convert_html": "documents.convert_html",
    "remember_answers": "debugger.remember_answers",
    **{name: f"budgets.{name}" for name in Budgets.__struct_fields__},
}
# The first that is set counts. Every other field has the variable RLM_TUI_<SECTION>_<FIELD>.
_USUAL_VARIABLES = {
    "lm.model": ("DSPY_LM_MODEL",),
    "lm.api_base": ("DSPY_LM_API_BASE",),
    "lm.api_key": ("DSPY_LLM_API_KEY", "DSPY_LM_API_KEY"),
    "lm.max_tokens": ("DSPY_LM_MAX_TOKENS",),
    "lm.temperature": ("DSPY_LM_TEMPERATURE",),
    "modal.token_id": ("MODAL_TOKEN_ID",),
    "modal.token_secret": ("MODAL_TOKEN_SECRET",),
    "sub_lm.model": ("DSPY_SUB_LM_MODEL",),
    "sub_lm.api_base": ("DSPY_SUB_LM_API_BASE",),
    "sub_lm.api_key": ("DSPY_SUB_LM_API_KEY",),
    "sub_lm.max_tokens": ("DSPY_SUB_LM_MAX_TOKENS",),
}
SECRET_FIELDS = ("api_key", "token_id", "token_secret")
_SIZE = re.compile(r"^\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(i?)B?\s*$", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def fields() -> tuple[str, ...]:
    """Every setting's whole name, "section.field"."""
    return tuple(
        f"{section}.{name}" for section, struct in SECTIONS.items() for name in struct.__struct_fields__
    )


def variables(field: str) -> tuple[str, ...]:
    """The variables of the environment that set `field`; the first that is set counts."""
    return _USUAL_VARIABLES.get(field, ("RLM_TUI_" + field.replace(".", "_").upper(),))


def convert(field: str, value: Any, place: str, source: str) -> Any:
    """`value` as the field's type. `place` says in words where it was written. Raises SettingsError."""
    section, _, attribute = field.partition(".")
    declared = next(item for item in msgspec.structs.fields(SECTIONS[section]) if item.name == attribute)
    if attribute in SECRET_FIELDS:
        if not isinstance(value, str):
            raise SettingsError(field, source, f"{place} is no text.", "Write the key in quotes.")
        return Secret(value.strip())
    if isinstance(value, str):
        value = value.strip()
        if attribute.endswith("_bytes") and (size := _SIZE.match(value)):
            value = round(float(size[1]) * (1024 if size[3] else 1000) ** _POWERS[size[2].lower()])
        if declared.type == tuple[str, ...]:
            value = value.replace(",", " ").split()
    try:
        return msgspec.convert(value, declared.type, strict=not isinstance(value, str))
    except msgspec.ValidationError as error:
        shown = one_line(value if isinstance(value, str) else repr(value), 60)
        wanted = _wanted(declared.type, attribute, str(error))
        raise SettingsError(
            field,
            source,
            f'{place} is "{shown}", which is not {wanted}.',
            f"Write {wanted}.",
        ) from error


def _wanted(declared: Any, attribute: str, complaint: str) -> str:
    """What the field takes, in words."""
    described = msgspec.inspect.type_info(declared)
    kinds = described.types if isinstance(described, msgspec.inspect.UnionType) else (described,)
    for kind in kinds:
        match kind:
            case msgspec.inspect.LiteralType(values=values):
                return ("one of " if len(values) > 1 else "") + ", ".join(map(str, values))
            case msgspec.inspect.BoolType():
                return "true or false"
            case msgspec.inspect.IntType(ge=least, le=most):
                word = "a size (as in 4 GiB)" if attribute.endswith("_bytes") else "a whole number"
                return word + _range(least, most)
            case msgspec.inspect.FloatType(ge=least, le=most):
                return "a number" + _range(least, most)
            case msgspec.inspect.StrType(pattern=str()):
                return "a name of letters, digits, dots, dashes and underscores"
            case msgspec.inspect.StrType():
                return "text"
            case msgspec.inspect.VarTupleType():
                return "a list of texts"
            case msgspec.inspect.DictType():
                return "a table of names and texts"
            case _:
                continue
    return f"valid ({complaint})"


def _range(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f" from {least:,} to {most:,}"
    return "" if least is None else f" of at least {least:,}"
