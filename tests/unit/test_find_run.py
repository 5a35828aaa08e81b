"""A saved run is found by its id, the beginning of one, its folder, or as the last."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rlm_tui.store.errors import StoreError
from rlm_tui.store.find_run import find_run


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    root = tmp_path / "runs"
    for name in ("20260101-000000-basic-aaaa", "20260102-000000-basic-aabb", "20260102-000000-other-ccdd"):
        (root / name).mkdir(parents=True)
        (root / name / "events.jsonl").touch()
    (root / "20270101-no-run").mkdir()
    return root


def test_every_way_to_name_a_run(runs: Path) -> None:
    first, second, third = sorted(path for path in runs.iterdir() if (path / "events.jsonl").exists())
    assert find_run("last", runs) == third
    assert find_run(first.name, runs) == first
    assert find_run("20260101", runs) == first
    assert find_run("20260102-000000-b", runs) == second
    assert find_run(str(second), runs) == second
    assert find_run(str(second / "events.jsonl"), runs) == second


def test_of_two_runs_of_a_second_the_last_is_the_one_that_was_begun_last(runs: Path) -> None:
    for seconds, name in ((2, "20260102-000000-basic-aabb"), (1, "20260102-000000-other-ccdd")):
        (runs / name / "run.json").touch()
        os.utime(runs / name / "run.json", (seconds, seconds))
    assert find_run("last", runs).name == "20260102-000000-basic-aabb"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("2025", r"There is no run 2025 in .*: give a run's id"),
        ("", r"There is no run"),
        ("../../etc", r"There is no run"),
        ("20270101", r"There is no run"),
        ("20260102", r"2 runs begin with 20260102: .*basic-aabb, 20260102-000000-other-ccdd"),
    ],
)
def test_what_names_no_run_or_several(runs: Path, asked: str, words: str) -> None:
    with pytest.raises(StoreError, match=words):
        find_run(asked, runs)


def test_where_there_is_none_there_is_no_last(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no run in"):
        find_run("last", tmp_path / "runs")
