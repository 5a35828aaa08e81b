"""A healed run whose cells wrote to the volume: they write again to a copy, or the person is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from rlm_tui.core.events import CellOutput, CellStarted, Held, Note, SandboxRecovered
from rlm_tui.core.paths import volumes_directory
from rlm_tui.engine.session import RunRequest
from tests.integration.session_runs import KEY, SUBMIT, WatchedRun, request, run
from tests.lm_server import planner_script
from tests.lm_server.fixtures import StartLM
from tests.modal_server import LoopbackModal
from tests.modal_server.sandboxes import Sandbox

COUNT = (
    "import os, pathlib\nvolume = pathlib.Path(save_to_volume('last.txt', 'x')).parent\n"
    "log = volume / 'log.txt'\nlog.write_text((log.read_text() if log.exists() else '') + 'x')"
)
DIE = (
    "if not pathlib.Path({flag!r}).exists():\n    open({flag!r}, 'x').close()\n    os._exit(9)\n"
    "print(log.read_text())"
)
LATER = "print(save_to_volume('later.txt', 'y'))"


def cells(flag: Path) -> list[tuple[str, str]]:
    return [("Count.", COUNT), ("Die.", DIE.format(flag=str(flag))), ("Later.", LATER), SUBMIT]


def with_debugger(asked: RunRequest, *, attended: bool = False, copy_bytes: int | None = None) -> RunRequest:
    settings = asked.settings
    if copy_bytes is not None:
        debugger = msgspec.structs.replace(settings.debugger, volume_copy_bytes=copy_bytes)
        settings = msgspec.structs.replace(settings, debugger=debugger)
    return msgspec.structs.replace(asked, settings=settings, attended=attended)


@pytest.fixture
def volume() -> Path:
    """The volume of the run, with a file from before."""
    directory = volumes_directory() / "rlm-volume-dspy"
    directory.mkdir(parents=True)
    (directory / "log.txt").write_text("o")
    return directory


def test_what_is_written_again_goes_to_a_copy_of_the_volume_as_it_was(
    loopback_lm: StartLM, tmp_path: Path, volume: Path
) -> None:
    server = loopback_lm(planner_script(cells(tmp_path / "died")))
    watched = run(request(server=server), keep=True)
    assert watched.finished().status == "submitted", watched.finished().error
    (recovered,) = watched.all(SandboxRecovered)
    assert recovered.differed == []
    assert recovered.volume.startswith("rlm-volume-dspy.healed-")
    copy = volume.with_name(recovered.volume)
    printed = [event.text.strip() for event in watched.all(CellOutput)]
    assert printed[-2:] == ["ox", str(copy / "later.txt")]
    assert (volume / "log.txt").read_text() == "ox"
    assert not (volume / "later.txt").exists()
    assert any(recovered.volume in note.text for note in watched.all(Note))


def test_without_a_copy_and_without_a_person_the_run_fails_and_says_why(
    loopback_lm: StartLM, tmp_path: Path, volume: Path
) -> None:
    server = loopback_lm(planner_script(cells(tmp_path / "died")))
    watched = run(with_debugger(request(server=server), copy_bytes=0), keep=True)
    finished = watched.finished()
    assert finished.status == "failed"
    assert finished.error is not None
    assert "wrote 2 files to the volume (last.txt, log.txt)" in finished.error.message
    assert "debugger.volume_copy_bytes" in finished.error.hint
    assert not watched.all(SandboxRecovered)


def test_cells_that_name_the_volume_by_its_path_write_to_no_copy(
    loopback_lm: StartLM, tmp_path: Path, volume: Path
) -> None:
    by_path = (
        f"import os, pathlib\nlog = pathlib.Path({str(volume.resolve())!r}) / 'log.txt'\nlog.write_text('x')"
    )
    server = loopback_lm(planner_script([("Write.", by_path), *cells(tmp_path / "died")[1:]]))
    finished = run(request(server=server), keep=True).finished()
    assert finished.error is not None
    assert "(log.txt), and they name it by its path" in finished.error.message


@pytest.mark.parametrize("verb", ["release", "finish", "cancel"])
def test_without_a_copy_the_person_is_asked(
    loopback_lm: StartLM, tmp_path: Path, volume: Path, verb: str
) -> None:
    server = loopback_lm(planner_script(cells(tmp_path / "died"), extracted={"answer": "found so far"}))
    asked = with_debugger(request(server=server), attended=True, copy_bytes=0)
    with WatchedRun(asked, keep=True) as watched:
        held = watched.wait_for(Held)
        assert held.why == "sandbox"
        assert "wrote 2 files to the volume" in held.detail
        getattr(watched.session, verb)()
        finished = watched.finished()
    match verb:
        case "release":
            assert finished.status == "submitted"
            assert (volume / "log.txt").read_text() == "oxx", "written again, as the person wanted"
            assert (volume / "later.txt").exists()
        case "finish":
            assert (finished.status, finished.outputs) == ("extracted", {"answer": "found so far"})
            assert len(watched.all(CellStarted)) == 2
        case _:
            assert finished.status == "cancelled"


def test_modal_sandboxes_that_vanish_time_out_and_are_preempted_are_replaced(
    loopback_modal: LoopbackModal, loopback_lm: StartLM
) -> None:
    from tests.integration.test_session_modal_failures import MODAL

    wait = "print('begun {0}')\nimport time\ntime.sleep(0.5)\nprint(kept)"
    cells = [("Keep.", "kept = llm_query('what?')"), *(("Wait.", wait.format(n)) for n in range(3)), SUBMIT]
    server = loopback_lm(planner_script(cells), key=KEY)
    ends: list[Callable[[Sandbox], None]] = [Sandbox.vanish, Sandbox.time_out, Sandbox.terminate]
    with WatchedRun(request(server=server, modal=MODAL)) as watched:
        for number, end in enumerate(ends):
            watched.wait_for(CellOutput, lambda event, n=number: f"begun {n}" in event.text)  # type: ignore[misc]
            end(loopback_modal.sandboxes[number])
        assert watched.finished(60).status == "submitted", watched.finished().error
    recovered = watched.all(SandboxRecovered)
    assert [(one.kind, one.cells, one.differed) for one in recovered] == [
        ("modal", cells_again, []) for cells_again in (1, 2, 3)
    ]
    assert watched.all(CellOutput)[-1].text.endswith("Answer to: what?\n")
    assert server.sub_calls == 1
    assert len(loopback_modal.sandboxes) == 4
    assert not any(sandbox.alive for sandbox in loopback_modal.sandboxes)
