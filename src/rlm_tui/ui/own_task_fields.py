"""A task of one's own as the fields of a form, and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from rlm_tui.core.own_tasks import TaskBudgets, TaskFile
from rlm_tui.core.signature_text import SignatureTextError, names_a_class, parse_signature
from rlm_tui.core.task import Task, TaskError
from rlm_tui.core.task_keys import model_name_problem
from rlm_tui.core.tasks import DOCUMENT_NAMES
from rlm_tui.ui.options import number_text

CONFIG, PROJECT = "config", "project"


class TaskField(NamedTuple):
    """One line of the form: its name, what it is called, and what may be written."""

    name: str
    label: str
    hint: str


GROUPS: tuple[tuple[str, tuple[TaskField, ...]], ...] = (
    (
        "The task",
        (
            TaskField("name", "name", "small letters, digits and dashes"),
            TaskField("signature", "signature", "docs, question -> answer: str, or module:Class"),
            TaskField("instructions", "instructions", "what the planner is told"),
            TaskField("tools", "tools", "regex_extract, own_module:function"),
            TaskField("where", "kept in", "config (every project), or project"),
        ),
    ),
    (
        "Run with, where no run option says otherwise",
        (
            TaskField("lm", "planner", "what is configured; a name, never a key"),
            TaskField("sub_lm", "sub-LM", "what is configured"),
            TaskField("sandbox", "sandbox", "what is configured; local, or modal"),
        ),
    ),
    (
        "Budgets, where none are set",
        (
            TaskField("max_iterations", "iterations", "20; then the answer is extracted"),
            TaskField("max_llm_calls", "LLM calls", "50; those that cells make"),
            TaskField("cell_seconds", "seconds a cell", "no limit"),
            TaskField("max_seconds", "seconds", "no limit"),
            TaskField("max_tokens", "tokens", "no limit"),
            TaskField("max_cost_usd", "US dollars", "no limit"),
        ),
    ),
)
FIELDS = {field.name: field for _, fields in GROUPS for field in fields}
_WHOLE = ("max_iterations", "max_llm_calls", "max_tokens")


class OwnTask(NamedTuple):
    """A task that is kept already: its name, what its file says, and where that is."""

    name: str
    file: TaskFile
    path: Path


def written(own: OwnTask | None, project: Path) -> dict[str, str]:
    """What stands in the form at first; a limit that is the usual one is left empty."""
    values = dict.fromkeys(FIELDS, "")
    if own is None:
        return values | {"where": CONFIG}
    file, budgets = own.file, own.file.budgets or TaskBudgets()
    limits = {
        name: number_text(value) if isinstance(value, float) else str(value)
        for name, value in msgspec.structs.asdict(budgets).items()
        if value is not None and value != getattr(TaskBudgets(), name)
    }
    return (
        values
        | {
            "name": own.name,
            "signature": _signature(file),
            "instructions": file.instructions,
            "tools": ", ".join(file.tools),
            "where": PROJECT if own.path.parent == project else CONFIG,
            "lm": file.lm,
            "sub_lm": file.sub_lm,
            "sandbox": file.sandbox,
        }
        | limits
    )


def _signature(file: TaskFile) -> str:
    """A file's signature as it stands in the form, in one line."""
    return file.signature_class or " ".join(file.signature.split())


def tool_names(text: str) -> tuple[str, ...]:
    """The tools that stand in the field, each once."""
    return tuple(dict.fromkeys(tool.strip() for tool in text.split(",") if tool.strip()))


def input_names(signature: str) -> list[str]:
    """The names of a signature's inputs; none of one that can't be read."""
    try:
        return [field.name for field in parse_signature(signature).inputs]
    except SignatureTextError:
        return []


def file_of(values: Mapping[str, str], before: TaskFile | None = None) -> TaskFile:
    """The file that the fields describe; what it says besides stays as it was `before`.

    Raises TaskError, with the field's label, for what can't be meant.
    """
    signature = values["signature"].strip()
    inputs = input_names(signature)
    base = before if before is not None else TaskFile(signature=signature)
    is_class = names_a_class(signature)  # what it takes is known when it is imported: `file_of_class`
    document = base.document_input if is_class or base.document_input in inputs else None
    if before is None or signature != _signature(before):
        document = document or next((name for name in inputs if name in DOCUMENT_NAMES), None)
    return msgspec.structs.replace(
        base,
        signature=signature,
        signature_class="",
        instructions=values["instructions"].strip(),
        tools=tool_names(values["tools"]),
        document_input=document,
        defaults={name: text for name, text in base.defaults.items() if is_class or name in inputs},
        descriptions=_known(base.descriptions, signature),
        lm=_model(values, "lm"),
        sub_lm=_model(values, "sub_lm"),
        sandbox=_sandbox(values["sandbox"].strip()),
        budgets=_budgets(values),
    )


def file_of_class(file: TaskFile, task: Task, before: TaskFile | None = None) -> TaskFile:
    """The file of a task whose signature was given as a class; `task` was made of that class."""
    inputs = [item.name for item in task.inputs]
    same = before is not None and before.signature_class == task.signature_class
    keeps = file.document_input in inputs or (same and file.document_input is None)
    described = {item.name: item.description for item in task.inputs}
    described |= {item.name: item.description for item in task.outputs}
    return msgspec.structs.replace(
        file,
        signature=task.signature,
        signature_class=task.signature_class,
        document_input=file.document_input if keeps else task.document_input,
        defaults={name: text for name, text in file.defaults.items() if name in inputs},
        descriptions={name: text for name, text in described.items() if text},
    )


def _known(descriptions: Mapping[str, str], signature: str) -> dict[str, str]:
    try:
        fields = parse_signature(signature)
    except SignatureTextError:
        return dict(descriptions)
    names = {field.name for field in (*fields.inputs, *fields.outputs)}
    return {name: text for name, text in descriptions.items() if name in names}


def _model(values: Mapping[str, str], name: str) -> str:
    model = values[name].strip()
    if problem := model_name_problem(FIELDS[name].label, model):
        raise TaskError(problem)
    return model


def _sandbox(text: str) -> Any:
    if text not in ("", "local", "modal"):
        raise TaskError("sandbox: write local or modal, or leave it empty.")
    return text


def _budgets(values: Mapping[str, str]) -> TaskBudgets | None:
    given: dict[str, float | int] = {}
    for name in TaskBudgets.__struct_fields__:
        text = values[name].strip()
        if not text:
            continue
        try:
            given[name] = int(text) if name in _WHOLE else float(text)
            msgspec.convert({name: given[name]}, TaskBudgets)
        except ValueError:
            raise TaskError(f"{FIELDS[name].label}: {_wanted(name)}, or leave it empty.") from None
    return TaskBudgets(**given) if given else None  # type: ignore[arg-type]


def _wanted(name: str) -> str:
    if name in _WHOLE:
        return f"write a whole number of at least {0 if name == 'max_llm_calls' else 1}"
    return "write a number of at least 0" if name == "max_cost_usd" else "write a number above 0"
