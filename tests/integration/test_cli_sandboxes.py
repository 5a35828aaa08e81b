"""`rlm-tui sandboxes` as a process: what a crash left behind is ended, and nothing that is in use."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from grpclib.const import Status

from tests.contract.sandboxes import needs_bubblewrap, on_linux
from tests.integration.doctor import WRONG_TOKEN, doctor
from tests.modal_server import LoopbackModal
from tests.modal_server.sandboxes import Sandbox

pytestmark = [pytest.mark.bubblewrap, needs_bubblewrap]

RUN = """
import sys
from rlm_tui.core.settings import ModalSettings
from rlm_tui.sandbox.modal import ModalInterpreter
interpreter = ModalInterpreter(ModalSettings(call_seconds=20), volume="volume", run_id=sys.argv[1])
interpreter.start()
print("started", flush=True)
sys.stdin.read()
interpreter.shutdown()
"""
StartRun = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def start_run(loopback_modal: LoopbackModal) -> Iterator[StartRun]:
    """Start a process of its own that holds a sandbox until its input ends."""
    with ExitStack() as stack:

        def start(run_id: str) -> subprocess.Popen[str]:
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", RUN, run_id],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env={**os.environ, **loopback_modal.environment},
                )
            )
            stack.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            return process

        yield start


def crash(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


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
    crash(crashed)
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
    living.communicate()
    assert living.returncode == 0, "its sandbox was there to its end"
    assert not used.alive
    assert doctor("sandboxes", modal=loopback_modal).stdout == "No sandbox of rlm-tui runs in Modal.\n"


@on_linux
def test_a_process_that_is_dead_and_not_yet_buried_is_not_in_use(
    loopback_modal: LoopbackModal, start_run: StartRun
) -> None:
    process = start_run("crashed-run")
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert states(loopback_modal) == {"crashed-run": "left behind"}


def test_sandboxes_of_others_are_ended_only_by_all(
    loopback_modal: LoopbackModal, start_run: StartRun
) -> None:
    for run_id in ("crashed", "of-another-user", "on-another-machine", "foreign"):
        crash(start_run(run_id))
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
    living.kill()


def test_a_sandbox_that_can_not_be_ended_is_told(loopback_modal: LoopbackModal, start_run: StartRun) -> None:
    crash(start_run("crashed"))
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
    crash(start_run("crashed"))
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
    crash(start_run("crashed"))
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
