"""Ready scripts: what a provider says to each request of a run, and how it fails on the way."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

from .answers import Answer, Reply
from .request import Kind, LMRequest

Script = Callable[[LMRequest], Reply]
Cell = tuple[str, str] | Reply
"""A planner's turn: its reasoning and its code, or any other reply in that turn's place."""
Values = Mapping[str, object]


def always(reply: Reply) -> Script:
    """The same reply to every request."""
    return lambda _request: reply


def in_turn(replies: Sequence[Reply], then: Script) -> Script:
    """These replies to the first requests as they arrive, then what `then` says."""
    return fail_first(len(replies), lambda count: replies[count], then)


def fail_first(
    times: int,
    failure: Reply | Callable[[int], Reply],
    then: Script,
    *,
    when: Callable[[LMRequest], bool] | None = None,
) -> Script:
    """Fail the first `times` requests for which `when` holds (without it: any), then do as `then` says."""
    lock = threading.Lock()
    failed = 0

    def script(request: LMRequest) -> Reply:
        nonlocal failed
        if when is None or when(request):
            with lock:
                count = failed
                failed += 1
            if count < times:
                return failure(count) if callable(failure) else failure
        return then(request)

    return script


def by_kind(then: Script, **replies: Reply | Script) -> Script:
    """Other replies for some kinds (`planner`, `extract`, `predict`, `query`), the rest as `then` says."""
    chosen = {Kind(name): reply for name, reply in replies.items()}

    def script(request: LMRequest) -> Reply:
        reply = chosen.get(request.kind, then)
        return reply(request) if callable(reply) else reply

    return script


def planner_script(
    cells: Sequence[Cell],
    sub_answer: Callable[[str], str | Reply] | None = None,
    *,
    predict_answer: Callable[[LMRequest], Values | Reply] | None = None,
    extracted: Values | Reply | None = None,
    nested: Mapping[tuple[str, ...], Sequence[Cell]] | None = None,
    delta_seconds: float = 0.0,
    delay: float = 0.0,
) -> Script:
    """A whole run: the planner's turns by their iteration number, and an answer for everyone else who asks.

    `sub_answer` gets a bare sub-query's prompt; `predict_answer` a Predict sub-agent's request and returns
    its output fields; `extracted` are the outputs of the extraction at the limit of iterations. Without
    them, fields are filled with plain values of their types. `nested` holds the cells of nested RLMs by the
    names of their inputs. The pace (`delay`, `delta_seconds`) is that of the planner. A turn beyond the last
    cell is an error of the test's script.
    """
    nested_cells = dict(nested or {})

    def script(request: LMRequest) -> Reply:
        match request.kind:
            case Kind.PLANNER:
                return _turn(request, nested_cells.get(request.task_inputs, cells), delay, delta_seconds)
            case Kind.EXTRACT:
                values = plain_values(request) if extracted is None else extracted
            case Kind.PREDICT:
                values = predict_answer(request) if predict_answer else plain_values(request)
            case Kind.QUERY:
                given = sub_answer(request.prompt) if sub_answer else f"Answer to: {request.prompt[:200]}"
                return Answer(given) if isinstance(given, str) else given
            case _:
                assert_never(request.kind)
        return fields_answer(request, values) if isinstance(values, Mapping) else values

    return script


def fields_answer(
    request: LMRequest, values: Values, *, delay: float = 0.0, delta_seconds: float = 0.0
) -> Answer:
    """Output fields in the form the request asks for: `[[ ## name ## ]]` sections or one JSON object."""
    if request.wants_json:
        text = json.dumps(dict(values), ensure_ascii=False)
    else:
        sections = [f"[[ ## {name} ## ]]\n{_as_text(value)}\n" for name, value in values.items()]
        text = "\n".join([*sections, "[[ ## completed ## ]]"])
    return Answer(text, delay=delay, delta_seconds=delta_seconds)


def plain_values(request: LMRequest) -> dict[str, object]:
    """A value of the right type for each output field a request wants."""
    return {name: _plain_value(name, kind) for name, kind in request.output_fields.items()}


def _turn(request: LMRequest, cells: Sequence[Cell], delay: float, delta_seconds: float) -> Reply:
    iteration = request.iteration
    if iteration > len(cells):
        raise IndexError(f"iteration {iteration} was asked for and the script has {len(cells)} cells")
    cell = cells[iteration - 1]
    if not isinstance(cell, tuple):
        return cell
    reasoning, code = cell
    values = {"reasoning": reasoning, "code": f"```python\n{code}\n```"}
    return fields_answer(request, values, delay=delay, delta_seconds=delta_seconds)


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain_value(name: str, kind: str) -> object:
    if kind.startswith("list"):
        return [f"{name} one", f"{name} two"]
    numbers: dict[str, object] = {"int": 1, "float": 0.5, "bool": True}
    return numbers.get(kind, {} if kind.startswith("dict") else f"{name} found")
