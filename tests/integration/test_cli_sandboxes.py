"""`rlm-tui sandboxes` as a process: what a crash left behind is ended, and nothing that is in use."""

from __future__ import annotations

import multiprocessing
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from grpclib.const import Status

from tests.contract.sandboxes import needs_bubblewrap, on_linux
from tests.integration.doctor import WRONG_TOKEN, doctor
from tests.integration.sandbox_holder import hold
from tests.integration.warm_program import start_warm
from tests.modal_server import LoopbackModal
from tests.modal_server.sandboxes import Sandbox

pytestmark = [pytest.mark.bubblewrap, needs_bubblewrap]


class RunOfAnother:
    """A process of its own that holds a sandbox until it is told to end, or crashes."""

    def __init__(self, run_id: str, environment: Mapping[str, str]) -> None:
        self._process, self._told = start_warm(hold, run_id, environment)
        assert self._told.poll(60)
        assert self._told.recv() == "started"

    def crash(self) -> None:
        self._process.kill()
        self._process.join()

    def end(self) -> int | None:
        """Tell it; its exit code."""
        self._told.close()
        self._process.join(60)
        return self._process.exitcode


StartRun = Callable[[str], RunOfAnother]


@pytest.fixture
def start_run(loopback_modal: LoopbackModal) -> Iterator[StartRun]:
    """Start such a process."""
    with ExitStack() as stack:

        def start(run_id: str) -> RunOfAnother:
            run = RunOfAnother(run_id, {**os.environ, **loopback_modal.environment})
            stack.callback(run.crash)
            return run

        yield start


def sandbox_of(server: LoopbackModal, run_id: str) -> Sandbox:
    return next(one for one in server.sandboxes if one.tags["run"] == run_id)


def states(server: LoopbackModal) -> dict[str, str]:
    """What `sandboxes --json` says of each run."""
    ended = doctor("sandboxes", "--json", modal=server)
    assert ended.code == 0, ended.stdout
    return {one["run"]: one["state"] for one in ended.json["sandboxes"]}


def test_what_a_crash_left_behind_is_ended_and_what_is_in_use_is_kept(
    loopback_modal: LoopbackModal, start_run: StartRun
) -> None:
    crashed, living = start_run("crashed-run"), start_run("living-run")
    assert states(loopback_modal) == {"crashed-run": "in use", "living-run": "in use"}
    crashed.crash()
    left, used = (sandbox_of(loopback_modal, f"{name}-run") for name in ("crashed", "living"))
    assert left.alive, "nobody ended it"
    assert states(loopback_modal) == {"crashed-run": "left behind", "living-run": "in use"}
    assert left.alive, "listing ends nothing"

    listed = doctor("sandboxes", modal=loopback_modal)
    rows = {line.split()[0]: line for line in listed.stdout.splitlines()}
    assert "crashed-run" in rows[left.id]
    assert rows[left.id].endswith("left behind")
    assert rows[used.id].endswith("in use")

    reaped = doctor("sandboxes", "--reap", "--yes", modal=loopback_modal)
    assert reaped.code == 0
    assert f"{left.id}: ended" in reaped.stdout
    assert (left.alive, used.alive) == (False, True)
    assert states(loopback_modal) == {"living-run": "in use"}

    again = doctor("sandboxes", "--reap", "--yes", modal=loopback_modal)
    assert again.code == 0
    assert "nothing to end" in again.stdout
    assert used.alive
    assert living.end() == 0, "its sandbox was there to its end"
    assert not used.alive
    assert doctor("sandboxes", modal=loopback_modal).stdout == "No sandbox of rlm-tui runs in Modal.\n"


# A process that this one has to bury.
RUN = """
import sys
from multiprocessing.connection import Connection
from tests.integration.sandbox_holder import hold
hold(sys.argv[1], Connection(int(sys.argv[2])))
"""


@on_linux
def test_a_process_that_is_dead_and_not_yet_buried_is_not_in_use(loopback_modal: LoopbackModal) -> None:
    told, theirs = multiprocessing.Pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "crashed-run", str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **loopback_modal.environment},
    )
    with process, told, theirs:
        try:
            assert told.poll(60)
        finally:
            process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert states(loopback_modal) == {"crashed-run": "left behind"}


def test_sandboxes_of_others_are_ended_only_by_all(
    loopback_modal: LoopbackModal, start_run: StartRun
) -> None:
    for run_id in ("crashed", "of-another-user", "on-another-machine", "foreign"):
        start_run(run_id).crash()
    living = start_run("living")
    sandbox_of(loopback_modal, "of-another-user").tags["user"] = "somebody"
    sandbox_of(loopback_modal, "on-another-machine").tags["host"] = "elsewhere"
    del sandbox_of(loopback_modal, "foreign").tags["rlm-tui"]
    assert states(loopback_modal) == {
        "crashed": "left behind",
        "of-another-user": "elsewhere",
        "on-another-machine": "elsewhere",
        "living": "in use",
    }

    def alive() -> set[str]:
        return {one.tags["run"] for one in loopback_modal.sandboxes if one.alive}

    told = doctor("sandboxes", "--reap", "--yes", "--json", modal=loopback_modal)
    assert told.code == 0
    assert told.json["ended"] == [sandbox_of(loopback_modal, "crashed").id]
    assert told.json["failed"] == {}
    assert alive() == {"of-another-user", "on-another-machine", "living", "foreign"}
    assert doctor("sandboxes", "--reap", "--all", "--yes", modal=loopback_modal).code == 0
    assert alive() == {"foreign"}, "what another program started is never touched"
    living.crash()


def test_a_sandbox_that_can_not_be_ended_is_told(loopback_modal: LoopbackModal, start_run: StartRun) -> None:
    start_run("crashed").crash()
    loopback_modal.misbehave.refuse["SandboxTerminateV2"] = Status.PERMISSION_DENIED, "not yours"
    plain = doctor("sandboxes", "--reap", "--yes", modal=loopback_modal)
    assert plain.code == 1
    assert "not yours" in plain.stdout
    told = doctor("sandboxes", "--reap", "--yes", "--json", modal=loopback_modal)
    assert told.code == 1
    assert told.json["ended"] == []
    assert list(told.json["failed"]) == [loopback_modal.sandboxes[0].id]


@pytest.mark.parametrize(("answer", "code", "alive"), [("y", 0, False), ("n", 1, True)])
def test_a_person_is_asked(
    loopback_modal: LoopbackModal, start_run: StartRun, answer: str, code: int, alive: bool
) -> None:
    start_run("crashed").crash()
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "rlm_tui", "sandboxes", "--reap"],
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **loopback_modal.environment},
        )
        os.write(ours, f"{answer}\n".encode())
        out, _ = process.communicate(timeout=60)
    finally:
        os.close(ours)
        os.close(theirs)
    assert process.returncode == code
    assert "End one sandbox?" in out
    assert loopback_modal.sandboxes[0].alive is alive


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--reap",), "--yes"),
        (("--reap", "--json"), "--yes"),
        (("--reap", "--all"), "--yes"),
        (("--all", "--yes"), "--reap"),
    ],
)
def test_nothing_is_ended_without_a_clear_word(
    loopback_modal: LoopbackModal, start_run: StartRun, arguments: tuple[str, ...], words: str
) -> None:
    start_run("crashed").crash()
    ended = doctor("sandboxes", *arguments, modal=loopback_modal)
    assert ended.code == 2
    told: Any = ended.json["error"]["hint"] if "--json" in arguments else ended.stderr
    assert words in told
    assert loopback_modal.sandboxes[0].alive


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"MODAL_TOKEN_ID": "", "MODAL_TOKEN_SECRET": ""}, "There is no token for Modal."),
        ({"MODAL_TOKEN_SECRET": WRONG_TOKEN}, "Modal does not accept the token"),
        ({"MODAL_SERVER_URL": "http://127.0.0.1:1", "RLM_TUI_MODAL_CALL_SECONDS": "1"}, "within 1 s"),
        ({"RLM_TUI_MODAL_CALL_SECONDS": "1"}, "within 1 s"),
    ],
    ids=["no token", "wrong token", "out of reach", "mute"],
)
def test_modal_that_can_not_be_asked_is_one_sentence(
    loopback_modal: LoopbackModal, environment: dict[str, str], words: str
) -> None:
    loopback_modal.misbehave.unreachable = environment.keys() == {"RLM_TUI_MODAL_CALL_SECONDS"}
    plain = doctor("sandboxes", modal=loopback_modal, **environment)
    assert plain.code == 1
    assert plain.stdout == ""
    assert words in plain.stderr
    assert plain.stderr.count("\n") == 1
    told = doctor("sandboxes", "--json", modal=loopback_modal, **environment)
    assert told.code == 1
    assert words in told.json["error"]["message"]
    assert told.stderr == ""
