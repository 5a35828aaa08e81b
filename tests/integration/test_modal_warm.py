"""A sandbox started ahead is taken by the next run that wants one like it, and else ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import msgspec
import pytest

from rlm_tui.core.events import SandboxStarting
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
