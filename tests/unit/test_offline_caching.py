"""The offline demo on `volume-cache`: what the first run derives, a later one finds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.core.builtin_tasks import builtin_tasks
from tests.unit.offline_runs import HEADED, PROSE, failed_cells, run_offline

SIGNATURE = next(task for task in builtin_tasks() if task.name == "volume-cache").signature
QUERY = "Which optimizer compiles a program by choosing examples?"


def run(volume: Path, docs: str, **options: Any) -> Any:
    found = run_offline(SIGNATURE, volume=volume, docs=docs, query=QUERY, **options)
    assert failed_cells(found) == []
    return found


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    directory = tmp_path / "volume"
    directory.mkdir()
    return directory


def test_the_second_run_finds_the_document_and_the_index(volume: Path) -> None:
    first = run(volume, HEADED)
    kept = {path.name: path.read_text(encoding="utf-8") for path in volume.glob("cache/*/*")}
    assert kept["document.txt"] == HEADED
    assert len(json.loads(kept["index.json"])) == first.sections > 4
    assert first.found_in_cache is False
    assert "Schleuse" in first.answer

    second = run(volume, HEADED)
    assert (second.found_in_cache, second.sections, second.answer) == (True, first.sections, first.answer)
    assert "built and written" not in str(second.trajectory[1]["output"])


def test_another_document_has_an_index_of_its_own(volume: Path) -> None:
    run(volume, HEADED)
    other = run(volume, PROSE * 30)
    assert other.found_in_cache is False
    assert "Bobbin" in other.answer
    assert len(list(volume.glob("cache/*/index.json"))) == 2


@pytest.mark.parametrize("damage", ["", '[{"titles": ', '{"no": "list"}'])
def test_a_damaged_index_is_built_anew(volume: Path, damage: str) -> None:
    run(volume, HEADED)
    index = next(volume.glob("cache/*/index.json"))
    index.write_text(damage, encoding="utf-8")
    assert run(volume, HEADED).found_in_cache is False
    assert len(json.loads(index.read_text(encoding="utf-8"))) > 4


def test_few_calls_make_a_coarser_index(volume: Path) -> None:
    assert 1 <= run(volume, HEADED, calls=8).sections <= 4
