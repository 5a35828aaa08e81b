"""The offline demo on signatures of anyone's own: values of the right types, drawn from the inputs."""

from __future__ import annotations

from typing import Any, Literal

import dspy
import pydantic
import pytest

from rlm_tui.lm.offline_conversion import conversion
from rlm_tui.lm.offline_prompt import OutputField, read_field
from tests.unit.offline_runs import failed_cells, run_offline

STORY = """\
# The Lighthouse at Carrow Point

The lighthouse at Carrow Point was built in 1874 by the engineer Ada Merrin. It stands 31 metres tall and its
lamp can be seen from 22 nautical miles away.

## Keepers

The first keeper was Tomas Hale, who lived there for 19 years with his wife Ines. He wrote a diary of storms.
The last keeper, Ruth Ogden, left in 1968 when the lamp was automated.

## Today

The tower is open to visitors in summer. Critics loved the restoration: it was called excellent and a delight.
The entrance fee is 7.50 euros, and the tower is never open in winter.
"""
LOG = "".join(
    f"2024-03-{day:02d} 10:00 {'INFO request served' if day % 5 else 'ERROR connection to database lost'}\n"
    for day in range(1, 29)
)


def test_a_question_on_a_long_text_is_answered_from_the_right_passage() -> None:
    filler = "Gulls were seen on that day, and the sea was calm. " * 400
    found = run_offline(
        "document, question -> answer", document=filler + STORY + filler, question="Who built the lighthouse?"
    )
    assert "Ada Merrin" in found.answer
    assert len(found.answer) < 600
    assert failed_cells(found) == []
    assert 4 <= len(found.trajectory) <= 5


def test_numbers_and_choices() -> None:
    found = run_offline(
        "review: str -> year_built: int, fee: float, sentiment: Literal['positive', 'negative', 'neutral']",
        review=STORY,
    )
    assert (found.year_built, found.fee, found.sentiment) == (1874, 7.5, "positive")


def test_a_verdict_and_its_evidence() -> None:
    found = run_offline(
        "document, question -> holds: bool, evidence: list[str]",
        document=STORY,
        question="Is the tower open in winter?",
    )
    assert found.holds is False
    assert any("never open in winter" in line for line in found.evidence)


def test_a_log_is_counted_and_quoted_line_by_line() -> None:
    found = run_offline(
        "logs, query -> errors: list[str], error_count: int", logs=LOG, query="database errors"
    )
    assert found.error_count == 5
    assert found.errors == [line for line in LOG.splitlines() if "ERROR" in line]


def test_mappings_optional_values_and_names() -> None:
    found = run_offline(
        "docs: dict[str, str], topic -> facts: dict[str, str], people: list[str], remark: Optional[str]",
        docs={"a.md": STORY, "b.md": "Nothing of interest."},
        topic="keepers",
    )
    assert all(isinstance(fact, str) and fact in " ".join(STORY.split()) for fact in found.facts.values())
    assert {"Tomas Hale", "Ruth Ogden"} <= set(found.people)


def test_plain_numbers_are_added() -> None:
    assert run_offline("first: int, second: int -> total: int", first=3, second=4).total == 7


class Visit(pydantic.BaseModel):
    place: str
    year: int
    kinds: list[str]
    mood: Literal["glad", "sad"]


def test_a_model_gets_every_field_that_it_requires() -> None:
    signature = dspy.Signature({"document": (str, dspy.InputField()), "visit": (Visit, dspy.OutputField())})
    found = run_offline(signature, document=STORY)
    assert isinstance(found.visit, Visit)
    assert found.visit.place


def test_a_refused_type_is_repaired() -> None:
    found = run_offline(
        "document -> pair: tuple[int, int], scores: list[float], note: str", iterations=8, document=STORY
    )
    assert found.pair == (0, 0)
    assert found.note


@pytest.mark.parametrize(
    ("note", "kind", "empty"),
    [
        ("", "string", ""),
        ("must be a single int value", "integer", 0),
        ("must be a single float value", "number", 0.0),
        ("must be True or False", "boolean", False),
        ("must exactly match (no extra characters) one of: a; b c", "choice", "a"),
        ('must adhere to the JSON schema: {"type": "array", "items": {"type": "string"}}', "array", []),
        ('must adhere to the JSON schema: {"anyOf": [{"type": "null"}, {"type": "integer"}]}', "integer", 0),
        ('must adhere to the JSON schema: {"type": "object", "additionalProperties": {}}', "object", {}),
        ("must adhere to the JSON schema: {broken", "object", {}),
    ],
)
def test_fields_are_read_by_the_note_beside_them(note: str, kind: str, empty: Any) -> None:
    field = read_field("name", note)
    assert (field.kind, field.empty) == (kind, empty)


@pytest.mark.parametrize("kind", ["string", "integer", "number", "boolean", "choice", "array", "object"])
@pytest.mark.parametrize("items", ["string", "integer", "number", "boolean", "object"])
def test_every_conversion_is_an_expression(kind: str, items: str) -> None:
    field = OutputField("some_field", kind, items, choices=("a", "it's") if kind == "choice" else ())
    compile(conversion(field, ()), "<cell>", "eval")
