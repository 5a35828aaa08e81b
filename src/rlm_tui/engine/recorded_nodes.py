"""What dspy has begun and not ended, and what each is to the run that is recorded."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from dspy.primitives.facade import CALL_TOOL, CONSTRUCT_TOOL

from rlm_tui.core.events import CallKind
from rlm_tui.engine.recorded_call import RecordedCall, begin_call, end_call
from rlm_tui.engine.recorded_program import RecordedRLM

Role = Literal["rlm", "setup", "plan", "cell", "facade", "call", "lm", "off"]


class Node(NamedTuple):
    """Something of dspy that lasts, and what it is to the run. `owns`: its end ends the call."""

    role: Role
    program: RecordedRLM | None = None
    call: RecordedCall | None = None
    owns: bool = False
    lm: Any = None


OFF = Node("off")
"""Nothing of it is recorded."""


def called(
    program: RecordedRLM, parent: str, kind: CallKind, name: str, *, lm: Any = None, **about: Any
) -> Node:
    """A call that began; `about` is what `begin_call` is told of it."""
    return Node("call", program, begin_call(program, parent, kind, name, lm=lm, **about), owns=True)


def called_by_name(program: RecordedRLM, inputs: dict[str, Any]) -> Node:
    """What a cell called of the host: a part of dspy's facade, an LM, or a tool."""
    name = str(inputs.get("tool_name", "tool"))
    named = {str(at): value for at, value in enumerate(inputs.get("args") or ())}
    arguments = named | dict(inputs.get("kwargs") or {})
    first = next(iter(arguments.values()), "")
    within = program.begin_cell()
    match name:
        case str() if name == CALL_TOOL:
            return Node("facade", program)
        case str() if name == CONSTRUCT_TOOL:
            return Node("setup", program)
        case "llm_query":
            return called(program, within, "llm_query", name, prompt=str(first))
        case "llm_query_batched":
            prompts = {at: str(one) for at, one in enumerate(first if isinstance(first, list) else ())}
            node = called(program, within, "llm_query_batched", name, size=len(prompts))
            if node.call is not None:
                node.call.unasked = prompts
            return node
        case _:
            return called(program, within, "tool", name, arguments=arguments)


def nested(rlm: Any, inputs: dict[str, Any], parent: Node, outer: RecordedRLM) -> Node:
    """An RLM that began within `outer`, called by `parent` or by a cell."""
    program = RecordedRLM(rlm, outer.recorder, outer.recorder.span("call"))
    within = parent.call.span if parent.call is not None else outer.begin_cell()
    program.begin_nested(inputs, within)
    return Node("rlm", program)


def answered(node: Node, answer: Any, exception: BaseException | None) -> None:
    """The call of `node`, if it is one, was answered, or raised."""
    if node.program is not None and node.call is not None:
        end_call(node.program.recorder, node.call, answer, exception)
