"""What goes wrong with Modal: one clear sentence in time, what was found kept, nothing left running."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from grpclib.const import Status

from rlm_tui.core.events import CellFinished, CellOutput, RunFinished, SandboxLost, SandboxStarting
from rlm_tui.core.settings import ModalSettings
from tests.contract.sandboxes import needs_bubblewrap
from tests.integration.session_runs import KEY, READING, SUBMIT, WatchedRun, request, run
from tests.lm_server import planner_script
from tests.lm_server.fixtures import StartLM
from tests.modal_server import LoopbackModal
from tests.modal_server.sandboxes import Sandbox

pytestmark = [pytest.mark.bubblewrap, needs_bubblewrap]

MODAL = ModalSettings(call_seconds=15)
LONG_CELL = ("Work.", "import time\nprint('last words')\ntime.sleep(60)")


def failed(finished: RunFinished, *words: str) -> str:
    assert finished.status == "failed", finished
    assert finished.error is not None
    said = f"{finished.error.message} {finished.error.hint}"
    for word in words:
        assert word in said
    return said


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (lambda sandbox: sandbox.terminate(), "terminated from outside"),
        (lambda sandbox: sandbox.time_out(), "reached its time limit of 3600 s (modal.timeout_seconds)"),
        (lambda sandbox: sandbox.vanish(), "Modal does not know the sandbox any more"),
        (lambda sandbox: sandbox.die(3), "exit status 3"),
    ],
    ids=["terminated", "timed out", "vanished", "died"],
)
def test_a_sandbox_that_ends_in_a_cell_ends_the_run_and_keeps_its_output(
    loopback_modal: LoopbackModal, loopback_lm: StartLM, end: Callable[[Sandbox], None], words: str
) -> None:
    server = loopback_lm(planner_script([LONG_CELL]), key=KEY)
    with WatchedRun(request(server=server, modal=MODAL, heal=False)) as watched:
        watched.wait_for(CellOutput, lambda event: "last words" in event.text)
        end(loopback_modal.sandboxes[0])
        failed(watched.finished(), words)
        (cell,) = watched.all(CellFinished)
        assert cell.status == "lost"
        (lost,) = watched.all(SandboxLost)
        assert words in lost.reason


def test_a_stream_that_is_cut_is_read_on(loopback_modal: LoopbackModal, loopback_lm: StartLM) -> None:
    loopback_modal.misbehave.cut_after = 5_000
    loopback_modal.misbehave.cuts = 3
    code = "text = ''.join(f'{n:06}' for n in range(60_000))\nprint(text)\nSUBMIT(answer=text[-6:])"
    watched = run(request(server=loopback_lm(planner_script([("Print.", code)]), key=KEY), modal=MODAL))
    assert watched.finished().outputs == {"answer": "059999"}
    printed = "".join(event.text for event in watched.all(CellOutput))
    assert printed.strip() == "".join(f"{n:06}" for n in range(60_000))
    assert loopback_modal.misbehave.cuts == 0


@pytest.mark.parametrize("closed", [False, True], ids=["silent", "closed"])
def test_an_unreachable_modal_is_an_error_within_the_deadline(
    loopback_modal: LoopbackModal, loopback_lm: StartLM, monkeypatch: pytest.MonkeyPatch, closed: bool
) -> None:
    if closed:
        monkeypatch.setenv("MODAL_SERVER_URL", "http://127.0.0.1:9")
    else:
        loopback_modal.misbehave.unreachable = True
    began = time.monotonic()
    settings = ModalSettings(call_seconds=1.5, start_seconds=3)
    watched = run(request(server=loopback_lm(planner_script([SUBMIT]), key=KEY), modal=settings))
    assert time.monotonic() - began < 8
    failed(watched.finished(), "Modal", "network")


def test_a_wrong_token_is_named(
    loopback_modal: LoopbackModal, loopback_lm: StartLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODAL_TOKEN_SECRET", "as-wrong-secret-4711")
    watched = run(request(server=loopback_lm(planner_script([SUBMIT]), key=KEY), modal=MODAL))
    said = failed(watched.finished(), "does not accept the token", "modal token new")
    assert "as-wrong-secret-4711" not in said


def test_no_token_is_named(
    loopback_modal: LoopbackModal, loopback_lm: StartLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MODAL_TOKEN_ID")
    monkeypatch.delenv("MODAL_TOKEN_SECRET")
    watched = run(request(server=loopback_lm(planner_script([SUBMIT]), key=KEY), modal=MODAL))
    failed(watched.finished(), "no token for Modal", "modal token new")


def test_what_is_wrong_in_the_account_is_named_before_anything_starts(
    loopback_modal: LoopbackModal, loopback_lm: StartLM, tmp_path: Path
) -> None:
    def outcome(settings: ModalSettings = MODAL, document: Path | None = None) -> RunFinished:
        server = loopback_lm(planner_script([SUBMIT]), key=KEY)
        if document is None:
            return run(request(server=server, modal=settings)).finished()
        return run(request(READING, server, document=document, query="?", modal=settings)).finished()

    missing = ModalSettings(secret="NOWHERE", attach_secret=True)
    failed(outcome(missing), "There is no secret NOWHERE", "modal secret create NOWHERE")

    loopback_modal.misbehave.build_fails = "numpyy"
    failed(outcome(ModalSettings(packages=("numpyy",))), "could not build", "modal.packages")
    loopback_modal.misbehave.build_fails = ""

    loopback_modal.misbehave.quota = 1_000
    document = tmp_path / "long.txt"
    document.write_text("x" * 5_000)
    failed(outcome(document=document), "is full", "rlm-tui volume du")
    assert list(loopback_modal.volume("rlm-volume-dspy").rglob("*.txt")) == []
    loopback_modal.misbehave.quota = None

    loopback_modal.misbehave.refuse["SandboxCreateV2"] = (Status.RESOURCE_EXHAUSTED, "no more sandboxes")
    failed(outcome(), "no more sandboxes")
    assert loopback_modal.sandboxes == []


def test_a_volume_of_version_1_is_refused(loopback_modal: LoopbackModal, loopback_lm: StartLM) -> None:
    loopback_modal.volumes.create("rlm-volume-dspy", 1)
    watched = run(request(server=loopback_lm(planner_script([SUBMIT]), key=KEY), modal=MODAL))
    failed(watched.finished(), "is of version 1", "modal volume create --version 2")
    assert loopback_modal.sandboxes == []


def test_a_document_beyond_the_sandbox_memory_is_refused(
    loopback_modal: LoopbackModal, loopback_lm: StartLM, tmp_path: Path
) -> None:
    document = tmp_path / "long.txt"
    document.write_bytes(b"x" * 60_000_000)
    settings = ModalSettings(memory_mb=256)
    server = loopback_lm(planner_script([SUBMIT]), key=KEY)
    watched = run(request(READING, server, document=document, query="?", modal=settings))
    failed(watched.finished(), "long.txt does not fit", "300 MB", "modal.memory_mb")
    assert loopback_modal.bytes_uploaded == 0


def test_an_upload_that_breaks_off_is_tried_again(
    loopback_modal: LoopbackModal, loopback_lm: StartLM, tmp_path: Path
) -> None:
    document = tmp_path / "long.txt"
    document.write_bytes(b"0123456789" * 100_000)
    loopback_modal.misbehave.break_uploads = 1
    server = loopback_lm(planner_script([("Count.", "SUBMIT(answer=str(len(docs)))")]), key=KEY)
    settings = ModalSettings(call_seconds=2)
    watched = run(request(READING, server, document=document, query="?", modal=settings))
    assert watched.finished().outputs == {"answer": "1000000"}, watched.finished().error


@pytest.mark.parametrize("rpc", ["SandboxCreateV2", "TaskExecStart", "AppGetOrCreate"])
def test_cancelled_while_it_starts_nothing_is_left(
    loopback_modal: LoopbackModal, loopback_lm: StartLM, rpc: str
) -> None:
    loopback_modal.misbehave.slow[rpc] = 1.5
    with WatchedRun(request(server=loopback_lm(planner_script([SUBMIT]), key=KEY), modal=MODAL)) as watched:
        watched.wait_for(SandboxStarting, lambda event: "starting" in event.phase or "looking" in event.phase)
        until = time.monotonic() + 10
        while not loopback_modal.calls[rpc] and time.monotonic() < until:
            time.sleep(0.02)
        began = time.monotonic()
        watched.session.cancel()
        assert watched.finished(6).status == "cancelled"
        assert time.monotonic() - began < 3
    until = time.monotonic() + 10
    while any(one.alive for one in loopback_modal.sandboxes) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(one.alive for one in loopback_modal.sandboxes)


def test_cancelled_in_a_cell_the_sandbox_is_terminated(
    loopback_modal: LoopbackModal, loopback_lm: StartLM
) -> None:
    with WatchedRun(
        request(server=loopback_lm(planner_script([LONG_CELL]), key=KEY), modal=MODAL)
    ) as watched:
        watched.wait_for(CellOutput, lambda event: "last words" in event.text)
        watched.session.cancel()
        assert watched.finished(6).status == "cancelled"
    assert not any(one.alive for one in loopback_modal.sandboxes)
