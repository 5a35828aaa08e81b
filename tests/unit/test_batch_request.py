"""Which documents a batch is over, and what is refused before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from rlm_tui.core.settings import load_settings
from rlm_tui.core.tasks import TaskRegistry, make_task, with_more
from rlm_tui.headless.batch_request import BatchError, batch_key, build_batch, find_documents
from rlm_tui.headless.request import check_task


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.txt", "a.txt", "deep/c.txt", "odd [1].txt"):
        path = tmp_path / "documents" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("words", encoding="utf-8")
    return tmp_path / "documents"


def names(folder: Path, *patterns: str) -> list[str]:
    return [str(path.relative_to(folder)) for path in find_documents(str(folder / one) for one in patterns)]


def test_patterns_name_each_file_once_in_order(folder: Path) -> None:
    assert names(folder, "*.txt") == ["a.txt", "b.txt", "odd [1].txt"]
    assert names(folder, "**/*.txt") == ["a.txt", "b.txt", "deep/c.txt", "odd [1].txt"]
    assert names(folder, "b.txt", "*.txt") == ["b.txt", "a.txt", "odd [1].txt"]


def test_a_folder_names_the_files_in_it(folder: Path) -> None:
    assert names(folder, "") == ["a.txt", "b.txt", "odd [1].txt"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(folder: Path) -> None:
    assert names(folder, "odd [1].txt") == ["odd [1].txt"]


def test_a_pattern_that_fits_nothing_says_so(folder: Path) -> None:
    with pytest.raises(BatchError, match=r"No document fits .*\.pdf'"):
        find_documents([str(folder / "*.txt"), str(folder / "*.pdf")])
    with pytest.raises(BatchError, match="needs documents"):
        find_documents([])


def test_a_task_without_a_document_is_refused(folder: Path) -> None:
    with pytest.raises(BatchError, match="Task basic reads no document") as refused:
        build_batch("basic", patterns=[str(folder)], inputs=["question=?"], overrides={})
    assert "rlm-tui run basic" in refused.value.hint


@pytest.mark.parametrize("parallel", [0, -1, 1_000])
def test_an_odd_number_at_a_time_is_refused(folder: Path, parallel: int) -> None:
    with pytest.raises(BatchError, match="runs at a time"):
        build_batch(
            "architecture", patterns=[str(folder)], inputs=["query=?"], overrides={}, parallel=parallel
        )


def test_a_missing_input_is_refused_before_anything_runs(folder: Path) -> None:
    with pytest.raises(ValueError, match="query"):
        build_batch("architecture", patterns=[str(folder)], inputs=["queri=?"], overrides={})


def test_answers_of_another_question_or_model_do_not_stand_in() -> None:
    task = TaskRegistry().get("architecture")
    offline, other = load_settings(overrides={}), load_settings(overrides={"lm.model": "openai/x"})
    keys = {batch_key(task, {"query": "a"}, offline), batch_key(task, {"query": "b"}, offline)}
    keys.add(batch_key(task, {"query": "a"}, other))
    assert len(keys) == 3
    assert batch_key(task, {"query": "a"}, offline) in keys


def test_answers_without_a_tool_or_of_another_class_do_not_stand_in() -> None:
    task, offline = TaskRegistry().get("architecture"), load_settings(overrides={})
    keys = {
        batch_key(one, {}, offline)
        for one in (
            task,
            with_more(task, ["regex_extract"], ""),
            msgspec.structs.replace(task, signature_class="own:Look"),
        )
    }
    assert len(keys) == 3


MODULE = """
import dspy, pydantic

class Finding(pydantic.BaseModel):
    title: str

class Look(dspy.Signature):
    docs: str = dspy.InputField()
    own: Finding = dspy.InputField()
    answer: str = dspy.OutputField()

def shout(text: str) -> str:
    "Loud."
    return text.upper()
"""


@pytest.mark.parametrize(
    ("task", "asked", "words"),
    [
        ("docs, question -> answer", {"tools": ["nowhere_at_all:f"]}, "can't be imported"),
        ("docs, question -> answer: Strr", {}, "can't use the type 'Strr'"),
        ("batch_types:Look", {"inputs": ['own={"lines": 1}']}, "title: Field required"),
        ("batch_types:Nothing", {}, "has no Nothing"),
    ],
)
def test_what_dspy_can_not_use_is_refused_before_anything_runs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, task: str, asked: dict[str, Any], words: str
) -> None:
    (folder.parent / "batch_types.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.chdir(folder.parent)
    with pytest.raises(ValueError, match=words):
        build_batch(task, patterns=[str(folder)], overrides={}, **({"inputs": ["question=?"]} | asked))


def test_a_class_and_tools_make_a_batch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder.parent / "batch_types.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.chdir(folder.parent)
    found = build_batch(
        "batch_types:Look",
        patterns=[str(folder)],
        inputs=['own={"title": "T"}'],
        overrides={},
        tools=["batch_types:shout"],
    )
    assert (found.task.signature_class, found.task.tools) == ("batch_types:Look", ("batch_types:shout",))
    assert found.task.document_input == "docs"


def test_a_task_that_only_has_the_name_of_a_built_in_one_is_checked() -> None:
    with pytest.raises(ValueError, match="can't be called trajectory"):
        check_task(make_task(name="basic", signature="question -> trajectory"))
