"""A sandbox that dies, floods or breaks the protocol ends honestly and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rlm_tui.sandbox import processes
from rlm_tui.sandbox.errors import SandboxLostError, SandboxProtocolError, SandboxStartError
from rlm_tui.sandbox.interpreter import DriverInterpreter
from rlm_tui.sandbox.local import ProcessInterpreter
from rlm_tui.sandbox.process_transport import ProcessTransport
from tests.contract.sandboxes import Place, Recording, every_transport, on_linux, sandbox


@every_transport
def test_a_cell_that_ends_the_process_loses_the_sandbox_with_its_status(place: Place) -> None:
    listener = Recording()
    with sandbox(place, listener=listener) as interpreter:
        with pytest.raises(SandboxLostError, match="exit status 7"):
            interpreter.execute("print('last words')\nimport os, time\ntime.sleep(0.2)\nos._exit(7)")
        done = listener.wait_for("done")
        assert done.status == "lost"
        assert done.text == "last words\n"
        assert "exit status 7" in listener.wait_for("lost")
        with pytest.raises(SandboxLostError):
            interpreter.execute("1")


@every_transport
def test_a_killed_driver_is_said_to_have_been_killed(place: Place) -> None:
    with (
        sandbox(place) as interpreter,
        pytest.raises(SandboxLostError, match=r"killed \(SIGKILL\): out of memory\?"),
    ):
        interpreter.execute("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")


@every_transport
def test_a_crash_of_the_interpreter_itself_is_named(place: Place) -> None:
    with sandbox(place) as interpreter, pytest.raises(SandboxLostError, match="SIGSEGV"):
        interpreter.execute("import ctypes\nctypes.string_at(0)")


def test_a_sandbox_that_dies_between_cells_is_noticed() -> None:
    listener = Recording()
    with sandbox("off", listener=listener) as interpreter:
        assert interpreter.pid is not None
        os.kill(interpreter.pid, signal.SIGKILL)
        assert "SIGKILL" in listener.wait_for("lost")
        with pytest.raises(SandboxLostError):
            interpreter.execute("1")


@every_transport
def test_a_flood_of_output_is_capped_and_counted(place: Place) -> None:
    with sandbox(place) as interpreter:
        text = interpreter.execute("for _ in range(100): print('x' * 1_000_000)")
        result = interpreter.last_cell
        assert result is not None
        assert len(result.text) <= 8 * 1024 * 1024
        assert len(result.text) + result.dropped == 100 * 1_000_001
        assert "were printed and dropped" in text[-200:]
        assert interpreter.execute("'alive'") == "'alive'\n"


@on_linux
@every_transport
def test_shutdown_ends_what_cells_started(place: Place) -> None:
    with sandbox(place) as interpreter:
        interpreter.execute(
            "import subprocess\n"
            "subprocess.Popen(['sleep', '4711.5'])\n"
            "subprocess.Popen(['sleep', '4711.5'], start_new_session=True)\n"
            "subprocess.run(['sh', '-c', 'setsid sleep 4711.5 & exit'])"
        )
        _wait_until(lambda: len(_running("4711.5")) >= 3)
    _wait_until(lambda: not _running("4711.5"))


def test_the_scratch_directory_is_removed() -> None:
    with sandbox("off") as interpreter:
        scratch = Path(interpreter.execute("import os; print(os.getcwd())").strip())
        interpreter.execute("open('left.txt', 'w').write('x')")
        assert (scratch / "left.txt").exists()
    assert not scratch.exists()


def test_a_fork_that_outlives_the_driver_does_not_keep_the_host_waiting() -> None:
    with sandbox("off") as interpreter:
        began = time.monotonic()
        with pytest.raises(SandboxLostError):
            interpreter.execute("import os, time\nif os.fork() == 0: time.sleep(60)\nos._exit(1)")
        assert time.monotonic() - began < 5


def test_shutdown_twice_and_without_a_start_is_fine() -> None:
    interpreter = ProcessInterpreter(confined="off")
    interpreter.shutdown()
    interpreter.shutdown()
    with sandbox("off") as started:
        started.shutdown()
        with pytest.raises(SandboxLostError):
            started.execute("1")


def driver_that(tmp_path: Path, body: str) -> ProcessTransport:
    """A transport whose driver is a few lines that misbehave."""
    path = tmp_path / "driver.py"
    ready = '{"type":"ready","protocol":1,"python":"3","platform":"x","pid":1}'
    path.write_text(f"import sys, time\nsys.stdin.readline()\nready = {ready!r}\n{body}\n")
    return ProcessTransport(confined="off", driver=path)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            "print(ready, flush=True); sys.stdin.readline(); print('no frame', flush=True); time.sleep(9)",
            "no frame",
        ),
        ('print(ready, flush=True); sys.stdin.readline(); print(\'{"type":"warp"}\', flush=True)', "warp"),
        (
            "print(ready, flush=True); sys.stdin.readline(); print('y' * 1_100_000, flush=True)",
            "1,048,576 bytes",
        ),
    ],
)
def test_a_broken_frame_ends_the_session_and_is_named(tmp_path: Path, body: str, words: str) -> None:
    from rlm_tui.sandbox.interpreter import DriverInterpreter

    interpreter = DriverInterpreter(driver_that(tmp_path, body))
    with pytest.raises(SandboxProtocolError, match=words):
        interpreter.execute("1")
    interpreter.shutdown()


@on_linux
def test_a_broken_frame_leaves_no_pipe_open(tmp_path: Path) -> None:
    body = "print(ready, flush=True); sys.stdin.readline(); print('no frame', flush=True); time.sleep(9)"
    interpreter = DriverInterpreter(driver_that(tmp_path, body))
    before = _open_pipes()
    interpreter.start()
    of_the_sandbox = _open_pipes() - before
    assert len(of_the_sandbox) >= 3
    with pytest.raises(SandboxProtocolError):
        interpreter.execute("1")
    interpreter.shutdown()
    until = time.monotonic() + 5
    while (left := of_the_sandbox & _open_pipes()) and time.monotonic() < until:
        time.sleep(0.02)
    assert not left


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sys.exit('no room on board')", "no room on board"),
        (
            "print(ready.replace('\"protocol\":1', '\"protocol\":99'), flush=True); time.sleep(9)",
            "protocol 99",
        ),
        ('print(\'{"type":"fault","message":"out of order"}\', flush=True); time.sleep(9)', "out of order"),
    ],
)
def test_a_driver_that_does_not_come_up_says_why(tmp_path: Path, body: str, words: str) -> None:
    from rlm_tui.sandbox.interpreter import DriverInterpreter

    interpreter = DriverInterpreter(driver_that(tmp_path, body))
    with pytest.raises(SandboxStartError, match=words):
        interpreter.start()


def test_a_driver_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rlm_tui.sandbox import process_transport

    monkeypatch.setattr(process_transport, "START_SECONDS", 0.3)
    silent = DriverInterpreter(driver_that(tmp_path, "time.sleep(60)"))
    with pytest.raises(SandboxStartError, match=r"did not answer within 0.3 s"):
        silent.start()


def _open_pipes() -> set[str]:
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(str(entry.readlink()))
    return {name for name in found if name.startswith("pipe:")}


def _running(word: str) -> list[int]:
    found = []
    for entry in processes._process_entries():
        try:
            if word.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 3
    while not holds():
        assert time.monotonic() < until, f"running: {_running('4711.5')}"
        time.sleep(0.02)
