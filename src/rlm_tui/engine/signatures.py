"""A task's signature, from text to dspy's, with errors that say where they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dspy
from dspy.primitives.facade import is_reserved_sandbox_name
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from rlm_tui.core.input_types import python_type
from rlm_tui.core.signature_text import Field, SignatureTextError, parse_signature, quoted
from rlm_tui.core.task import Task, TaskError, TaskInput, TaskOutput
from rlm_tui.core.task_inputs import WrongInput
from rlm_tui.core.tasks import DOCUMENT_NAMES
from rlm_tui.engine.imports import import_object
from rlm_tui.engine.output_types import fit_outputs
from rlm_tui.engine.type_names import named_modules, type_problem

_TAKEN_INPUTS = ("llm_query", "llm_query_batched", "SUBMIT", "print", "interpreter_factory", "self")
_TAKEN_OUTPUTS = ("trajectory", "final_reasoning")


class SignatureError(ValueError):
    """A signature that dspy does not take. `position` counts characters of its text, from 0; `why` is the
    reason alone.
    """

    hint = "Write it like: docs, query: str -> modules: list[str], count: int"

    def __init__(self, message: str, position: int, why: str = "") -> None:
        super().__init__(message)
        self.position = position
        self.why = why or message


def build_signature(task: Task) -> Any:
    """The `dspy.Signature` of `task`, with its instructions and the descriptions of its fields.

    Raises SignatureError, which names the field or the place that dspy does not understand.
    """
    if task.signature_class:
        found = import_signature(task.signature_class)
        return found.with_instructions(task.instructions) if task.instructions else found
    try:
        fields = parse_signature(task.signature)
    except SignatureTextError as error:
        raise SignatureError(str(error), error.position) from error
    every = (*fields.inputs, *fields.outputs)
    for field in fields.inputs:
        if field.name in _TAKEN_INPUTS or is_reserved_sandbox_name(field.name):
            raise _taken(task.signature, field, "an input")
    for field in fields.outputs:
        if field.name in _TAKEN_OUTPUTS:
            raise _taken(task.signature, field, "an output")
    for field in every:
        if why := type_problem(field.type, Path.cwd()):
            raise _refused(task.signature, field, why)
    try:
        # Without `custom_types` dspy looks for names in the frames of its callers: this program's own.
        known = {"NoneType": type(None), **named_modules(field.type for field in every)}
        signature = dspy.Signature(task.signature, task.instructions or None, custom_types=known)
    except Exception as error:
        raise _located(task.signature, every, error) from error
    descriptions = {
        **{item.name: item.description for item in task.inputs},
        **{item.name: item.description for item in task.outputs},
    }
    for name, description in descriptions.items():
        if description:
            signature = signature.with_updated_fields(name, desc=description)
    return signature


def _taken(text: str, field: Field, role: str) -> SignatureError:
    why = f"{role} can't be called {field.name}, which an RLM has already: rename it"
    return SignatureError(f"In the signature {quoted(text, field.position)}, {why}.", field.position, why)


def _located(text: str, fields: tuple[Field, ...], error: Exception) -> SignatureError:
    """Which field it was that dspy refused: each is tried alone."""
    known = {"NoneType": type(None), **named_modules(field.type for field in fields)}
    for field in fields:
        try:
            dspy.Signature(f"{field.name}: {field.type} -> other_{field.name}", custom_types=known)
        except Exception as found:
            return _refused(text, field, _words(found))
    return SignatureError(f"dspy can't use the signature {quoted(text)}: {_words(error)}", 0)


def _refused(text: str, field: Field, why: str) -> SignatureError:
    return SignatureError(
        f"In the signature {quoted(text, field.type_position)}, dspy can't use the type "
        f"{quoted(field.type)} of {field.name!r} (character {field.type_position + 1}): {why}",
        field.type_position,
        why,
    )


def _words(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def fit_inputs(task: Task, values: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a run, where texts for types that only dspy knows (one's own models) are read as such.

    A cell gets them as plain JSON: it has no class of the person's. Raises WrongInput or SignatureError.
    """
    own = {item.name for item in task.inputs if python_type(item.type) is None}
    if not any(isinstance(values.get(name), str) for name in own):
        return dict(values)
    fields = build_signature(task).input_fields
    return {
        name: _fitted(task, name, value, fields[name].annotation)
        if name in own and isinstance(value, str)
        else value
        for name, value in values.items()
    }


def _fitted(task: Task, name: str, text: str, annotation: Any) -> Any:
    fitting, problems = fit_outputs({name: FieldInfo(annotation=annotation)}, {name: text})
    if problems:
        raise WrongInput(f"Input {name} of task {task.name} can't be used: {problems[0].partition(': ')[2]}.")
    return TypeAdapter(annotation).dump_python(fitting[name], mode="json")


def import_signature(name: str) -> Any:
    """The `dspy.Signature` class `module:Class`, also from the working directory. Raises TaskError."""
    found = import_object(name, Path.cwd())
    if not (isinstance(found, type) and issubclass(found, dspy.Signature)):
        raise TaskError(f"{name} is no dspy.Signature class.")
    return found


def task_of_class(name: str) -> Task:
    """The task whose signature is the class `module:Class`; its docstring are the instructions."""
    signature = import_signature(name)
    if not signature.input_fields or not signature.output_fields:
        raise TaskError(f"{name} needs an input and an output at least.")
    texts = {
        role: {field: _type_text(info.annotation) for field, info in fields.items()}
        for role, fields in (("inputs", signature.input_fields), ("outputs", signature.output_fields))
    }
    written = " -> ".join(
        ", ".join(f"{field}: {text}" for field, text in part.items()) for part in texts.values()
    )
    document = next((field for field in texts["inputs"] if field in DOCUMENT_NAMES), None)
    descriptions = {
        field: str((info.json_schema_extra or {}).get("desc", "")) for field, info in signature.fields.items()
    }
    # What dspy writes where nothing was said.
    descriptions = {field: "" if text == f"${{{field}}}" else text for field, text in descriptions.items()}
    return Task(
        name=signature.__name__.lower(),
        title=signature.__name__,
        signature=written,
        instructions=signature.instructions,
        inputs=tuple(
            TaskInput(field, text, descriptions[field], document=field == document)
            for field, text in texts["inputs"].items()
        ),
        outputs=tuple(
            TaskOutput(field, text, descriptions[field]) for field, text in texts["outputs"].items()
        ),
        document_input=document,
        signature_class=name,
    )


def _type_text(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")
