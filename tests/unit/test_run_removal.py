"""Deleted runs: what an interrupted deletion left goes with the next one, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui.store.errors import StoreError
from rlm_tui.store.removal import REMOVED, finish_removals, remove_run

RUN = "20260102-030405-logs-ab12"


def folder(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "events.jsonl").write_text("{}\n")
    return path


def test_what_an_interrupted_deletion_left_is_deleted(tmp_path: Path) -> None:
    runs, outside = tmp_path / "runs", folder(tmp_path / "outside")
    kept, left = folder(runs / RUN), folder(runs / f"{REMOVED}{RUN}-0123")
    (runs / f"{REMOVED}link").symlink_to(outside)
    finish_removals(runs)
    assert left.is_dir(), "it may be under way"
    finish_removals(runs, after_seconds=0.0)
    assert not left.exists()
    assert (kept / "events.jsonl").exists()
    assert (outside / "events.jsonl").exists()
    finish_removals(tmp_path / "nowhere")


def test_a_run_is_deleted_and_what_is_no_run_stays(tmp_path: Path) -> None:
    run, other = folder(tmp_path / RUN), tmp_path / "notes"
    other.mkdir()
    assert remove_run(run) >= 3
    assert list(tmp_path.iterdir()) == [other]
    with pytest.raises(StoreError, match="not the folder of a run"):
        remove_run(other)
