"""Forms: prompts of dspy's adapters that ask for named, typed fields, answered by extraction.

The final extraction of an RLM reads the results out of the history; any other form (of a Predict or
ChainOfThought sub-agent) is answered from its own inputs. Both the marked form and the JSON form are spoken.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from typing import Any

from rlm_tui.lm.offline_conversion import question_for
from rlm_tui.lm.offline_extract import NONE, best_sentences, extract
from rlm_tui.lm.offline_prompt import OutputField, Step, read_field, read_history, sections, split_turn
from rlm_tui.lm.offline_text import central_sentences

_INPUTS = re.compile(r"^Your input fields are:\n(.*?)(?=^Your output fields are:)", re.DOTALL | re.MULTILINE)
_OUTPUTS = re.compile(
    r"^Your output fields are:\n(.*?)(?=^All interactions will be structured)", re.DOTALL | re.MULTILINE
)
_NUMBERED = re.compile(r"^\d+\. `(\w+)` \((.*?)\):[ \t]*(.*?)$", re.MULTILINE)
_NOTE = re.compile(r"\{(\w+)\}\s*# note: the value you produce (.*?)(?:\",?)?$", re.MULTILINE)
_OBJECTIVE = re.compile(
    r"^In adhering to this structure, your objective is:\s*(.*)", re.DOTALL | re.MULTILINE
)
_JSON_FORM = "Outputs will be a JSON object"
_NOT_FOUND = "Nothing on this was found before the limit of iterations."
_LONG = 300


@dataclass(frozen=True)
class Form:
    """A form: its inputs by name, the outputs wanted with what is said of each, and its objective."""

    inputs: dict[str, str]
    outputs: tuple[OutputField, ...]
    descriptions: dict[str, str]
    objective: str
    as_json: bool


def is_field_prompt(system: str, prompt: str) -> bool:
    """Whether an adapter of dspy asks for fields here."""
    return bool(_OUTPUTS.search(system)) and bool(_INPUTS.search(system))


def answer_fields(system: str, prompt: str) -> str:
    """The filled-in form, in the shape that the prompt asks for."""
    form = read_form(system, prompt)
    if {"variables_info", "repl_history"} <= form.inputs.keys():
        steps = read_history(form.inputs["repl_history"])
        values = {field.name: _from_history(field, steps) for field in form.outputs}
    else:
        values = {field.name: _from_inputs(field, form) for field in form.outputs}
    return write_fields(values, as_json=form.as_json)


def asks_for_json(system: str) -> bool:
    """Whether the answer is to be one JSON object."""
    return _JSON_FORM in system


def write_fields(values: dict[str, Any], *, as_json: bool) -> str:
    """Fields as dspy's chat adapter reads them, or as one JSON object."""
    if as_json:
        return json.dumps(values, ensure_ascii=False)
    parts = [
        f"[[ ## {name} ## ]]\n{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in values.items()
    ]
    return "\n\n".join([*parts, "[[ ## completed ## ]]"])


def read_form(system: str, prompt: str) -> Form:
    """What the system message and the last message of a form say."""
    given, wanted = _INPUTS.search(system), _OUTPUTS.search(system)
    structure, _, _ = system.partition("In adhering to this structure")
    notes = {name: note.replace('\\"', '"') for name, note in _NOTE.findall(structure)}
    names = [name for name, _, _ in _NUMBERED.findall(given.group(1))] if given else []
    rows = _NUMBERED.findall(wanted.group(1)) if wanted else []
    objective = _OBJECTIVE.search(system)
    found = split_turn(prompt) if {"variables_info", "repl_history"} <= set(names) else sections(prompt)
    return Form(
        inputs={name: _without_request(found.get(name, "")) for name in names},
        outputs=tuple(read_field(name, notes.get(name, "")) for name, _, _ in rows),
        descriptions={name: description for name, _, description in rows},
        objective=" ".join(objective.group(1).split()) if objective else "",
        as_json=asks_for_json(system),
    )


def _without_request(text: str) -> str:
    """An input without dspy's closing line, which stands behind the last one."""
    return re.split(r"\n+Respond with (?:the corresponding output fields|a JSON object)", text)[0].strip()


# Out of a run's history


def _from_history(field: OutputField, steps: tuple[Step, ...]) -> Any:
    """The value that a cell printed under the output's name, the latest first; else what the prints allow."""
    pattern = re.compile(rf"^\W*(?:\d+ )?{field.name}\s*(?:=|:)\s*(.+)$", re.MULTILINE | re.IGNORECASE)
    printed = [step.output for step in reversed(steps) if not step.failed and step.output.strip()]
    for output in printed:
        for text in reversed(pattern.findall(output)):
            value = _literal(text)
            if field.kind == "array" and isinstance(value, str):
                value = [part.strip() for part in value.split(",") if part.strip()]
            if (fitted := _fitted(field, value)) is not None:
                return fitted
    subject = field.name.replace("_", " ")
    for output in printed if field.kind == "string" else []:
        if best := best_sentences(subject, output, 2):
            return " ".join(best)
    if field.kind == "string":
        return printed[0].strip()[-500:] if printed else _NOT_FOUND
    return field.empty


def _literal(text: str) -> Any:
    for read in (ast.literal_eval, json.loads):
        try:
            return read(text.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return text.strip()


# Out of a form's own inputs


def _from_inputs(field: OutputField, form: Form) -> Any:
    passage = "\n\n".join(text for text in form.inputs.values() if len(text) > _LONG)
    question = " ".join(text for text in form.inputs.values() if len(text) <= _LONG)
    if not passage:
        passage, question = "\n".join(form.inputs.values()), question if len(form.inputs) > 1 else ""
    described = form.descriptions.get(field.name, "")
    asked = " ".join(part for part in (field.name.replace("_", " "), described, question) if part)
    if field.name in ("reasoning", "rationale"):
        return f"I look in {' and '.join(form.inputs)} for what bears on: {question or form.objective}"[:400]
    if field.kind == "choice" and "finish" in field.choices:
        return "finish"  # an agent that knows no tool ends its loop
    value = _wanted(field, asked, question, passage)
    fitted = _fitted(field, value)
    return field.empty if fitted is None else fitted


def _wanted(field: OutputField, asked: str, question: str, passage: str) -> Any:
    """What the passage holds for a field, as the sub-LM would answer the question for it."""
    reply = extract(f"{question_for(field)} {asked}", passage)
    lines = [line.strip(" -") for line in reply.splitlines() if line != NONE]
    match field.kind:
        case "integer" | "number":
            return _literal(reply)
        case "boolean":
            return reply.startswith("Yes")
        case "choice":
            return reply
        case "array":
            return [{"text": line} for line in lines] if field.items == "object" else lines
        case "object":
            return {
                **field.empty,
                **{str(at): line for at, line in enumerate(lines, start=1) if not field.empty},
            }
        case _:
            found = best_sentences(question or asked, passage, 2) or best_sentences(asked, passage, 2)
            return " ".join(found or central_sentences(passage, 2))


def _fitted(field: OutputField, value: Any) -> Any:
    """`value` in the field's type, or None if it can't be made so."""
    try:
        match field.kind:
            case "integer":
                return int(float(value))
            case "number":
                return float(value)
            case "boolean":
                return value if isinstance(value, bool) else None
            case "choice":
                return value if value in field.choices else None
            case "array":
                return _fitted_items(field, value) if isinstance(value, (list, tuple)) else None
            case "object":
                return value if isinstance(value, dict) else None
            case _:
                return value if isinstance(value, str) else str(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _fitted_items(field: OutputField, values: list[Any] | tuple[Any, ...]) -> list[Any]:
    one = OutputField(field.name, field.items)
    fitted = [_fitted(one, value) for value in values]
    return [value for value in fitted if value is not None]
