"""Breakpoints kept with a task: in a file of the person's, and in the task's own until then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from rlm_tui.core.breakpoints import Breakpoint, SetBreakpoint, breakpoint_text, parse_breakpoint
from rlm_tui.core.own_tasks import TaskFile, TaskFileError, read_task, write_task
from rlm_tui.core.paths import data_directory
from rlm_tui.core.remembered_breakpoints import breakpoints_of, keep_breakpoints
from rlm_tui.core.task import Task, make_task
from tests.unit.test_breakpoints import BREAKPOINTS

ERROR, THIRD = (SetBreakpoint(parse_breakpoint(line)) for line in ("error", "iteration=3"))
TASK = make_task(name="mine", signature="question -> answer", breakpoints=(ERROR.breakpoint,))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLM_TUI_HOME", str(tmp_path))


def other(name: str) -> Task:
    return make_task(name=name, signature="question -> answer")


def test_what_a_task_brings_holds_until_others_are_kept_also_none() -> None:
    assert breakpoints_of(TASK) == (ERROR,)
    assert breakpoints_of(other("other")) == ()
    off = SetBreakpoint(THIRD.breakpoint, on=False)
    keep_breakpoints(TASK, [off, ERROR])
    keep_breakpoints(other("other"), [THIRD])
    assert breakpoints_of(TASK) == (off, ERROR)
    assert breakpoints_of(other("other")) == (THIRD,)
    keep_breakpoints(TASK, [])
    assert breakpoints_of(TASK) == ()


@pytest.mark.parametrize("content", [b"", b"not json", b'{"mine": 7}', b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_can_not_be_read_is_as_none(content: bytes) -> None:
    data_directory().mkdir(parents=True)
    (data_directory() / "breakpoints.json").write_bytes(content)
    assert breakpoints_of(TASK) == (ERROR,)
    keep_breakpoints(TASK, [THIRD])
    assert breakpoints_of(TASK) == (THIRD,)


def test_a_line_of_another_version_is_left_out_and_stays_in_the_file() -> None:
    keep_breakpoints(TASK, [ERROR])
    path = data_directory() / "breakpoints.json"
    kept = json.loads(path.read_text())
    kept["mine"].append({"breakpoint": "full-moon", "on": True})
    path.write_text(json.dumps(kept))
    assert breakpoints_of(TASK) == (ERROR,)
    keep_breakpoints(TASK, [THIRD])
    assert [item["breakpoint"] for item in json.loads(path.read_text())["mine"]] == [
        "iteration=3",
        "full-moon",
    ]


def test_what_can_not_be_written_is_an_error_and_leaves_nothing_half() -> None:
    path = data_directory() / "breakpoints.json"
    path.mkdir(parents=True)
    with pytest.raises(OSError, match=r"breakpoints\.json"):
        keep_breakpoints(TASK, [THIRD])
    assert list(data_directory().iterdir()) == [path]


@settings(max_examples=25)
@given(BREAKPOINTS)
def test_each_is_written_in_a_tasks_file_and_read_back(
    tmp_path_factory: pytest.TempPathFactory, point: Breakpoint
) -> None:
    file = TaskFile(signature="question -> answer", breakpoints=(breakpoint_text(point), "error"))
    path = write_task("mine", file, tmp_path_factory.mktemp("tasks"))
    assert read_task(path).breakpoints == (point, ERROR.breakpoint)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('["error", "iteration=four"]', "breakpoints has 'iteration=four': 'four' is no whole number"),
        ("['regex=open(']", "The pattern 'open(' doesn't compile: missing ) at position 5."),
        ('["submitt"]', "did you mean submit?"),
        ('"error"', "breakpoints"),
    ],
)
def test_a_bad_one_names_the_file_and_the_breakpoint(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f'signature = "question -> answer"\nbreakpoints = {line}\n')
    with pytest.raises(TaskFileError) as refused:
        read_task(path)
    assert str(path) in str(refused.value)
    assert words in str(refused.value)
