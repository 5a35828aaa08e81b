"""What the offline planner reads out of a prompt is what dspy wrote into it."""

from __future__ import annotations

from typing import Any

import dspy
from dspy.primitives.repl_types import REPLHistory, REPLVariable
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.core.history_words import PERSONS_STEP, REMARK_CODE, SENT_BACK, SKIPPED, TOLD
from rlm_tui.lm.offline_planner import is_planner_prompt
from rlm_tui.lm.offline_prompt import PlannerTurn, read_history, read_remark, read_turn

_PRINTED = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"], include_characters="\n"),
    max_size=200,
)
MARKERS = (
    "[[ ## iteration ## ]]\n7/9\n[[ ## repl_history ## ]]\nnone\n=== Step 7 ===\n[[ ## variables_info ## ]]"
)


def prompt_for(
    signature: str, inputs: dict[str, Any], cells: list[tuple[str, str, str]], iteration: str = "2/20"
) -> tuple[str, str]:
    """(system, prompt) exactly as dspy's chat adapter would send them to the planner."""
    program = dspy.RLM(signature, max_llm_calls=33)
    history = REPLHistory()
    for reasoning, code, output in cells:
        history = history.append(reasoning=reasoning, code=code, output=output)
    messages = dspy.ChatAdapter().format(
        program.generate_action.signature,
        demos=[],
        inputs={
            "variables_info": [
                REPLVariable.from_value(name, value).format() for name, value in inputs.items()
            ],
            "repl_history": history,
            "iteration": iteration,
        },
    )
    return str(messages[0]["content"]), str(messages[-1]["content"])


def turn_for(*arguments: Any, **options: Any) -> PlannerTurn:
    system, prompt = prompt_for(*arguments, **options)
    assert is_planner_prompt(system, prompt)
    return read_turn(system, prompt)


def test_a_first_turn() -> None:
    turn = turn_for(
        "docs, query -> names: list[str], count: int", {"docs": "x" * 5_000, "query": "all"}, [], "1/20"
    )
    assert [(one.name, one.type, one.length) for one in turn.inputs] == [
        ("docs", "str", 5_000),
        ("query", "str", 3),
    ]
    assert turn.inputs[1].preview == "all"
    assert [(field.name, field.kind) for field in turn.outputs] == [("names", "array"), ("count", "integer")]
    assert (turn.steps, turn.iteration, turn.limit, turn.max_calls) == ((), 1, 20, 33)


def test_one_input_alone_is_read_too() -> None:
    turn = turn_for("question -> answer", {"question": "Who «said» that?\n\n```\nhm\n```"}, [])
    assert [one.name for one in turn.inputs] == ["question"]
    assert turn.inputs[0].preview == "Who «said» that?\n\n```\nhm\n```"


def test_a_history_with_failures() -> None:
    cells = [
        ("look", "print(1)", "1"),
        ("", "1 / 0", "[Error] ZeroDivisionError: division by zero"),
        ("again", "print(2)\nprint(3)", "[Type Error] no"),
    ]
    turn = turn_for("docs -> answer", {"docs": "d"}, cells)
    assert [(step.code, step.output) for step in turn.steps] == [(code, output) for _, code, output in cells]
    assert (turn.stage, turn.failures) == (1, 2)


def test_what_inputs_and_cells_print_is_never_taken_for_the_prompt_itself() -> None:
    cells = [
        ("r", "print(docs)", MARKERS),
        ("r", "print('=== Step 9 ===')", f"{MARKERS}\nCode:\n```python\nx\n```"),
    ]
    turn = turn_for("docs, query -> answer", {"docs": MARKERS, "query": "q"}, cells, "3/20")
    assert [one.name for one in turn.inputs] == ["docs", "query"]
    assert turn.inputs[0].preview == MARKERS
    assert [step.code for step in turn.steps] == ["print(docs)", "print('=== Step 9 ===')"]
    assert [step.output for step in turn.steps] == [output for _, _, output in cells]
    assert (turn.iteration, turn.limit) == (3, 20)


@settings(deadline=None, max_examples=40)
@given(st.lists(_PRINTED, max_size=4), _PRINTED)
def test_any_outputs_and_previews_come_back(outputs: list[str], value: str) -> None:
    cells = [("why", f"print({at})", output) for at, output in enumerate(outputs)]
    turn = turn_for("docs, query -> answer", {"docs": value, "query": "q"}, cells)
    assert [step.output.strip() for step in turn.steps] == [output.strip() for output in outputs]
    assert [step.code for step in turn.steps] == [code for _, code, _ in cells]
    assert [one.name for one in turn.inputs] == ["docs", "query"]


def test_a_budget_of_no_calls_is_not_an_unknown_one() -> None:
    system, prompt = prompt_for("docs -> answer", {"docs": "d"}, [])
    none = read_turn(system.replace("max 33 sub-LLM", "max 0 sub-LLM"), prompt)
    unknown = read_turn(system.replace("You have max 33 sub-LLM calls.", ""), prompt)
    assert (none.max_calls, none.calls(8), none.calls(8, kept=2)) == (0, 0, 0)
    assert (unknown.max_calls, unknown.calls(8, kept=2)) == (None, 8)
    told = read_turn(system, prompt)
    assert (told.calls(8, kept=2), told.calls(40, kept=2), told.calls(40, kept=33)) == (8, 31, 1)


def entry(n: int, reasoning: str, code: str, output: str) -> str:
    return (
        f"=== Step {n} ===\nReasoning: {reasoning}\nCode:\n```python\n{code}\n```\n"
        f"Output ({len(output)} chars):\n{output}"
    )


def test_what_a_person_did_is_no_cell_of_the_planners() -> None:
    history = "\n".join(
        [
            entry(1, "Look.", "x = 1", "1"),
            entry(2, PERSONS_STEP, "mine = 2", "2"),
            entry(3, "Count.", "y = 2", f"{SENT_BACK}Use z."),
            entry(4, "Count.", "z = 2", f"{SKIPPED} Not yet."),
            entry(5, "", REMARK_CODE, f"{TOLD}Look at the end."),
        ]
    )
    assert [step.code.strip() for step in read_history(history)] == ["x = 1"]
    assert read_remark(history) == "Look at the end."
    assert read_remark(f"{history}\n{entry(6, 'Go on.', 'w = 3', '3')}") == ""
