"""Outputs that don't fit their types: the planner is told why, and mends them; over real sandboxes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rlm_tui.core.events import Budgets, CellFinished, IterationStarted, Note
from rlm_tui.core.tasks import make_task
from tests.integration.session_runs import WatchedRun, request, run
from tests.lm_server import NONSENSE, LoopbackLM, by_kind, planner_script
from tests.lm_server.fixtures import StartLM

MODULE = """
import enum
import pydantic

class Grade(enum.Enum):
    GOOD = "good"
    BAD = "bad"

class Finding(pydantic.BaseModel):
    title: str
    lines: list[int] = []

class Strict(pydantic.BaseModel):
    title: str

    @pydantic.field_validator("title")
    @classmethod
    def known(cls, title: str) -> str:
        return {"a": "A"}[title]
"""


@pytest.fixture
def own_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of a person's own in the working directory."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "own_types_of_outputs.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.chdir(folder)
    return "own_types_of_outputs"


def told(server: LoopbackLM, iteration: int) -> str:
    """What the planner read before this iteration."""
    return next(one.prompt for one in server.requests if one.iteration == iteration)


def submits(loopback_lm: StartLM, signature: str, *cells: str) -> tuple[WatchedRun, LoopbackLM]:
    """A run whose planner submits these, one after the other."""
    server = loopback_lm(planner_script([("I submit.", cell) for cell in cells]))
    return run(request(make_task(name="typed", signature=signature), server)), server


@pytest.mark.parametrize(
    ("declared", "wrong", "right", "words", "answer"),
    [
        ("float", "'high'", "0.9", "must be float, not str ('high')", 0.9),
        ("list[int]", "['one', 2]", "[1, 2]", "[0]: Input should be a valid integer", [1, 2]),
        ("dict[str, int]", "{'a': 'x'}", "{'a': 1}", "a: Input should be a valid integer", {"a": 1}),
        ("Literal['good', 'bad']", "'fine'", "'bad'", "Input should be 'good' or 'bad'", "bad"),
        ("Optional[int]", "'none'", "None", "Input should be a valid integer", None),
        ("list[dict[str, list[float]]]", "[{'a': [1, 'b']}]", "[{'a': [1]}]", "[0].a[1]: ", [{"a": [1.0]}]),
        (
            "{m}.Finding",
            "{'lines': [1]}",
            "{'title': 'x'}",
            "title: Field required",
            {"title": "x", "lines": []},
        ),
        ("list[{m}.Finding]", "[{'title': 1}]", "[]", "[0].title: Input should be a valid string", []),
        ("{m}.Grade", "'great'", "'good'", "great", "good"),
        ("{m}.Strict", "{'title': 'b'}", "{'title': 'a'}", "got dict", {"title": "A"}),
    ],
)
def test_an_output_that_does_not_fit_is_told_and_mended(
    loopback_lm: StartLM, own_types: str, declared: str, wrong: str, right: str, words: str, answer: Any
) -> None:
    declared = declared.replace("{m}", own_types)
    watched, server = submits(
        loopback_lm,
        f"question -> answer: {declared}",
        f"print('I looked')\nSUBMIT(answer={wrong})",
        f"SUBMIT(answer={right})",
    )
    assert watched.finished().status == "submitted"
    assert watched.finished().outputs == {"answer": answer}
    first, second = watched.all(CellFinished)
    assert (first.status, second.status) == ("error", "submitted")
    assert first.error is not None
    assert words in first.error.message
    assert words in told(server, 2), "the planner reads it"
    assert "I looked" in told(server, 2), "and what the cell had printed"
    assert "pydantic.dev" not in told(server, 2)
    assert watched.finished().totals.planner_calls == 2


def test_every_output_that_does_not_fit_is_named(loopback_lm: StartLM) -> None:
    watched, server = submits(
        loopback_lm,
        "question -> grade: Literal['a', 'b'], counts: list[int], note: str",
        "SUBMIT(grade='c', counts=['x'], note='n')",
        "SUBMIT('a', [1], 'n')",
    )
    assert watched.finished().outputs == {"grade": "a", "counts": [1], "note": "n"}
    (message,) = [cell.error.message for cell in watched.all(CellFinished) if cell.error]
    assert "grade: expected Literal['a', 'b'], got str 'c'" in message
    assert "counts: expected list[int]" in message
    assert "note" not in message
    assert "[Type Error] grade: expected" in told(server, 2)


def test_a_class_of_signature_with_models(loopback_lm: StartLM, own_types: str, tmp_path: Path) -> None:
    from rlm_tui.engine.signatures import task_of_class

    Path("own_signature_of_outputs.py").write_text(
        f"import dspy\nfrom {own_types} import Finding\n\nclass Look(dspy.Signature):\n"
        "    '''Look.'''\n    question: str = dspy.InputField()\n"
        "    found: dict[str, Finding] = dspy.OutputField()\n",
        encoding="utf-8",
    )
    task = task_of_class("own_signature_of_outputs:Look")
    server = loopback_lm(
        planner_script([("A.", "SUBMIT({'a': {}})"), ("B.", "SUBMIT({'a': {'title': 'T', 'lines': ['3']}})")])
    )
    watched = run(request(task, server))
    assert watched.finished().outputs == {"found": {"a": {"title": "T", "lines": [3]}}}
    assert "a.title: Field required" in told(server, 2)


def test_the_iterations_end_and_what_fitted_stays(loopback_lm: StartLM) -> None:
    server = loopback_lm(
        by_kind(
            planner_script([("I submit.", "SUBMIT(grade='c', note='seen')")] * 2),
            extract=NONSENSE,
        )
    )
    task = make_task(name="typed", signature="question -> grade: Literal['a', 'b'], note: str")
    watched = run(request(task, server, budgets=Budgets(max_iterations=2)))
    finished = watched.finished()
    assert finished.status == "failed"
    assert finished.outputs == {"note": "seen"}
    assert finished.error is not None
    assert "does not fit the types of the outputs" in finished.error.message
    assert "note is kept" in finished.error.message
    assert len(watched.all(IterationStarted)) == 2
    assert any("did not submit within its 2 iterations" in note.text for note in watched.all(Note))


def test_the_iterations_end_and_the_extraction_fits(loopback_lm: StartLM) -> None:
    script = planner_script(
        [("I submit.", "SUBMIT(grade='c', note='seen')")] * 2, extracted={"grade": "b", "note": "extracted"}
    )
    task = make_task(name="typed", signature="question -> grade: Literal['a', 'b'], note: str")
    watched = run(request(task, loopback_lm(script), budgets=Budgets(max_iterations=2)))
    assert watched.finished().status == "extracted"
    assert watched.finished().outputs == {"grade": "b", "note": "extracted"}


def test_outputs_named_like_methods_of_a_prediction_are_extracted(loopback_lm: StartLM) -> None:
    found = {"items": "one", "labels": "two", "get": "three", "keys": "four"}
    script = planner_script([("I look.", "print(1)")], extracted=found)
    task = make_task(name="typed", signature="question -> items, labels, get, keys")
    watched = run(request(task, loopback_lm(script), budgets=Budgets(max_iterations=1)))
    assert watched.finished().status == "extracted"
    assert watched.finished().outputs == found


def test_a_tool_that_exits_is_the_cells_error_and_the_run_goes_on(
    loopback_lm: StartLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "exiting_tool_of_outputs.py").write_text(
        "import sys\n\ndef leave(code: int) -> str:\n    '''Leaves.'''\n    sys.exit(code)\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    server = loopback_lm(planner_script([("I leave.", "leave(2)"), ("I stay.", "SUBMIT('here')")]))
    task = make_task(name="leaving", signature="question -> answer", tools=("exiting_tool_of_outputs:leave",))
    watched = run(request(task, server))
    assert watched.finished().status == "submitted"
    assert watched.finished().outputs == {"answer": "here"}
    assert "the tool called sys.exit(2)" in told(server, 2)
