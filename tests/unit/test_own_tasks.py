"""Tasks of a person's own: files that are read, written and shared; what is wrong in one is named."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core.own_tasks import (
    PROJECT_FOLDER,
    TaskFile,
    TaskFileError,
    read_task,
    task_folders,
    write_task,
)
from rlm_tui.core.signature_text import SignatureTextError
from rlm_tui.core.tasks import TaskError, TaskRegistry, find_task, with_more

FILE = TaskFile(
    signature="docs, question -> answer: str, confidence: float",
    title="Ask",
    instructions='Say "so",\nthen stop.',
    document_input="docs",
    tools=("regex_extract", "own.tools:count"),
    defaults={"question": "Who?"},
    descriptions={"answer": "One word."},
)


def test_a_task_is_written_and_read_back(tmp_path: Path) -> None:
    path = write_task("ask-it", FILE, tmp_path)
    task = read_task(path)
    assert (task.name, task.title, task.tools) == ("ask-it", "Ask", FILE.tools)
    assert task.instructions == FILE.instructions
    assert (task.document_input, task.inputs[1].default) == ("docs", "Who?")
    assert task.outputs[0].description == "One word."
    with pytest.raises(FileExistsError):
        write_task("ask-it", FILE, tmp_path)
    write_task("ask-it", FILE, tmp_path, overwrite=True)
    assert [item.name for item in tmp_path.iterdir()] == ["ask-it.toml"]


@given(instructions=st.text(max_size=60), default=st.text(max_size=60))
def test_any_text_is_kept(instructions: str, default: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    instructions, default = (text.encode("utf-8", "ignore").decode() for text in (instructions, default))
    folder = tmp_path_factory.mktemp("tasks")
    file = TaskFile(signature="a -> b", instructions=instructions, defaults={"a": default})
    task = read_task(write_task("t", file, folder))
    assert task.instructions == instructions
    assert task.inputs[0].default == default


def test_the_projects_tasks_stand_over_the_persons(tmp_path: Path) -> None:
    config, project = task_folders(tmp_path)
    assert project == tmp_path / PROJECT_FOLDER
    write_task("mine", TaskFile(signature="a -> b"), config)
    write_task("shared", TaskFile(signature="a -> b"), config)
    write_task("shared", TaskFile(signature="a -> c"), project)
    (project / "broken.toml").write_text("signature = 'a b -> c'\n")
    (project / "notes.txt").write_text("no task")
    registry = TaskRegistry.with_own(tmp_path)
    assert registry.get("mine").signature == "a -> b"
    assert registry.get("shared").signature == "a -> c"
    assert "basic" in [task.name for task in registry.all()]
    (problem,) = registry.problems
    assert "broken.toml" in problem
    assert "at character 1" in problem


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", "required field `signature`"),
        ("signature = 3", "Expected `str`"),
        ("signature = 'a -> b'\nsigntaure = 'x'", "unknown field `signtaure`"),
        ("signature = 'a -> b'\ntools = ['rm -rf']", "is no tool"),
        ("signature = 'a -> b'\ndocument_input = 'c'", "names 'c'"),
        ("signature = 'a -> b'\n[budgets]\nmax_iterations = 'x'", "Expected `int`"),
        ("signature = 'a -> b'\n[budgets]\nmax_iterations = -5", "Expected `int` >= 1"),
        ("signature = 'a -> b'\n[budgets]\nmax_seconds = nan", "Expected `float`"),
        ("signature = ", "Invalid value"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, written: str, words: str) -> None:
    path = tmp_path / "t.toml"
    path.write_text(written)
    with pytest.raises(TaskFileError, match=words) as caught:
        read_task(path)
    assert "t.toml" in str(caught.value)


def test_names_that_can_not_be_files(tmp_path: Path) -> None:
    for name in ("", "../x", "A", "a b", "a/b", "-a", "ä"):
        with pytest.raises(TaskError, match="is no name for a task"):
            write_task(name, FILE, tmp_path)
    with pytest.raises(TaskFileError, match="There is no task file"):
        read_task(tmp_path / "none.toml")


def test_a_task_is_found_by_name_by_file_and_by_signature(tmp_path: Path) -> None:
    registry = TaskRegistry()
    assert find_task("basic", registry).name == "basic"
    path = write_task("ask", FILE, tmp_path)
    assert find_task(str(path), registry).name == "ask"
    own = find_task("question, transcript -> answer", registry)
    assert (own.name, own.document_input) == ("own", "transcript")
    with pytest.raises(SignatureTextError, match="at character"):
        find_task("a b -> c", registry)
    more = with_more(own, ["regex_extract", "regex_extract"], "Be brief.")
    assert (more.tools, more.instructions) == (("regex_extract",), "Be brief.")
    with pytest.raises(TaskError, match="is no tool"):
        with_more(own, ["x"], "")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("signature = 'a -> b'\nx = " + "[" * 3000, "it is nested too deeply"),
        (f"signature = 'a -> b: {'-' * 20_000}1'", "the type of 'b' is nested too deeply"),
    ],
)
def test_a_file_that_is_nested_without_end_is_one_bad_file(tmp_path: Path, written: str, words: str) -> None:
    folder = task_folders(tmp_path)[1]
    folder.mkdir(parents=True)
    (folder / "deep.toml").write_text(written)
    write_task("good", TaskFile(signature="a -> b"), folder)
    registry = TaskRegistry.with_own(tmp_path)
    assert registry.get("good")
    (problem,) = registry.problems
    assert words in problem
    assert len(problem) < 800, "what is wrong is quoted, and not all of the file"


def test_of_many_that_keep_one_name_at_once_one_does(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def keep(number: int) -> bool:
        together.wait(10)
        try:
            write_task("mine", TaskFile(signature="a -> b", blurb=str(number)), tmp_path)
        except FileExistsError:
            return False
        return True

    for _ in range(5):
        with ThreadPoolExecutor(8) as threads:
            kept = list(threads.map(keep, range(8)))
        assert kept.count(True) == 1
        assert read_task(tmp_path / "mine.toml").blurb == str(kept.index(True))
        assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]
        (tmp_path / "mine.toml").unlink()


def test_a_task_is_kept_where_there_are_no_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr("os.link", refused)
    write_task("mine", FILE, tmp_path)
    with pytest.raises(FileExistsError):
        write_task("mine", FILE, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]
