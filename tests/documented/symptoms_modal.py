"""What goes wrong at Modal, brought about on the loopback: each message of docs/troubleshooting.md."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from grpclib.const import Status

from rlm_tui.cloud import modal_client
from rlm_tui.cloud.deadlines import within
from rlm_tui.core.settings import ModalSettings, Settings
from rlm_tui.engine.checks import modal_account
from rlm_tui.engine.checks.modal_secret import look_at_value
from rlm_tui.volumes.modal import ModalVolume
from tests.documented.symptoms import caught, shown, told
from tests.integration.command_line import rlm_tui
from tests.modal_server import LoopbackModal
from tests.modal_server.sandboxes import Sandbox

SETTINGS = ModalSettings(call_seconds=20)
KEY, NAME = "DSPY_LLM_API_KEY", "LITELLM"
HOLD = """
import sys
from rlm_tui.core.settings import ModalSettings
from rlm_tui.sandbox.modal import ModalInterpreter
ModalInterpreter(ModalSettings(), volume="volume", run_id="a-run-that-crashed").start()
print("started", flush=True)
sys.stdin.read()
"""

ModalSymptom = Callable[[LoopbackModal, Path], str]


def no_token(server: LoopbackModal, _: Path) -> str:
    for name in ("MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET"):
        os.environ.pop(name)
    return caught(lambda: modal_client.existing_app(SETTINGS))


def a_wrong_token(server: LoopbackModal, _: Path) -> str:
    server.misbehave.refuse["ClientHello"] = Status.UNAUTHENTICATED, "Token validation failed"
    return told(modal_account.look_at_account(Settings(modal=SETTINGS)))


def no_secret(server: LoopbackModal, _: Path) -> str:
    server.account.secrets.clear()
    return told(modal_account.look_at_secret(Settings(modal=SETTINGS)))


def no_key(server: LoopbackModal, _: Path) -> str:
    return told(modal_account.look_at_secret(Settings(modal=SETTINGS), "OTHER_API_KEY"))


def an_empty_key(server: LoopbackModal, _: Path) -> str:
    server.account.secrets[NAME][KEY] = ""
    return told(look_at_value(SETTINGS, NAME, KEY))


def an_old_volume(server: LoopbackModal, _: Path) -> str:
    server.volumes.create("rlm-volume-dspy", 1)
    return told(modal_account.look_at_volume(Settings(modal=SETTINGS)))


def a_misspelt_package(server: LoopbackModal, _: Path) -> str:
    server.misbehave.build_fails = "numpyy"
    return told(look_at_start(ModalSettings(call_seconds=20, packages=("numpyy",))))


def look_at_start(settings: ModalSettings) -> object:
    from rlm_tui.engine.checks.modal_trial import ModalTrial

    trial = ModalTrial(Settings(modal=settings))
    try:
        return trial.start(lambda _: None)
    finally:
        trial.leave()


def a_slow_answer(server: LoopbackModal, _: Path) -> str:
    server.misbehave.unreachable = True
    return told(modal_account.look_at_account(Settings(modal=ModalSettings(call_seconds=1))))


def a_client_that_gives_up(server: LoopbackModal, _: Path) -> str:
    """Modal's client does so after a minute of trying, which no test waits for."""
    from modal import exception

    failure = exception.ConnectionError("Could not connect to the Modal server")
    return caught(lambda: within(1, "looking up the app", lambda: give_up(failure)))


def give_up(error: Exception) -> None:
    raise error


def a_lost_sandbox(end: Callable[[Sandbox], None]) -> ModalSymptom:
    def bring_about(server: LoopbackModal, _: Path) -> str:
        from rlm_tui.sandbox.modal import ModalInterpreter

        interpreter = ModalInterpreter(SETTINGS, volume="work")
        try:
            interpreter.start()
            end(server.sandboxes[0])
            return caught(lambda: interpreter.execute("import time\ntime.sleep(60)"))
        finally:
            interpreter.shutdown()

    return bring_about


def a_crashed_run(server: LoopbackModal, _: Path) -> str:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        process.kill()
    found = shown(rlm_tui("sandboxes", "--reap", "--yes"))
    assert not server.sandboxes[0].alive, "what the page says ends it"
    return found


def a_full_volume(server: LoopbackModal, folder: Path) -> str:
    server.misbehave.quota = 10
    path = folder / "notes.md"
    path.write_text("more than ten bytes")
    return caught(lambda: ModalVolume(SETTINGS, "work").upload(path, "/"))


MODAL: dict[str, ModalSymptom] = {
    "There is no token for Modal.": no_token,
    "Modal does not accept the token: …": a_wrong_token,
    "There is no secret … in Modal.": no_secret,
    "The secret … has no …": no_key,
    "… of … is empty": an_empty_key,
    "The volume … is of version 1, and a run needs one of version 2.": an_old_volume,
    "Modal could not build the sandbox's image: …": a_misspelt_package,
    "Modal did not answer within … s while …": a_slow_answer,
    "Modal can't be reached (…)": a_client_that_gives_up,
    "The sandbox was lost: it was terminated from outside, by a person or by Modal.": a_lost_sandbox(
        Sandbox.terminate
    ),
    "The sandbox was lost: it reached its time limit of … s (modal.timeout_seconds).": a_lost_sandbox(
        Sandbox.time_out
    ),
    "left behind": a_crashed_run,
    "A limit of Modal is reached (…)": a_full_volume,
}
