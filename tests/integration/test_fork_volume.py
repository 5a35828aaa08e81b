"""What a fork's prefix writes to `/data`: into a copy of the volume as it was, or as the person says."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from rlm_tui.core.events import CellOutput, Note, PrefixReplayed, RunStarted, VolumeChanged
from rlm_tui.core.paths import volumes_directory
from rlm_tui.core.settings import DebuggerSettings, SandboxSettings, Settings
from rlm_tui.engine.fork import VolumeNotKept, fork_request
from rlm_tui.engine.volume_copy import MOST_FILES, keep_copy, restore_copy, volume_state
from rlm_tui.store.errors import StoreError
from rlm_tui.store.listing import list_runs
from rlm_tui.store.run_log import RunLog, open_run
from tests.integration.forks import forked, one, settings
from tests.integration.session_runs import SUBMIT, WatchedRun, request
from tests.lm_server import planner_script
from tests.lm_server.fixtures import StartLM

VOLUME = "rlm-volume-dspy"
WRITES = [
    (
        "Count up.",
        "try: n = int(load_from_volume('count.txt'))\nexcept OSError: n = 0\n"
        "print(n)\nsaved = save_to_volume('count.txt', str(n + 1))\ndel saved",
    ),
    ("Read.", "print('there is', load_from_volume('count.txt'))"),
    SUBMIT,
]


def volume(name: str = VOLUME) -> Path:
    return volumes_directory() / name


def ended(start: StartLM, cells: list[tuple[str, str]], *, copy_bytes: int = 1_000_000) -> RunLog:
    """A run that kept a copy of at most so many bytes."""
    asked = request(server=start(planner_script(cells)))
    debugger = DebuggerSettings(volume_copy_bytes=copy_bytes)
    asked = msgspec.structs.replace(
        asked, settings=msgspec.structs.replace(asked.settings, debugger=debugger)
    )
    with WatchedRun(asked, keep=True) as watched:
        assert watched.finished().status == "submitted"
        assert watched.session.events_path is not None
    return open_run(watched.session.events_path)


def test_the_prefix_writes_to_a_copy_of_the_volume_as_it_was(loopback_lm: StartLM) -> None:
    volume().mkdir(parents=True)
    (volume() / "count.txt").write_text("41")
    log = ended(loopback_lm, WRITES)
    assert (volume() / "count.txt").read_text() == "42"
    (volume() / "count.txt").write_text("99")
    fork = forked(log, 3, settings(loopback_lm(planner_script(WRITES))))
    assert one(fork, PrefixReplayed).differed == []
    assert [event.text for event in fork.all(CellOutput)] == ["41\n", "there is 42\n"]
    assert (volume() / "count.txt").read_text() == "99", "the volume is not touched"
    forked_from = one(fork, RunStarted).forked
    assert forked_from is not None
    (change,) = forked_from.changes
    name = change.split()[2]
    assert name.startswith(f"{VOLUME}.fork-")
    assert change == f"The volume {name} is a copy of {VOLUME} as it was when the run began."
    assert (volume(name) / "count.txt").read_text() == "42"
    assert change in [note.text for note in fork.all(Note)]
    assert [event.written for event in fork.all(VolumeChanged)] == [["count.txt"]]
    assert {run.run_id for run in list_runs()} == {log.run_id}, "a copy is no run"


def test_a_volume_that_was_empty_begins_empty_again(loopback_lm: StartLM) -> None:
    log = ended(loopback_lm, WRITES)
    assert volume_state(log.path).state == "empty"
    fork = forked(log, 3, settings(loopback_lm(planner_script(WRITES))))
    assert one(fork, PrefixReplayed).differed == []
    assert (volume() / "count.txt").read_text() == "1"


def test_a_prefix_that_wrote_nothing_uses_the_volume_as_it_is(loopback_lm: StartLM) -> None:
    log = ended(loopback_lm, [("Look.", "x = 1"), *WRITES])
    asked = fork_request(log.path, 2, settings(loopback_lm(planner_script([SUBMIT]))))
    assert asked.settings.sandbox.volume == VOLUME
    assert asked.fork is not None
    assert asked.fork.changes == ()


def test_without_a_copy_the_person_says_what_to_begin_with(loopback_lm: StartLM) -> None:
    log = ended(loopback_lm, WRITES, copy_bytes=0)
    with pytest.raises(
        VolumeNotKept, match=r"wrote to the volume rlm-volume-dspy, and no copy was"
    ) as raised:
        fork_request(log.path, 3, settings())
    assert "--volume-as-is" in str(raised.value)
    assert "--empty-volume" in str(raised.value)
    assert raised.value.volume == VOLUME
    as_is = forked(log, 3, settings(loopback_lm(planner_script(WRITES))), volume="as it is")
    assert (volume() / "count.txt").read_text() == "2"
    assert one(as_is, PrefixReplayed).differed[0] == "Iteration 1: printed “1” where “0” was recorded."
    empty = forked(log, 3, settings(loopback_lm(planner_script(WRITES))), volume="empty")
    assert one(empty, PrefixReplayed).differed == []
    assert (volume() / "count.txt").read_text() == "2"


def test_a_volume_that_could_not_be_looked_over_may_have_been_written(
    loopback_lm: StartLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rlm_tui.engine.volume_watch.MOST_ENTRIES", 0)
    volume().mkdir(parents=True)
    (volume() / "other.txt").touch()
    log = ended(loopback_lm, [("Look.", "x = 1"), *WRITES], copy_bytes=0)
    assert fork_request(log.path, 2, settings()).settings.sandbox.volume == VOLUME, "nothing named it"
    with pytest.raises(VolumeNotKept, match=r"^Iterations 1 to 2 may have written to the volume rlm-volume"):
        fork_request(log.path, 3, settings())
    assert fork_request(log.path, 3, settings(), volume="empty").settings.sandbox.volume != VOLUME


def test_a_volume_that_cells_name_by_its_path_has_no_copy_there(loopback_lm: StartLM) -> None:
    volume().mkdir(parents=True)
    path = str(volume().resolve() / "file.txt")
    log = ended(loopback_lm, [("By path.", f"open({path!r}, 'w').write('x')"), SUBMIT])
    with pytest.raises(VolumeNotKept, match=r"by its path on this machine, .*--volume-as-is\.$"):
        fork_request(log.path, 2, settings(), volume="empty")
    assert fork_request(log.path, 2, settings(), volume="as it is").settings.sandbox.volume == VOLUME


def test_what_a_nested_rlm_wrote_is_said_to_be_missing(loopback_lm: StartLM) -> None:
    nested = "import dspy\ngot = dspy.RLM('part -> found')(part='x').found"
    inner = [("Write.", "save_to_volume('inner.txt', 'x')"), ("Give.", "SUBMIT(found='x')")]
    script = planner_script([("Deeper.", nested), SUBMIT], nested={("part",): inner})
    watched = WatchedRun(request(server=loopback_lm(script)), keep=True)
    with watched:
        assert watched.finished().status == "submitted"
        assert watched.session.events_path is not None
    asked = fork_request(watched.session.events_path, 2, settings())
    assert asked.fork is not None
    assert asked.fork.changes[-1] == "What nested RLMs wrote to the volume is not in it: 1 file."


def kept(folder: Path, *, limit: int = 1_000, kind: str = "local") -> str:
    made = Settings(
        sandbox=SandboxSettings(kind="modal" if kind == "modal" else "local"),
        debugger=DebuggerSettings(volume_copy_bytes=limit),
    )
    folder.mkdir(exist_ok=True)
    state = keep_copy(made, folder)
    assert volume_state(folder) == state
    return state.state


def test_a_copy_holds_files_and_folders_and_no_link(tmp_path: Path) -> None:
    assert kept(tmp_path / "none") == "empty"
    (volume() / "deep" / "er").mkdir(parents=True)
    (volume() / "deep" / "er" / "file").write_bytes(b"\x00\xff")
    (volume() / "hollow").mkdir()
    (tmp_path / "secret").write_text("not in the volume")
    (volume() / "link").symlink_to(tmp_path / "secret")
    (volume() / "linked").symlink_to(tmp_path)
    assert kept(tmp_path / "run") == "kept"
    restore_copy(tmp_path / "run", volume("another"))
    found = sorted(str(path.relative_to(volume("another"))) for path in volume("another").rglob("*"))
    assert found == ["deep", "deep/er", "deep/er/file", "hollow"]
    assert (volume("another") / "deep" / "er" / "file").read_bytes() == b"\x00\xff"
    with pytest.raises(StoreError, match="exists already"):
        restore_copy(tmp_path / "run", volume("another"))


def test_a_volume_too_large_is_not_copied_and_one_of_modal_neither(tmp_path: Path) -> None:
    volume().mkdir(parents=True)
    (volume() / "large").write_bytes(b"x" * 2_000)
    assert kept(tmp_path / "run") == "too large"
    assert not (tmp_path / "run" / "volume").exists()
    assert kept(tmp_path / "other", limit=5_000) == "kept"
    assert kept(tmp_path / "modal", kind="modal") == "remote"
    for number in range(MOST_FILES):
        (volume() / str(number)).touch()
    assert kept(tmp_path / "many", limit=5_000) == "too large"


def test_a_folder_that_says_nothing_kept_nothing(tmp_path: Path) -> None:
    assert volume_state(tmp_path).state == "none"
    (tmp_path / "volume.json").write_text('{"state":"kept"}')
    assert volume_state(tmp_path).state == "none"
    (tmp_path / "volume.json").write_text("[")
    assert volume_state(tmp_path).state == "none"
