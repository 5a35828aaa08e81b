"""Signatures: from a task's text to dspy's, and errors that say where."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from rlm_tui.core.tasks import Task, builtin_tasks, make_task
from rlm_tui.engine.signatures import SignatureError, build_signature


def task(signature: str) -> Task:
    """A task of that signature; not made by `make_task`, which checks it by itself."""
    return Task(name="a_task", title="A task", signature=signature)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("str", str),
        ("int", int),
        ("float", float),
        ("bool", bool),
        ("list[str]", list[str]),
        ("list[dict[str, int]]", list[dict[str, int]]),
        ("dict[str, Any]", dict[str, Any]),
        ("Literal['yes', 'no']", Literal["yes", "no"]),
        ("Optional[int]", int | None),
        ("int | None", int | None),
    ],
)
def test_types(text: str, wanted: object) -> None:
    signature = build_signature(task(f"question -> answer: {text}"))
    assert signature.output_fields["answer"].annotation == wanted


def test_names_keep_their_order_and_default_to_text() -> None:
    signature = build_signature(task("docs, query: str -> modules: list[str], count: int"))
    assert list(signature.input_fields) == ["docs", "query"]
    assert list(signature.output_fields) == ["modules", "count"]
    assert signature.input_fields["docs"].annotation is str


def test_instructions_and_descriptions_are_kept() -> None:
    made = make_task(
        name="a_task",
        signature="question -> answer",
        instructions="Be brief.",
        descriptions={"question": "what is asked", "answer": "in one word"},
    )
    signature = build_signature(made)
    assert signature.instructions == "Be brief."
    assert signature.input_fields["question"].json_schema_extra["desc"] == "what is asked"
    assert signature.output_fields["answer"].json_schema_extra["desc"] == "in one word"


@pytest.mark.parametrize("built_in", builtin_tasks(), ids=lambda built_in: built_in.name)
def test_the_built_in_tasks(built_in: Task) -> None:
    signature = build_signature(built_in)
    assert list(signature.input_fields) == [item.name for item in built_in.inputs]
    assert list(signature.output_fields) == [item.name for item in built_in.outputs]


@pytest.mark.parametrize(
    ("text", "position", "word"),
    [
        ("", 0, "empty"),
        ("question answer", 15, "->"),
        ("question -> answer: nosuchtype", 20, "nosuchtype"),
        ("question, count: widget[int] -> answer", 17, "widget"),
        ("a, a -> b", 3, "twice"),
        ("a -> b: list[str", 12, "closed"),
        ("question -> trajectory", 12, "an output can't be called trajectory"),
        ("a, print -> answer", 3, "an input can't be called print"),
        ("dspy -> x", 0, "an input can't be called dspy"),
        ("self -> answer", 0, "an input can't be called self"),
    ],
)
def test_errors_say_where(text: str, position: int, word: str) -> None:
    with pytest.raises(SignatureError) as raised:
        build_signature(task(text))
    assert raised.value.position == position
    assert word in str(raised.value)
    assert raised.value.hint


def test_a_type_that_is_nested_without_end_is_refused_in_words() -> None:
    for number in (3000, 6000):
        with pytest.raises(SignatureError, match="nested too deeply") as caught:
            build_signature(task(f"a -> b: {'|'.join(['int'] * number)}"))
        assert len(str(caught.value)) < 800
