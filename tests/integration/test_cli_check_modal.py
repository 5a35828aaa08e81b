"""`rlm-tui check` as a process against Modal (on the loopback): the account, and a sandbox that is tried."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from grpclib.const import Status

from tests.contract.sandboxes import needs_bubblewrap
from tests.integration.doctor import WRONG_TOKEN, by_name, doctor, outcomes
from tests.integration.terminal import Terminal
from tests.modal_server import LoopbackModal
from tests.modal_server.server import TOKEN_SECRET

ACCOUNT = ("token", "account", "app", "volume", "secret", "secret's key")
TRIAL = ("start", "cell", "volume", "network", "secret", "end")


def with_sandboxes(test: Callable[..., None]) -> Callable[..., None]:
    """The loopback's sandboxes are made by bubblewrap."""
    return pytest.mark.bubblewrap(needs_bubblewrap(test))


def called(server: LoopbackModal, rpc: str) -> bool:
    """Whether this is called before long."""
    until = time.monotonic() + 60
    while not server.calls[rpc] and time.monotonic() < until:
        time.sleep(0.01)
    return bool(server.calls[rpc])


@with_sandboxes
def test_everything_is_looked_at_and_nothing_is_left(loopback_modal: LoopbackModal) -> None:
    ended = doctor("check", "--modal", "--json", modal=loopback_modal)
    found = outcomes(ended)
    assert ended.code == 0, ended.stdout
    assert found.pop("terminal") == "skipped"
    assert set(found.values()) == {"ok"}, found
    assert {*ACCOUNT, *(f"sandbox {name}" for name in TRIAL)} <= found.keys()
    checks = by_name(ended)
    assert "LITELLM attached" in checks["sandbox start"]["words"]
    assert "has a value (not shown)" in checks["sandbox secret"]["words"]
    assert checks["sandbox network"]["words"] == "cells reach no network, as is set"
    (sandbox,) = loopback_modal.sandboxes
    assert not sandbox.alive
    files = loopback_modal.volume("rlm-volume-dspy").rglob("*check*")
    assert not list(files), "the file that was written to try the volume is gone"

    plain = doctor("check", "--modal", modal=loopback_modal)
    assert plain.code == 0
    lines = [line.split(maxsplit=1) for line in plain.stdout.splitlines()]
    assert sum(line[:1] == ["ok"] for line in lines) == len(found)


@with_sandboxes
@pytest.mark.parametrize("value", ["", " \n"])
def test_a_key_without_a_value_is_missing(loopback_modal: LoopbackModal, value: str) -> None:
    loopback_modal.account.secrets["LITELLM"]["DSPY_LLM_API_KEY"] = value
    ended = doctor("check", "--modal", "--json", modal=loopback_modal, RLM_TUI_MODAL_ATTACH_SECRET="true")
    assert ended.code == 1
    found = by_name(ended)
    assert found["secret's key"]["outcome"] == "ok", "from outside it can't be seen"
    assert found["sandbox secret"]["outcome"] == "missing"
    assert "Write DSPY_LLM_API_KEY into .env" in found["sandbox secret"]["mend"]


@with_sandboxes
def test_a_missing_secret_is_not_needed_unless_it_is_attached(loopback_modal: LoopbackModal) -> None:
    loopback_modal.account.secrets.clear()
    ended = doctor("check", "--modal", "--json", modal=loopback_modal)
    assert ended.code == 0, ended.stdout
    found = by_name(ended)
    assert found["secret"]["outcome"] == "missing"
    assert "`modal secret create LITELLM " in found["secret"]["mend"]
    assert "no secret attached" in found["sandbox start"]["words"]
    assert found["sandbox secret"]["outcome"] == "skipped"


@with_sandboxes
def test_a_sandbox_that_does_not_end_is_told(loopback_modal: LoopbackModal) -> None:
    loopback_modal.misbehave.refuse["SandboxTerminateV2"] = Status.PERMISSION_DENIED, "not yours"
    ended = doctor("check", "--modal", "--json", modal=loopback_modal, RLM_TUI_MODAL_CALL_SECONDS="3")
    assert ended.code == 1
    end = by_name(ended)["sandbox end"]
    assert end["outcome"] == "failing"
    assert loopback_modal.sandboxes[0].id in end["words"]
    assert "rlm-tui sandboxes --reap" in end["mend"]


@with_sandboxes
@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_ctrl_c_ends_the_sandbox(loopback_modal: LoopbackModal, more: tuple[str, ...]) -> None:
    loopback_modal.misbehave.slow["TaskExecStart"] = 30
    process = subprocess.Popen(
        [sys.executable, "-m", "rlm_tui", "check", "--modal", *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **loopback_modal.environment},
    )
    assert called(loopback_modal, "TaskExecStart")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == ""
    assert "sandbox end" not in out
    assert [sandbox.alive for sandbox in loopback_modal.sandboxes] == [False]


@with_sandboxes
def test_a_reader_that_goes_away_leaves_no_sandbox(loopback_modal: LoopbackModal) -> None:
    loopback_modal.misbehave.slow["TaskExecStart"] = 2
    with subprocess.Popen(
        [sys.executable, "-m", "rlm_tui", "check", "--modal"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **loopback_modal.environment},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert called(loopback_modal, "TaskExecStart")
        process.stdout.close()
        assert process.wait(60) != 0
        assert "Traceback" not in process.stderr.read()
    assert [sandbox.alive for sandbox in loopback_modal.sandboxes] == [False]


@with_sandboxes
def test_a_screen_that_is_quit_ends_the_sandbox_that_it_tried(
    loopback_modal: LoopbackModal, tmp_path: Path
) -> None:
    loopback_modal.misbehave.slow["TaskExecStart"] = 300
    with Terminal(cwd=tmp_path, **loopback_modal.environment) as terminal:
        terminal.wait_for("Nothing has run yet")
        terminal.press(b"\x1bOR")
        terminal.wait_for("Everything is there that a run needs.")
        terminal.press(b"m")
        terminal.wait_for("starting the driver")
        terminal.press(b"\x11")
        assert terminal.code() == 0
    assert [sandbox.alive for sandbox in loopback_modal.sandboxes] == [False]


@with_sandboxes
def test_a_sandbox_that_does_not_start_is_ended_and_told(loopback_modal: LoopbackModal) -> None:
    loopback_modal.misbehave.build_fails = "no-such-package"
    ended = doctor(
        "check", "--modal", "--json", modal=loopback_modal, RLM_TUI_MODAL_PACKAGES="no-such-package"
    )
    assert ended.code == 1
    found = by_name(ended)
    assert found["sandbox start"]["outcome"] == "failing"
    assert "modal.packages" in found["sandbox start"]["mend"]
    assert {found[f"sandbox {name}"]["outcome"] for name in TRIAL[1:]} == {"skipped"}
    assert not loopback_modal.sandboxes


def test_no_token_is_missing_and_nobody_is_asked(loopback_modal: LoopbackModal) -> None:
    ended = doctor(
        "check", "--modal", "--json", modal=loopback_modal, MODAL_TOKEN_ID="", MODAL_TOKEN_SECRET=""
    )
    assert ended.code == 1
    found = by_name(ended)
    assert found["token"]["outcome"] == "missing"
    assert "modal token new" in found["token"]["mend"]
    assert {found[name]["outcome"] for name in ACCOUNT[1:]} == {"skipped"}
    assert found["sandbox start"]["outcome"] == found["sandbox end"]["outcome"] == "skipped"
    assert not loopback_modal.calls


def test_a_wrong_token_is_said_once(loopback_modal: LoopbackModal) -> None:
    ended = doctor(
        "check", "--sandbox", "modal", "--json", modal=loopback_modal, MODAL_TOKEN_SECRET=WRONG_TOKEN
    )
    assert ended.code == 1
    found = by_name(ended)
    assert found["token"]["outcome"] == "ok"
    assert found["account"]["outcome"] == "failing"
    assert "does not accept the token" in found["account"]["words"]
    assert {found[name]["outcome"] for name in ACCOUNT[2:]} == {"skipped"}


def test_a_token_that_modal_repeats_is_not_told(loopback_modal: LoopbackModal) -> None:
    words = f"The token {TOKEN_SECRET} is of another workspace"
    loopback_modal.misbehave.refuse["ClientHello"] = Status.UNAUTHENTICATED, words
    ended = doctor("check", "--sandbox", "modal", "--json", modal=loopback_modal)
    assert "The token [redacted] is of another workspace" in by_name(ended)["account"]["words"]


@pytest.mark.parametrize("server", ["mute", "closed"])
def test_modal_out_of_reach_is_an_error_in_time(loopback_modal: LoopbackModal, server: str) -> None:
    loopback_modal.misbehave.unreachable = True
    closed = {} if server == "mute" else {"MODAL_SERVER_URL": "http://127.0.0.1:1"}
    ended = doctor(
        "check", "--modal", "--json", modal=loopback_modal, RLM_TUI_MODAL_CALL_SECONDS="1", **closed
    )
    assert ended.code == 1
    account = by_name(ended)["account"]
    assert account["outcome"] == "failing"
    assert "within 1 s" in account["words"] or "can't be reached" in account["words"]
    assert "network" in account["mend"]
    assert account["seconds"] < 4
    assert ended.stderr == ""


def test_a_volume_of_version_1_is_told_with_what_to_do(loopback_modal: LoopbackModal) -> None:
    loopback_modal.volumes.create("rlm-volume-dspy", 1)
    ended = doctor("check", "--modal", "--json", modal=loopback_modal)
    assert ended.code == 1
    found = by_name(ended)
    assert found["volume"]["outcome"] == "failing"
    assert "version 1" in found["volume"]["words"]
    assert "modal volume create --version 2" in found["volume"]["mend"]
    assert found["sandbox start"]["words"] == 'not looked at: see "volume"'
    assert not loopback_modal.sandboxes


def test_a_missing_secret_or_key_names_the_command(loopback_modal: LoopbackModal) -> None:
    attached = {"RLM_TUI_MODAL_ATTACH_SECRET": "true"}
    del loopback_modal.account.secrets["LITELLM"]["DSPY_LLM_API_KEY"]
    no_key = doctor("check", "--sandbox", "modal", "--json", modal=loopback_modal, **attached)
    assert no_key.code == 1
    assert by_name(no_key)["secret"]["outcome"] == "ok"
    key = by_name(no_key)["secret's key"]
    assert key["outcome"] == "missing"
    assert "`modal secret create --force LITELLM --from-dotenv .env`" in key["mend"]

    loopback_modal.account.secrets.clear()
    none = doctor("check", "--sandbox", "modal", modal=loopback_modal, **attached)
    assert none.code == 1
    assert "To be mended: secret." in none.stdout
    assert "`modal secret create LITELLM --from-dotenv .env`" in none.stdout


def test_a_secret_of_another_name_is_called_by_it(loopback_modal: LoopbackModal) -> None:
    ended = doctor(
        "check", "--sandbox", "modal", "--json", modal=loopback_modal, RLM_TUI_MODAL_SECRET="my-models"
    )
    assert by_name(ended)["secret"]["words"] == "There is no secret my-models in Modal."
