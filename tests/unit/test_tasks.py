"""Tasks are found by name, and what a person gives is checked against what they take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rlm_tui.core.documents import Document
from rlm_tui.core.input_types import InputTypeError, check_value, convert_input, input_problem, python_type
from rlm_tui.core.tasks import (
    MissingInput,
    Task,
    TaskError,
    TaskRegistry,
    UnknownInput,
    UnknownTask,
    WrongInput,
    bind_inputs,
    builtin_tasks,
    make_task,
)

DOCUMENT = Document(name="d.txt", path=Path("/d.txt"), size=3, encoding="utf-8", modified=0.0)


def task(signature: str, **more: Any) -> Task:
    return make_task(name="own", signature=signature, **more)


def test_the_built_in_tasks() -> None:
    basic, architecture, cache, *others = TaskRegistry().all()
    assert [task.name for task in others] == [
        "api-endpoints",
        "error-patterns",
        "trajectory",
        "custom-tool",
        "analyze",
        "summarize",
        "logs",
    ]
    assert (cache.name, cache.document_input) == ("volume-cache", "docs")
    assert [field.name for field in basic.inputs] == ["question"]
    assert basic.inputs[0].default == "What are the first 12 Fibonacci numbers?"
    assert [(field.name, field.type) for field in basic.outputs] == [("answer", "str")]
    assert [(field.name, field.document) for field in architecture.inputs] == [
        ("docs", True),
        ("query", False),
    ]
    assert {field.type for field in architecture.outputs} == {"list[str]"}
    assert architecture.default_document == "rlm_content/dspy-knowledge/dspy-doc.txt"
    for built_in in builtin_tasks():
        assert built_in.title
        assert built_in.blurb
        assert built_in.watch_for
        assert built_in.instructions
        assert all(field.description for field in built_in.inputs)
        assert all(field.description for field in built_in.outputs)


def test_a_task_that_is_not_there_names_near_ones() -> None:
    with pytest.raises(UnknownTask, match="did you mean architecture") as caught:
        TaskRegistry().get("architectur")
    assert caught.value.near == ("architecture",)
    with pytest.raises(UnknownTask, match="choose one of analyze, api-endpoints, architecture"):
        TaskRegistry().get("zzz")


def test_own_tasks_stand_beside_the_built_in_ones_and_replace_them() -> None:
    registry = TaskRegistry()
    registry.register(task("text -> summary"))
    assert registry.all()[0].name == "basic"
    assert registry.all()[-1].name == "own"
    registry.register(make_task(name="basic", signature="question, hint -> answer"))
    assert len(registry.get("basic").inputs) == 2


def test_a_task_can_only_speak_of_its_own_fields() -> None:
    with pytest.raises(TaskError, match="default names 'c'"):
        task("a -> b", defaults={"c": "1"})
    with pytest.raises(TaskError, match="document_input names 'b'"):
        task("a -> b", document_input="b")
    with pytest.raises(TaskError, match="description names 'x'"):
        task("a -> b", descriptions={"x": "?"})


def test_defaults_fill_what_is_left_out() -> None:
    values, documents = bind_inputs(builtin_tasks()[0], {})
    assert values == {"question": "What are the first 12 Fibonacci numbers?"}
    assert documents == {}


def test_a_document_fills_its_input() -> None:
    architecture = builtin_tasks()[1]
    assert bind_inputs(architecture, {"query": "all"}, DOCUMENT) == ({"query": "all"}, {"docs": DOCUMENT})
    assert bind_inputs(architecture, {"docs": "short text", "query": "all"})[0]["docs"] == "short text"


@pytest.mark.parametrize(
    ("values", "document", "error", "words"),
    [
        ({"querry": "all"}, DOCUMENT, UnknownInput, "has no input 'querry': did you mean query?"),
        ({"zzz": "all"}, DOCUMENT, UnknownInput, "it takes docs, query."),
        ({"query": "all"}, None, MissingInput, "needs a document for docs: .*--document PATH"),
        ({"docs": "x"}, DOCUMENT, UnknownInput, "given twice"),
        ({"query": "  "}, DOCUMENT, MissingInput, "query .* is empty"),
    ],
)
def test_what_was_asked_wrongly(
    values: dict[str, str], document: Document | None, error: type[TaskError], words: str
) -> None:
    with pytest.raises(error, match=words):
        bind_inputs(builtin_tasks()[1], values, document)


def test_a_document_for_a_task_that_reads_none() -> None:
    with pytest.raises(UnknownInput, match="reads no document"):
        bind_inputs(builtin_tasks()[0], {}, DOCUMENT)


def test_an_input_without_a_default_must_be_given() -> None:
    with pytest.raises(MissingInput, match=r"needs a value for b \(int\): .*--input b=VALUE"):
        bind_inputs(task("a, b: int -> c"), {"a": "x"})


@pytest.mark.parametrize(
    ("type_text", "given", "value"),
    [
        ("str", " 007 ", " 007 "),
        ("int", " 42 ", 42),
        ("int", "1_000", 1000),
        ("float", "2.5", 2.5),
        ("float", "3", 3.0),
        ("bool", "Yes", True),
        ("bool", "0", False),
        ("list[str]", '["a", "b"]', ["a", "b"]),
        ("list", "[1, null]", [1, None]),
        ("dict[str, list[int]]", '{"a": [1]}', {"a": [1]}),
        ("tuple[int, str]", '[1, "a"]', (1, "a")),
        ("int | None", "7", 7),
        ("Optional[int]", "null", None),
        ("Literal['low', 'high']", "low", "low"),
        ("str | None", "plain words", "plain words"),
        ("Any", '{"a": 1}', {"a": 1}),
        ("dspy.Image", "https://example.com/a.png", "https://example.com/a.png"),
        ("list[int]", [1, 2], [1, 2]),
    ],
)
def test_text_becomes_a_value_of_the_type(type_text: str, given: Any, value: Any) -> None:
    bound = bind_inputs(task(f"a: {type_text} -> b"), {"a": given})[0]["a"]
    assert bound == value
    assert type(bound) is type(value)


def test_what_is_nested_without_end_is_refused_in_words() -> None:
    assert python_type("|".join(["int"] * 6000)) is None
    assert python_type("-" * 20_000 + "1") is None
    deep = "[" * 100_000
    for wanted in ("list", "list[int] | list[str]"):
        with pytest.raises(InputTypeError, match="it is nested too deeply"):
            convert_input(deep, wanted)
        assert input_problem(deep, wanted) == "It is nested too deeply."
    assert check_value([1], "list[int] | list[str]") == [1]


@pytest.mark.parametrize(
    ("type_text", "given", "words"),
    [
        ("int", "many", "a whole number and was given 'many'"),
        ("int", "2.5", "a whole number"),
        ("float", "1,5", "a number and was given '1,5'"),
        ("bool", "maybe", "true or false and was given 'maybe'"),
        ("list[str]", "a, b", r"JSON for list\[str\], as in \[\"one\", \"two\"\], and was given 'a, b'"),
        ("list[int]", '["a"]', r"Expected `int`, got `str`"),
        ("dict[str, int]", "[]", "JSON for dict"),
        ("Literal['low', 'high']", "middle", "one of low, high and was given 'middle'"),
        ("int", True, "wants int and was given bool"),
        ("list[str]", 5, "wants .* and was given int"),
    ],
)
def test_text_that_is_no_such_value(type_text: str, given: Any, words: str) -> None:
    with pytest.raises(WrongInput, match=words) as caught:
        bind_inputs(task(f"a: {type_text} -> b"), {"a": given})
    assert str(caught.value).startswith("Input a of task own can't be used: ")
