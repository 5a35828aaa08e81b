"""What a person gave, checked against what a task takes."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from rlm_tui.core.documents import AnyDocument
from rlm_tui.core.input_types import InputTypeError, check_value, convert_input
from rlm_tui.core.task import Task, TaskError, TaskInput


class UnknownInput(TaskError):
    """The task takes no input of that name."""


class MissingInput(TaskError):
    """An input without a default was left out."""


class WrongInput(TaskError):
    """An input's text doesn't hold a value of its type."""


def bind_inputs(
    task: Task, values: Mapping[str, Any], document: AnyDocument | None = None
) -> tuple[dict[str, Any], dict[str, AnyDocument]]:
    """The inputs of a run: values by name, converted to their types, and the documents by the input they
    fill.

    `values` are texts as a form or a command line gives them, or values of the right type. Defaults fill what
    is left out. Raises UnknownInput, MissingInput or WrongInput.
    """
    for name in values:
        if task.input(name) is None:
            raise UnknownInput(_unknown(task, name))
    documents: dict[str, AnyDocument] = {}
    if document is not None:
        if task.document_input is None:
            raise UnknownInput(f"Task {task.name} reads no document: leave {document.path} out.")
        if task.document_input in values:
            raise UnknownInput(
                f"Input {task.document_input} of task {task.name} is given twice, as a document and as a "
                "value: leave one of them out."
            )
        documents[task.document_input] = document
    bound: dict[str, Any] = {}
    for item in task.inputs:
        if item.name not in documents:
            bound[item.name] = _value(task, item, values)
    return bound, documents


def _value(task: Task, item: TaskInput, values: Mapping[str, Any]) -> Any:
    given = values.get(item.name, item.default)
    if given is None:
        raise MissingInput(_missing(task, item))
    if isinstance(given, str) and not given.strip() and item.default != given:
        raise MissingInput(f"Input {item.name} of task {task.name} is empty: write a value for it.")
    try:
        if isinstance(given, str):
            return convert_input(given, item.type)
        return check_value(given, item.type)
    except InputTypeError as error:
        raise WrongInput(f"Input {item.name} of task {task.name} can't be used: {error}.") from error


def _unknown(task: Task, name: str) -> str:
    names = [item.name for item in task.inputs]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"it takes {', '.join(names)}."
    return f"Task {task.name} has no input {name!r}: {hint}"


def _missing(task: Task, item: TaskInput) -> str:
    if item.document:
        return (
            f"Task {task.name} needs a document for {item.name}: "
            "choose one in the Documents pane or give --document PATH."
        )
    return (
        f"Task {task.name} needs a value for {item.name} ({item.type}): "
        f"write one in the Task pane or give --input {item.name}=VALUE."
    )
