"""dspy's own RLM over the process sandbox, with an LM that follows a script."""

from __future__ import annotations

from pathlib import Path

import dspy
import pytest

from rlm_tui.sandbox.document_input import DocumentInput
from rlm_tui.sandbox.local import ProcessInterpreterFactory
from tests.contract.sandboxes import (
    Factory,
    Place,
    Recording,
    every_transport,
    planner_script,
    write_document,
)


@every_transport
def test_an_rlm_runs_from_document_to_answer(tmp_path: Path, place: Place) -> None:
    document = write_document(tmp_path, "# Title\nalpha beta\n# Other\nalpha gamma\n")
    listener = Recording()
    factory = Factory(place, documents=[document], listener=listener)
    lm = planner_script(
        [
            "lines = grep(docs, 'alpha')\nprint(len(lines), question)",
            "answers = llm_query_batched([f'say {line}' for line in lines])\nanswers",
            "1/0",
            "SUBMIT(answer=', '.join(answers), count=len(lines))",
        ],
        sub_answer=lambda prompt: prompt.upper(),
    )
    rlm = dspy.RLM("docs, question -> answer, count: int", interpreter_factory=factory)
    with dspy.context(lm=lm):
        result = rlm(docs=DocumentInput(document), question="which?")
    assert result.answer == "SAY ALPHA BETA, SAY ALPHA GAMMA"
    assert result.count == 2
    outputs = [entry["output"] for entry in result.trajectory]
    assert outputs[0] == "2 which?\n"
    assert "SAY ALPHA BETA" in outputs[1]
    assert outputs[2].startswith("[Error] Traceback")
    assert "ZeroDivisionError" in outputs[2]
    assert [done.status for done in listener.of("done")] == ["ok", "ok", "error", "submitted"]
    assert listener.of("lost") == []


@every_transport
def test_a_predictor_built_in_a_cell_runs_on_the_host(place: Place) -> None:
    lm = planner_script(
        ["import dspy\nprint(dspy.Predict('city -> country')(city='Oslo').country)", "SUBMIT('done')"],
        sub_answer=lambda prompt: "[[ ## country ## ]]\nNorway\n\n[[ ## completed ## ]]",
    )
    rlm = dspy.RLM("question -> answer", interpreter_factory=Factory(place))
    with dspy.context(lm=lm):
        result = rlm(question="where?")
    assert result.trajectory[0]["output"] == "Norway\n"


@every_transport
def test_a_nested_rlm_gets_a_sandbox_of_its_own(place: Place) -> None:
    lm = planner_script(
        [
            "import dspy\nsecret = 41\nprint(dspy.RLM('number -> answer')(number='7').answer)",
            "SUBMIT(answer=str('secret' in globals()) + number)",
            "SUBMIT(answer=str(secret + 1))",
        ]
    )
    rlm = dspy.RLM("question -> answer", interpreter_factory=Factory(place))
    with dspy.context(lm=lm):
        result = rlm(question="?")
    assert result.trajectory[0]["output"] == "False7\n"
    assert result.answer == "42"


def test_what_the_planner_is_told_of_its_sandbox(tmp_path: Path) -> None:
    factory = ProcessInterpreterFactory(confined="off", volume=tmp_path / "volume")
    rlm = dspy.RLM("question -> answer", interpreter_factory=factory)
    instructions = rlm.generate_action.signature.instructions
    assert str(tmp_path / "volume") in instructions
    for helper in ("peek(", "grep(", "chunk_by_headers(", "save_to_volume("):
        assert helper in instructions
    without = ProcessInterpreterFactory(confined="off").execution_instructions
    assert "save_to_volume" not in without


@pytest.mark.parametrize("inputs", [{"question": float("nan")}, {"question": {1, 2}}])
def test_an_input_that_json_cannot_hold_is_refused_by_name(inputs: dict[str, object]) -> None:
    rlm = dspy.RLM("question -> answer", interpreter_factory=ProcessInterpreterFactory(confined="off"))
    with dspy.context(lm=planner_script(["SUBMIT('x')"])), pytest.raises(RuntimeError, match="'question'"):
        rlm(**inputs)
