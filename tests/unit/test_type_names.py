"""Names in the types of a signature: what dspy knows, one's own as module.Class, and what is neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui.core.tasks import make_task
from rlm_tui.engine.signatures import SignatureError, build_signature
from rlm_tui.engine.type_names import type_problem


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "own_names").mkdir()
    (tmp_path / "own_names" / "__init__.py").write_text("")
    (tmp_path / "own_names" / "inner.py").write_text(
        "import pydantic\n\nclass Outer(pydantic.BaseModel):\n    class Inner(pydantic.BaseModel):\n"
        "        title: str\n"
    )
    (tmp_path / "broken_names.py").write_text("def (\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "str", "list[str]", "dict[str, list[int]]", "Optional[int]", "int | None", "Union[int, str]",
        "Literal['a', 'b c', 3]", "typing.Literal['x.y']", "tuple[int, ...]", "Any", "dspy.Image",
        "datetime.date", "list[own_names.inner.Outer]", "own_names.inner.Outer.Inner",
    ],
)  # fmt: skip
def test_what_dspy_takes(text: str, project: Path) -> None:
    assert type_problem(text, project) == ""
    if "..." not in text:
        built = build_signature(make_task(name="t", signature=f"a -> b: {text}"))
        assert "b" in built.output_fields


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("string", "there is no type string: did you mean"),
        ("list[Strr]", "there is no type Strr"),
        ("Finding", "Finding is unknown: write a type of your own as module.Finding"),
        ("sum", "sum is a function"),
        (
            "own_names.inner.Missing",
            "own_names.inner.Missing can't be imported: own_names.inner has no Missing",
        ),
        ("broken_names.X", "broken_names.X can't be imported: SyntaxError"),
        ("antigravity", "is unknown"),
    ],
)
def test_what_it_does_not(text: str, words: str, project: Path) -> None:
    assert words in type_problem(text, project)
    with pytest.raises(SignatureError) as caught:
        build_signature(make_task(name="t", signature=f"a -> b: {text}"))
    assert caught.value.position == len("a -> b: ")
    assert words in caught.value.why


def test_a_name_is_not_looked_for_in_whoever_calls() -> None:
    class Path:
        pass

    with pytest.raises(SignatureError, match="there is no type Path"):
        build_signature(make_task(name="t", signature="a -> b: Path"))
