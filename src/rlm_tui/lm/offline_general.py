"""The strategy for any signature: find the passages that speak of what is asked, ask, convert, submit."""

from __future__ import annotations

import json
import re

from rlm_tui.lm.offline_cell import Cell, cell, next_cell
from rlm_tui.lm.offline_conversion import HELPERS, conversion, question_for
from rlm_tui.lm.offline_limit import OfflineLimitError
from rlm_tui.lm.offline_prompt import InputVariable, OutputField, PlannerTurn

_PASSAGES = 6
_LONG = 400
_MATERIAL = re.compile(
    r"doc|text|context|passage|article|transcript|logs?$|data|content|report|review|story|book|corpus|source|file"
)
_REFUSED = "[Type Error]"
_WRONG = re.compile(r"(?:\[Type Error\] |; )(\w+): expected ")


def plan_general(turn: PlannerTurn) -> Cell:
    """The next cell for a task that no other strategy knows."""
    material, request = split_inputs(turn.inputs)
    if repaired := _repair(turn):
        return repaired
    fields = max(1, len(turn.outputs))
    calls = turn.calls((_PASSAGES + 1) * fields)
    spared = calls >= 2 * fields  # a text for which nothing was found may be asked for once more
    ask = _ask(turn.outputs, calls // fields - spared) if calls >= fields else _pick(turn.outputs)
    cells = [_look(turn.inputs), _find(material, request, turn.outputs), ask, _convert(turn, spared)]
    return next_cell(turn, cells, _submit(turn.outputs))


def split_inputs(inputs: tuple[InputVariable, ...]) -> tuple[list[InputVariable], list[InputVariable]]:
    """(what to search, what is asked): long values and those named like a text, and the others."""
    material = [one for one in inputs if _is_long(one) or one.type.startswith(("dict", "list"))]
    material = material or [one for one in inputs if _MATERIAL.search(one.name)] or list(inputs[:1])
    return material, [one for one in inputs if one not in material]


def _is_long(variable: InputVariable) -> bool:
    return variable.length > _LONG


def _look(inputs: tuple[InputVariable, ...]) -> Cell:
    return Cell(
        "I look at the inputs first: their types, their lengths, how they begin.",
        "\n".join(_shown(one) for one in inputs),
    )


def _shown(one: InputVariable) -> str:
    name = one.name
    if one.type.startswith("str") and _is_long(one):
        return f"print({name!r}, f'{{len({name}):,}} characters:')\nprint(peek({name}, 0, 400))"
    if one.type.startswith("dict") and _is_long(one):
        return f"print({name!r}, {{key: len(str(item)) for key, item in list({name}.items())[:20]}})"
    return f"print({name!r}, type({name}).__name__, repr({name})[:300])"


def _find(
    material: list[InputVariable], request: list[InputVariable], outputs: tuple[OutputField, ...]
) -> Cell:
    asked = " ".join(f"{{{one.name}}}" for one in request)
    wanted = " ".join(field.name.replace("_", " ") for field in outputs)
    texts = ", ".join(f"as_text({one.name})" for one in material)
    return cell(
        "I find the passages that speak of what is asked: each piece is scored by the words of the request "
        "and of the outputs, rare words counting more.",
        f"""
        import math, re

        def as_text(value):
            if isinstance(value, dict):
                return "\\n\\n".join(f"# {{key}}\\n{{as_text(item)}}" for key, item in value.items())
            if isinstance(value, (list, tuple)):
                return "\\n".join(as_text(item) for item in value)
            return str(value)

        material = "\\n\\n".join([{texts}])
        request = f"{asked}"
        pieces = chunk_by_size(material, 2000, 100) if len(material) > 2000 else [material]
        terms = {{term.lower() for term in re.findall(r"\\w{{3,}}", request + " {wanted}")}}
        small = [piece.lower() for piece in pieces]
        rarity = {{
            term: math.log(1 + len(pieces) / (1 + sum(term in piece for piece in small))) for term in terms
        }}
        scores = [sum(rarity[term] for term in terms if term in piece) for piece in small]
        best = sorted(range(len(pieces)), key=lambda at: -scores[at])[:{_PASSAGES}]
        excerpts = [pieces[at] for at in sorted(best)]
        print(len(pieces), "pieces; the best scores:", [round(scores[at], 1) for at in best])
        print(excerpts[0][:400] if excerpts else "(nothing to read)")
        """,
    )


def _ask(outputs: tuple[OutputField, ...], per_field: int) -> Cell:
    wanted = {field.name: question_for(field) for field in outputs}
    return cell(
        "I ask the sub-LM for each output, over each passage, in one batch.",
        f"""
        wanted = {json.dumps(wanted, ensure_ascii=False)}
        jobs = [(name, excerpt) for name in wanted for excerpt in excerpts[:{per_field}]]
        replies = llm_query_batched([
            f"{{wanted[name]}} {{request}}\\n\\nPassage:\\n{{excerpt}}" for name, excerpt in jobs
        ])
        lines_for = {{name: [] for name in wanted}}
        for (name, _), reply in zip(jobs, replies):
            for line in reply.splitlines():
                line = line.strip(" -*")
                if line and line != "NONE" and not line.startswith("[ERROR]") and line not in lines_for[name]:
                    lines_for[name].append(line)
        for name, lines in lines_for.items():
            print(name, len(lines), [line[:200] for line in lines[:5]])
        """,
    )


def _pick(outputs: tuple[OutputField, ...]) -> Cell:
    names = [field.name for field in outputs]
    return cell(
        "There are fewer sub-LM calls than outputs, so I pick the sentences that share words with the "
        "request and with each output's name.",
        f"""
        lines_for = {{}}
        sentences = [one.strip() for text in excerpts for one in re.split(r"\\n|(?<=[.!?])\\s+", text)]
        for name in {names!r}:
            wanted = set(re.findall(r"\\w{{3,}}", f"{{request}} {{name.replace('_', ' ')}}".lower()))
            held = {{one: sum(word in one.lower() for word in wanted) for one in sentences}}
            ranked = sorted(held, key=held.get, reverse=True)
            lines_for[name] = [one[:400] for one in ranked[:3] if held[one]]
        for name, lines in lines_for.items():
            print(name, len(lines), [line[:200] for line in lines])
        """,
    )


def _convert(turn: PlannerTurn, may_ask: bool) -> Cell:
    lines = [f"results[{field.name!r}] = {conversion(field, turn.inputs, may_ask)}" for field in turn.outputs]
    return Cell(
        "I turn what was found into the types that are wanted, and look at it before submitting.",
        f"{HELPERS}\n\nresults = {{}}\n" + "\n".join(lines) + "\nfor name, value in results.items():\n"
        '    print(name, "=", repr(value)[:1000])',
    )


def _submit(outputs: tuple[OutputField, ...]) -> Cell:
    values = [f"    {field.name}=results.get({field.name!r}, {field.empty!r})," for field in outputs]
    return Cell(
        "The values have the types that are wanted, so I submit them.",
        'results = globals().get("results", {})\nSUBMIT(\n' + "\n".join(values) + "\n)",
    )


def _repair(turn: PlannerTurn) -> Cell | None:
    """After a SUBMIT that was refused for its types: the plainest value of the right type instead."""
    last = turn.steps[-1].output if turn.steps else ""
    if not last.startswith(_REFUSED):
        return None
    if len(turn.steps) > 1 and turn.steps[-2].output.startswith(_REFUSED):
        refused, _, _ = last.splitlines()[0].removeprefix(_REFUSED).partition(". Nothing was")
        raise OfflineLimitError(refused.strip())
    wrong = set(_WRONG.findall(last)) or {field.name for field in turn.outputs}
    values = [
        f"    {field.name}={field.empty!r},"
        if field.name in wrong
        else f"    {field.name}=results.get({field.name!r}, {field.empty!r}),"
        for field in turn.outputs
    ]
    return Cell(
        f"{', '.join(sorted(wrong))} had the wrong type. Nothing that I found fits it, so I submit the "
        "plainest value that does.",
        'results = globals().get("results", {})\nSUBMIT(\n' + "\n".join(values) + "\n)",
    )
