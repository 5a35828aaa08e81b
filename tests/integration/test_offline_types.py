"""The offline demo and outputs of any type: the right type, or an honest failure; over real sandboxes."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui.core.tasks import make_task
from tests.integration.session_runs import request, run

MODULE = """
import datetime, enum, pydantic

class Grade(enum.Enum):
    GOOD = "good"
    BAD = "bad"

class Finding(pydantic.BaseModel):
    title: str
    severity: int = pydantic.Field(ge=1, le=5)
    share: float = pydantic.Field(lt=0)
    grade: Grade

class Report(pydantic.BaseModel):
    findings: list[Finding]
    best: Finding
    when: datetime.date

class Odd(pydantic.BaseModel):
    code: str = pydantic.Field(pattern=r"^[A-Z]{3}-\\\\d+$")
"""
TEXT = "The grade was good. It counted 12 boxes. The report has findings in 2024. " * 5


@pytest.fixture(autouse=True)
def own_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "types_of_offline.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "declared",
    [
        "dict[str, int]", "Literal['a', 'b']", "Literal[1, 2]", "Optional[int]", "list[Literal['x', 'y']]",
        "tuple[str, int]", "types_of_offline.Grade", "types_of_offline.Report",
        "list[types_of_offline.Finding]", "set[int]", "datetime.date",
    ],
)  # fmt: skip
def test_it_submits_a_value_of_the_type(declared: str) -> None:
    from pydantic import TypeAdapter

    from rlm_tui.engine.signatures import build_signature

    task = make_task(name="typed", signature=f"text, question -> answer: {declared}")
    watched = run(request(task, text=TEXT, question="What is the grade?"))
    assert watched.finished().status == "submitted", watched.finished().error
    annotation = build_signature(task).output_fields["answer"].annotation
    TypeAdapter(annotation).validate_python(watched.finished().outputs["answer"])


def test_a_type_that_it_has_no_value_for_is_a_sentence_and_no_endless_run() -> None:
    task = make_task(name="typed", signature="text, question -> answer: types_of_offline.Odd")
    watched = run(request(task, text=TEXT, question="What is the code?"))
    finished = watched.finished()
    assert finished.status == "failed"
    assert finished.error is not None
    assert "The offline demo has no value that fits the type of an output (answer: expected Odd" in (
        finished.error.message
    )
    assert "Use a model for such a type" in finished.error.hint
    assert finished.totals.iterations < 10
