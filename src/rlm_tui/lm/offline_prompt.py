"""Reading what dspy.RLM sends its planner: the inputs, the outputs wanted, and the history so far.

The offline planner knows nothing but this text: it gets exactly what a real planner gets.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from rlm_tui.core.history_words import is_planners_own, remark_in

_MARKER = re.compile(r"^\[\[ ## (\w+) ## \]\][ \t]*$", re.MULTILINE)
_VARIABLE = re.compile(
    r"Variable: `(?P<name>\w+)`.*?\n\s*Type: (?P<type>[^\n]+)(?P<rest>.*?)(?=\n\[\d+\] «««|\Z)", re.DOTALL
)
_LENGTH = re.compile(r"Total length: ([\d,]+)")
_PREVIEW = re.compile(r"Preview:\s*\n\s*```\n(.*)\n\s*```", re.DOTALL)
_VARIABLES_MARKER = re.compile(r"^\[\[ ## variables_info ## \]\]$", re.MULTILINE)
_HISTORY_MARKER = re.compile(r"^\[\[ ## repl_history ## \]\]$", re.MULTILINE)
_ITERATION_MARKER = re.compile(r"^\[\[ ## iteration ## \]\]$", re.MULTILINE)
_STEP = re.compile(r"^=== Step (\d+) ===$", re.MULTILINE)
_OUTPUT = re.compile(r"\n?```\nOutput \([\d,]+ chars\):(?:\n|\Z)")
_CODE = re.compile(r"(?:^|\n)Code:\n```python\n(.*)", re.DOTALL)
_REASONING = re.compile(r"Reasoning: (.*)")
_FIELD = re.compile(r"^\s*- \{(\w+)\}\s*(?:# note: the value you produce (.*))?$", re.MULTILINE)
_CALLS = re.compile(r"You have max (\d+) sub-LLM calls")
_DATES = {"date": "1970-01-01", "date-time": "1970-01-01T00:00:00", "time": "00:00:00", "duration": "PT0S"}
_ERRORS = ("[Error]", "[Type Error]")


@dataclass(frozen=True)
class InputVariable:
    """An input as the planner is told of it; `preview` is cut by dspy for long values."""

    name: str
    type: str
    length: int
    preview: str


@dataclass(frozen=True)
class OutputField:
    """An output that SUBMIT wants. `kind` is a JSON type name, or "choice" with its `choices`.

    `items` is the JSON type of what a list or a mapping holds; `empty` is the plainest value of the type.
    """

    name: str
    kind: str = "string"
    items: str = "string"
    choices: tuple[str, ...] = ()
    empty: Any = ""


@dataclass(frozen=True)
class Step:
    """One cell of the history and what it printed."""

    code: str
    output: str

    @property
    def failed(self) -> bool:
        return self.output.lstrip().startswith(_ERRORS)


@dataclass(frozen=True)
class PlannerTurn:
    """Everything a turn's prompt says; `max_calls` is None where it says nothing of sub-LM calls."""

    inputs: tuple[InputVariable, ...]
    outputs: tuple[OutputField, ...]
    steps: tuple[Step, ...]
    iteration: int
    limit: int
    max_calls: int | None
    remark: str = ""
    """What a person who watches the run said last, if that was after the planner's last cell."""

    @property
    def stage(self) -> int:
        """How many cells went well so far."""
        return sum(1 for step in self.steps if not step.failed and step.code.strip())

    @property
    def failures(self) -> int:
        """How many cells at the end of the history failed in a row."""
        count = 0
        for step in reversed(self.steps):
            if not step.failed:
                break
            count += 1
        return count

    def calls(self, most: int, *, kept: int = 0) -> int:
        """How many calls a batch of `most` may be; `kept` are left over, unless that leaves none for it."""
        if self.max_calls is None:
            return most
        return min(most, max(self.max_calls - kept, min(1, self.max_calls)))

    def input(self, name: str) -> InputVariable | None:
        return next((variable for variable in self.inputs if variable.name == name), None)


def sections(prompt: str) -> dict[str, str]:
    """The text below each `[[ ## field ## ]]` marker; the last one of a name counts."""
    pieces = _MARKER.split(prompt)
    return {name: text.strip() for name, text in zip(pieces[1::2], pieces[2::2], strict=False)}


def split_turn(prompt: str) -> dict[str, str]:
    """The parts of an RLM's prompt: `variables_info`, `repl_history` and, in a planner's turn, `iteration`.

    A cell may have printed such markers itself (documentation of dspy does), so only the first history
    and the last iteration count; what a variable holds is indented and can't be taken for a marker.
    """
    before, _, after = _partition(_HISTORY_MARKER, prompt)
    history, iteration = after, ""
    if places := list(_ITERATION_MARKER.finditer(after)):
        history, iteration = after[: places[-1].start()], after[places[-1].end() :]
    return {
        "variables_info": _VARIABLES_MARKER.sub("", before, count=1).strip(),
        "repl_history": history.strip(),
        "iteration": iteration.strip(),
    }


def read_turn(system: str, prompt: str) -> PlannerTurn:
    """The turn that `system` and `prompt` ask for."""
    found = split_turn(prompt)
    number, _, limit = found["iteration"].split("\n")[0].partition("/")
    calls = _CALLS.search(system)
    return PlannerTurn(
        inputs=read_variables(found["variables_info"]),
        outputs=read_outputs(system),
        steps=read_history(found["repl_history"]),
        remark=read_remark(found["repl_history"]),
        iteration=_integer(number, 1),
        limit=_integer(limit, 1),
        max_calls=int(calls.group(1)) if calls else None,
    )


def read_variables(text: str) -> tuple[InputVariable, ...]:
    """The inputs described in `variables_info`."""
    variables = []
    for match in _VARIABLE.finditer(text):
        length = _LENGTH.search(match["rest"])
        preview = _PREVIEW.search(match["rest"])
        lines = preview.group(1).split("\n") if preview else []
        variables.append(
            InputVariable(
                name=match["name"],
                type=match["type"].strip(),
                length=int(length.group(1).replace(",", "")) if length else 0,
                preview="\n".join(line.removeprefix("    ") for line in lines),
            )
        )
    return tuple(variables)


def read_outputs(system: str) -> tuple[OutputField, ...]:
    """The outputs listed in the rules, typed by the note beside each."""
    _, _, rules = system.rpartition("You are tasked with producing the following outputs")
    return tuple(read_field(name, note or "") for name, note in _FIELD.findall(rules))


def read_history(text: str) -> tuple[Step, ...]:
    """The planner's own cells of `repl_history` that ran, oldest first."""
    return tuple(
        Step(code, output)
        for reasoning, code, output in _entries(text)
        if is_planners_own(reasoning, code, output)
    )


def read_remark(text: str) -> str:
    """What a person said at the end of `repl_history`, "" where it ends with something else."""
    remark = ""
    for _, _, output in _entries(text):
        remark = remark_in(output)
    return remark


def _entries(text: str) -> list[tuple[str, str, str]]:
    """Reasoning, code and output of each step."""
    marks: list[re.Match[str]] = []
    for mark in _STEP.finditer(text):
        if int(mark.group(1)) == len(marks) + 1:  # any other was printed by a cell
            marks.append(mark)
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    entries = []
    for mark, end in zip(marks, ends, strict=False):
        before, _, output = _partition(_OUTPUT, text[mark.end() : end])
        code = _CODE.search(before)
        reasoning = _REASONING.match(before.lstrip("\n"))
        entries.append(
            (reasoning.group(1) if reasoning else "", code.group(1) if code else "", output.strip("\n"))
        )
    return entries


def read_field(name: str, note: str) -> OutputField:
    """An output by the note that dspy puts beside it; without one it is text."""
    if "True or False" in note:
        return OutputField(name, "boolean", empty=False)
    if "single int" in note:
        return OutputField(name, "integer", empty=0)
    if "single float" in note:
        return OutputField(name, "number", empty=0.0)
    _, separator, listed = note.partition("one of: ")
    if separator:
        choices = tuple(choice.strip() for choice in listed.split(";"))
        return OutputField(name, "choice", choices=choices, empty=choices[0])
    _, separator, schema = note.partition("JSON schema: ")
    if separator:
        try:
            return _from_schema(name, json.loads(schema))
        except ValueError:
            return OutputField(name, "object", empty={})
    return OutputField(name)


def _from_schema(name: str, schema: dict[str, Any]) -> OutputField:
    definitions = schema.get("$defs", {})
    schema = _chosen(schema, definitions)
    empty = _plainest(schema, definitions)
    if values := schema.get("enum"):
        return OutputField(name, "choice", choices=tuple(str(value) for value in values), empty=empty)
    kind = schema.get("type", "string")
    inner = schema.get("items") or schema.get("additionalProperties")
    items = _chosen(inner, definitions).get("type", "string") if isinstance(inner, dict) else "string"
    return OutputField(name, kind, items=items, empty=empty)


def _chosen(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A schema without references, and of alternatives the first that is not null."""
    if reference := schema.get("$ref"):
        return _chosen(definitions.get(str(reference).rsplit("/", 1)[-1], {}), definitions)
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return _chosen(next((one for one in options if one.get("type") != "null"), {}), definitions)
    return schema


def _plainest(schema: dict[str, Any], definitions: dict[str, Any], depth: int = 0) -> Any:
    """The plainest value that a schema allows: as few items as may be, and only what is required."""
    schema = _chosen(schema, definitions)
    if values := schema.get("enum"):
        return values[0]
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "array":
            items = schema.get("prefixItems") or [schema.get("items", {})] * schema.get("minItems", 0)
            return [_plainest(item, definitions, depth + 1) for item in items] if depth < 8 else []
        case "object":
            named, required = schema.get("properties", {}), schema.get("required", ())
            return {
                key: _plainest(named.get(key, {}), definitions, depth + 1) for key in required if depth < 8
            }
        case "integer" | "number" as kind:
            return _nearest_zero(schema, int if kind == "integer" else float)
        case "string":
            return _DATES.get(schema.get("format", ""), "-" * schema.get("minLength", 0))
        case kind:
            return {"boolean": False, "null": None}.get(str(kind), "")


def _nearest_zero(schema: dict[str, Any], kind: type[int] | type[float]) -> int | float:
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    if least is not None and (least > 0 or schema.get("exclusiveMinimum") == 0):
        return kind(least + (1 if "exclusiveMinimum" in schema else 0))
    if most is not None and (most < 0 or schema.get("exclusiveMaximum") == 0):
        return kind(most - (1 if "exclusiveMaximum" in schema else 0))
    return kind(0)


def _partition(pattern: re.Pattern[str], text: str) -> tuple[str, str, str]:
    match = pattern.search(text)
    return (text, "", "") if match is None else (text[: match.start()], match.group(), text[match.end() :])


def _integer(text: str, otherwise: int) -> int:
    return int(text) if text.strip().isdigit() else otherwise
