"""What a cell wrote to a local volume is seen by looking; what could not be looked over is not known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rlm_tui.core.blobs import MemoryBlobs
from rlm_tui.core.events import CellStarted, IterationStarted, RunStarted, Value, VolumeChanged
from rlm_tui.core.recorded import recorded_iterations
from rlm_tui.core.trajectory import fold
from rlm_tui.core.volume_writes import VolumeWrites, volume_writes
from rlm_tui.engine.volume_watch import MOST_MISSES, LocalVolumeWatch, VolumeLook

NO_SANDBOX: Any = None


def test_what_a_missed_look_did_not_see_the_next_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old").touch()
    watch = LocalVolumeWatch(tmp_path)
    assert watch.changes(NO_SANDBOX) == VolumeLook()
    (tmp_path / "old").unlink()
    (tmp_path / "a").touch()
    assert watch.changes(NO_SANDBOX) == VolumeLook(["a"], ["old"])
    (tmp_path / "b").touch()
    with monkeypatch.context() as patched:
        patched.setattr("rlm_tui.engine.volume_watch.MOST_SECONDS", -1.0)
        assert watch.changes(NO_SANDBOX) == VolumeLook(known=False)
    (tmp_path / "c").touch()
    assert watch.changes(NO_SANDBOX) == VolumeLook(["b", "c"])


def test_a_volume_that_is_too_large_is_looked_at_three_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").touch()
    with monkeypatch.context() as patched:
        patched.setattr("rlm_tui.engine.volume_watch.MOST_ENTRIES", 0)
        watch = LocalVolumeWatch(tmp_path)
        for _ in range(MOST_MISSES):
            assert watch.changes(NO_SANDBOX) == VolumeLook(known=False)
    assert watch.changes(NO_SANDBOX) == VolumeLook(known=False), "and then no more"
    assert LocalVolumeWatch(None).changes(NO_SANDBOX) == VolumeLook(), "without a volume nothing is unknown"


def test_an_iteration_remembers_what_it_did_to_the_volume() -> None:
    events = [
        RunStarted(run_id="r", task="t", signature="a -> b"),
        IterationStarted(span="i", parent="run", n=1, of=3),
        CellStarted(span="c", parent="i", code=Value()),
        VolumeChanged(span="c", written=["a"], removed=["b"]),
        IterationStarted(span="j", parent="run", n=2, of=3),
        CellStarted(span="d", parent="j", code=Value()),
        VolumeChanged(span="d", unknown=True),
        IterationStarted(span="k", parent="run", n=3, of=3),
    ]
    trajectory = fold(events)
    records = recorded_iterations(trajectory, MemoryBlobs().text)
    assert [(one.volume_changed, one.volume_unknown) for one in records] == [
        (("a", "b"), False), ((), True), ((), False),
    ]  # fmt: skip
    assert volume_writes(events, trajectory) == {1: VolumeWrites(paths=2), 2: VolumeWrites(unknown=True)}
