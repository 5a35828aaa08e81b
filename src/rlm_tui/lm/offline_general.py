"""The strategy for any signature: find the passages that speak of what is asked, ask about them, convert, submit."""

from __future__ import annotations

import json

from rlm_tui.lm.offline_cell import Cell, cell, next_cell
from rlm_tui.lm.offline_prompt import InputVariable, OutputField, PlannerTurn

_PASSAGES = 6
_LONG = 400


def plan_general(turn: PlannerTurn) -> Cell:
    """The next cell for a task that no other strategy knows."""
    long = [variable for variable in turn.inputs if _is_long(variable)] or list(turn.inputs[:1])
    short = [variable for variable in turn.inputs if variable not in long]
    per_field = max(1, min(_PASSAGES, (turn.max_calls or 50) // max(1, len(turn.outputs)) - 1))
    cells = [
        _look(turn),
        _find(long, short, turn.outputs),
        _ask(turn.outputs, per_field),
        _convert(turn.outputs),
    ]
    return next_cell(turn, cells, _submit(turn.outputs))


def _is_long(variable: InputVariable) -> bool:
    return variable.length > _LONG or variable.type.startswith(("dict", "list"))


def _look(turn: PlannerTurn) -> Cell:
    lines = [
        f"print({variable.name!r}, type({variable.name}).__name__, repr({variable.name})[:300])"
        if not _is_long(variable) or not variable.type.startswith("str")
        else f"print({variable.name!r}, f'{{len({variable.name}):,}} characters')\nprint(peek({variable.name}, 0, 400))"
        for variable in turn.inputs
    ]
    return Cell("Look at the inputs first: their types, their lengths, how they begin.", "\n".join(lines))


def _find(long: list[InputVariable], short: list[InputVariable], outputs: tuple[OutputField, ...]) -> Cell:
    asked = " ".join(f"{{{variable.name}}}" for variable in short)
    wanted = " ".join(field.name.replace("_", " ") for field in outputs)
    texts = ", ".join(f"as_text({variable.name})" for variable in long)
    return cell(
        "Find the passages that speak of what is asked: score each piece by the words of the question and of the "
        "outputs, rare words counting more.",
        f"""
        import json, math, re

        def as_text(value):
            return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str, indent=1)

        text = "\\n\\n".join([{texts}])
        asked = f"{asked or wanted}"
        pieces = chunk_by_size(text, 2000, 100) if len(text) > 2000 else [text]
        words = {{word.lower() for word in re.findall(r"\\w{{3,}}", asked + " {wanted}")}}
        lowered = [piece.lower() for piece in pieces]
        rarity = {{word: math.log(1 + len(pieces) / (1 + sum(word in piece for piece in lowered))) for word in words}}
        scores = [sum(rarity[word] for word in words if word in piece) for piece in lowered]
        best = sorted(range(len(pieces)), key=lambda at: -scores[at])[:{_PASSAGES}]
        passages = [pieces[at] for at in sorted(best)]
        print(len(pieces), "pieces; the best scores:", [round(scores[at], 1) for at in best])
        print(passages[0][:400])
        """,
    )


def _ask(outputs: tuple[OutputField, ...], per_field: int) -> Cell:
    wanted = {field.name: _question(field) for field in outputs}
    return cell(
        "Ask the sub-LM about each output, over each passage, in one batch.",
        f"""
        wanted = {json.dumps(wanted, ensure_ascii=False)}
        jobs = [(name, passage) for name in wanted for passage in passages[:{per_field}]]
        replies = llm_query_batched([f"{{wanted[name]}} {{asked}}\\n\\nPassage:\\n{{passage}}" for name, passage in jobs])
        found = {{name: [] for name in wanted}}
        for (name, _), reply in zip(jobs, replies):
            for line in reply.splitlines():
                line = line.strip(" -*")
                if line and line != "NONE" and not line.startswith("[ERROR]") and line not in found[name]:
                    found[name].append(line)
        for name, lines in found.items():
            print(name, len(lines), lines[:5])
        """,
    )


def _question(field: OutputField) -> str:
    subject = field.name.replace("_", " ")
    match field.kind:
        case "array":
            return f"Quote the lines or names of the passage that are {subject}, one a line, or NONE, given:"
        case "integer" | "number":
            return f"Which number in the passage is the {subject}? Answer with figures only, or NONE, given:"
        case "boolean":
            return f"Quote the sentences that tell whether {subject} holds, one a line, or NONE, given:"
        case "choice":
            return f"Quote the sentences that tell which {subject} it is ({', '.join(field.choices)}), given:"
        case _:
            return (
                f"Quote the sentences of the passage that best give the {subject}, at most 2, or NONE, given:"
            )


def _convert(outputs: tuple[OutputField, ...]) -> Cell:
    lines = [f"results[{field.name!r}] = {_conversion(field)}" for field in outputs]
    return Cell(
        "Turn what was found into the types that are wanted, and look at it before submitting.",
        "import re\n\n"
        "def numbers(lines):\n"
        '    return [float(figure) for line in lines for figure in re.findall(r"-?\\d+(?:\\.\\d+)?", line)]\n\n'
        "def most_named(choices, lines):\n"
        '    text = " ".join(lines).lower()\n'
        "    return max(choices, key=lambda choice: text.count(str(choice).lower()))\n\n"
        "results = {}\n" + "\n".join(lines) + "\nfor name, value in results.items():\n"
        "    print(name, type(value).__name__, repr(value)[:300])",
    )


def _conversion(field: OutputField) -> str:
    lines = f"found[{field.name!r}]"
    match field.kind:
        case "integer":
            return f"int((numbers({lines}) or [len({lines})])[0])"
        case "number":
            return f"(numbers({lines}) or [min(1.0, len({lines}) / 10)])[0]"
        case "boolean":
            return f"bool({lines})"
        case "choice":
            return f"most_named({list(field.choices)!r}, {lines})"
        case "object":
            return f'{{f"{{at + 1}}": line for at, line in enumerate({lines}[:20])}}'
        case "array":
            return _array_conversion(field, lines)
        case _:
            return f'" ".join({lines}[:3]) or "The text says nothing on this."'


def _array_conversion(field: OutputField, lines: str) -> str:
    match field.items:
        case "integer":
            return f"[int(number) for number in numbers({lines})[:50]]"
        case "number":
            return f"numbers({lines})[:50]"
        case "object":
            return f'[{{"{field.name.rstrip("s")}": line}} for line in {lines}[:50]]'
        case _:
            return f"{lines}[:50]"


def _submit(outputs: tuple[OutputField, ...]) -> Cell:
    empty = {
        "integer": "0", "number": "0.0", "boolean": "False", "array": "[]", "object": "{}",
    }  # fmt: skip
    values = [
        f"    {field.name}=results.get({field.name!r}, "
        f"{repr(field.choices[0]) if field.choices else empty.get(field.kind, repr(''))}),"
        for field in outputs
    ]
    return Cell(
        "The values have the types that are wanted, so I submit them.",
        'results = globals().get("results", {})\nSUBMIT(\n' + "\n".join(values) + "\n)",
    )
