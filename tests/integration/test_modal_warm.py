"""A sandbox started ahead is taken by the next run that wants one like it, and else ended."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import msgspec
import pytest
from grpclib.const import Status

from rlm_tui.cloud.errors import CloudTimeoutError
from rlm_tui.core.events import Note, SandboxStarting
from rlm_tui.core.settings import ModalSettings
from rlm_tui.sandbox.modal_pool import POOL
from tests.contract.sandboxes import needs_bubblewrap
from tests.integration.session_runs import KEY, SUBMIT, WatchedRun, request, run
from tests.lm_server import planner_script
from tests.lm_server.fixtures import StartLM
from tests.modal_server import LoopbackModal

pytestmark = [pytest.mark.bubblewrap, needs_bubblewrap]

MODAL = ModalSettings(call_seconds=15, warm=True)
VOLUME = "rlm-volume-dspy"
TAKING = "taking the sandbox that was started ahead"


@pytest.fixture(autouse=True)
def drained(loopback_modal: LoopbackModal) -> Iterator[None]:
    yield
    POOL.drain()


def phases(watched: WatchedRun) -> list[str]:
    return [event.phase for event in watched.all(SandboxStarting)]


def test_the_next_run_takes_it_and_ends_it(loopback_modal: LoopbackModal, loopback_lm: StartLM) -> None:
    POOL.warm(MODAL, VOLUME)
    POOL.warm(MODAL, VOLUME)
    assert len(loopback_modal.sandboxes) == 1, "one is enough"
    watched = run(request(server=loopback_lm(planner_script([SUBMIT]), key=KEY), modal=MODAL))
    assert watched.finished().outputs == {"answer": "done"}
    assert TAKING in phases(watched)
    (sandbox,) = loopback_modal.sandboxes
    assert sandbox.tags["run"] == watched.session.run_id
    assert not sandbox.alive


def test_it_sees_what_came_into_the_volume_meanwhile(
    loopback_modal: LoopbackModal, loopback_lm: StartLM
) -> None:
    POOL.warm(MODAL, VOLUME)
    (loopback_modal.volume(VOLUME) / "later.txt").write_text("came later")
    cell = ("Look.", "SUBMIT(answer=load_from_volume('later.txt'))")
    watched = run(request(server=loopback_lm(planner_script([cell]), key=KEY), modal=MODAL))
    assert watched.finished().outputs == {"answer": "came later"}


@pytest.mark.parametrize("change", [{"memory_mb": 512}, {"block_network": False}, {"attach_secret": True}])
def test_a_run_with_other_settings_does_not_take_it(
    loopback_modal: LoopbackModal, loopback_lm: StartLM, change: dict[str, object]
) -> None:
    POOL.warm(MODAL, VOLUME)
    other = msgspec.structs.replace(MODAL, **change)
    watched = run(request(server=loopback_lm(planner_script([SUBMIT]), key=KEY), modal=other))
    assert watched.finished().status == "submitted"
    assert TAKING not in phases(watched)
    assert [sandbox.alive for sandbox in loopback_modal.sandboxes] == [False, False]


def test_one_that_has_died_meanwhile_is_replaced(loopback_modal: LoopbackModal, loopback_lm: StartLM) -> None:
    POOL.warm(MODAL, VOLUME)
    loopback_modal.sandboxes[0].time_out()
    watched = run(request(server=loopback_lm(planner_script([SUBMIT]), key=KEY), modal=MODAL))
    assert watched.finished().status == "submitted"
    assert len(loopback_modal.sandboxes) == 2


def test_leaving_ends_the_one_that_nobody_took(loopback_modal: LoopbackModal) -> None:
    POOL.warm(MODAL, VOLUME)
    POOL.drain()
    assert not loopback_modal.sandboxes[0].alive


def test_leaving_ends_the_one_that_is_just_being_started(loopback_modal: LoopbackModal) -> None:
    loopback_modal.misbehave.build_seconds = 1.0
    thread = threading.Thread(target=POOL.warm, args=(MODAL, VOLUME))
    thread.start()
    while not loopback_modal.calls:
        time.sleep(0.01)
    POOL.drain()
    thread.join(20)
    assert not thread.is_alive()
    assert all(not sandbox.alive for sandbox in loopback_modal.sandboxes)
    assert POOL.take(None) is None


@pytest.mark.parametrize("what", ["run", "warm"])
def test_a_program_that_just_ends_leaves_no_sandbox(loopback_modal: LoopbackModal, what: str) -> None:
    code = {
        "run": "t = ModalTransport(S, volume='v', run_id='r'); t.start()",
        "warm": "POOL.warm(S, 'v')",
    }[what]
    script = (
        "from rlm_tui.core.settings import ModalSettings\n"
        "from rlm_tui.sandbox.modal_pool import POOL\n"
        "from rlm_tui.sandbox.modal_transport import ModalTransport\n"
        f"S = ModalSettings(call_seconds=15)\n{code}\nprint('started')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.stdout == "started\n", ended.stderr
    assert ended.stderr == ""
    assert [sandbox.alive for sandbox in loopback_modal.sandboxes] == [False]


def test_a_sandbox_that_is_started_too_late_is_ended(loopback_modal: LoopbackModal) -> None:
    loopback_modal.misbehave.slow["SandboxCreateV2"] = 2.5
    with pytest.raises(CloudTimeoutError):
        POOL.warm(msgspec.structs.replace(MODAL, start_seconds=1), VOLUME)
    until = time.monotonic() + 20
    while not loopback_modal.sandboxes or loopback_modal.sandboxes[0].alive:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_one_that_is_near_its_time_limit_is_not_taken(
    loopback_modal: LoopbackModal, loopback_lm: StartLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rlm_tui.sandbox.modal_pool.USABLE_PART", 0.0)
    POOL.warm(MODAL, VOLUME)
    watched = run(request(server=loopback_lm(planner_script([SUBMIT]), key=KEY), modal=MODAL))
    assert watched.finished().status == "submitted"
    assert TAKING not in phases(watched)


def test_a_sandbox_that_can_not_be_ended_is_told_and_tried_again(
    loopback_modal: LoopbackModal, loopback_lm: StartLM
) -> None:
    loopback_modal.misbehave.refuse["SandboxTerminateV2"] = Status.RESOURCE_EXHAUSTED, "too many requests"
    server = loopback_lm(planner_script([SUBMIT]), key=KEY)
    settings = ModalSettings(call_seconds=2)
    watched = run(request(server=server, modal=settings))
    assert watched.finished().status == "submitted"
    (sandbox,) = loopback_modal.sandboxes
    assert any(sandbox.id in note.text and "may still be paid for" in note.text for note in watched.all(Note))
    loopback_modal.misbehave.refuse.clear()
    until = time.monotonic() + 30
    while sandbox.alive:
        assert time.monotonic() < until
        time.sleep(0.05)
