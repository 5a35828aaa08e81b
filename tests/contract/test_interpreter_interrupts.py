"""Stopping a cell: its variables are kept wherever that can be, each step can be seen, and nothing hangs."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

import pytest
from dspy.primitives.code_interpreter import CodeExecutionError

from rlm_tui.sandbox import interrupts
from rlm_tui.sandbox.cells import CellResult
from rlm_tui.sandbox.errors import ExecutionCancelledError, SandboxError, SandboxLostError
from rlm_tui.sandbox.local import ProcessInterpreter
from tests.contract.sandboxes import Place, Recording, every_transport, sandbox


def in_background(wait: Callable[[], object], act: Callable[[], object]) -> None:
    """Once `wait` returns, `act`."""

    def run() -> None:
        wait()
        act()

    threading.Thread(target=run, daemon=True).start()


def interrupt_once_running(interpreter: ProcessInterpreter, listener: Recording) -> None:
    in_background(lambda: listener.wait_for("output"), interpreter.interrupt)


@every_transport
@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "import time; time.sleep(60)",
        "while True:\n    try:\n        while True: pass\n    except:\n        pass",
        "import threading; threading.Event().wait()",
        "import subprocess; subprocess.run(['sleep', '60'])",
    ],
    ids=["loop", "sleep", "bare-except", "wait", "subprocess"],
)
def test_an_interrupt_ends_the_cell_and_keeps_the_variables(place: Place, body: str) -> None:
    listener = Recording()
    with sandbox(place, listener=listener) as interpreter:
        interrupt_once_running(interpreter, listener)
        began = time.monotonic()
        with pytest.raises(CodeExecutionError, match=r"kept = 1[\s\S]*interrupted this cell"):
            interpreter.execute(f"kept = 1\nprint('kept = 1', flush=True)\n{body}")
        assert time.monotonic() - began < 2.5
        assert listener.of("done")[-1].status == "interrupted"
        assert listener.of("interrupting")[0] == "frame"
        assert interpreter.execute("kept") == "1\n"


@every_transport
def test_code_that_never_lets_the_driver_read_is_stopped_by_a_signal_from_outside(
    place: Place,
) -> None:
    listener = Recording()
    with sandbox(place, listener=listener) as interpreter:
        interrupt_once_running(interpreter, listener)
        with pytest.raises(CodeExecutionError, match="interrupted this cell"):
            interpreter.execute("import re\nprint('go', flush=True)\nre.match('(a+)+$', 'a' * 60 + 'b')")
        assert listener.of("interrupting") == ["frame", "signal"]
        assert interpreter.execute("re.__name__") == "'re'\n"


@every_transport
def test_a_signal_reaches_the_sandbox_it_was_meant_for(place: Place) -> None:
    listener = Recording()
    with sandbox(place, listener=listener) as interpreter, sandbox(place) as later:
        interrupt_once_running(interpreter, listener)
        with pytest.raises(CodeExecutionError, match="interrupted this cell"):
            interpreter.execute("import re\nprint('go', flush=True)\nre.match('(a+)+$', 'a' * 60 + 'b')")
        assert listener.of("interrupting") == ["frame", "signal"]
        assert later.execute("1") == "1\n"


@every_transport
def test_code_that_heeds_nothing_is_killed(place: Place) -> None:
    listener = Recording()
    with sandbox(place, listener=listener) as interpreter:
        interrupt_once_running(interpreter, listener)
        began = time.monotonic()
        with pytest.raises(SandboxLostError, match="did not heed an interrupt"):
            interpreter.execute("print('go', flush=True)\nsum(iter(int, 1))")
        assert time.monotonic() - began < 15
        assert listener.of("interrupting") == ["frame", "signal", "kill"]
        done = listener.of("done")[-1]
        assert (done.status, done.text) == ("lost", "go\n")


def test_a_time_limit_goes_the_same_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "FRAME_SECONDS", 0.2)
    listener = Recording()
    with sandbox("off", listener=listener, cell_timeout=0.3) as interpreter:
        with pytest.raises(CodeExecutionError, match=r"time limit of 0.3 s"):
            interpreter.execute("import re\nre.match('(a+)+$', 'a' * 60 + 'b')")
        assert listener.of("done")[-1].status == "timeout"
        assert listener.of("interrupting") == ["frame", "signal"]
        assert interpreter.execute("1") == "1\n"


def test_an_interrupt_without_a_cell_and_one_that_comes_twice_do_no_harm() -> None:
    listener = Recording()
    with sandbox("off", listener=listener) as interpreter:
        interpreter.interrupt()
        interrupt_once_running(interpreter, listener)
        interrupt_once_running(interpreter, listener)
        with pytest.raises(CodeExecutionError):
            interpreter.execute("print('go', flush=True)\nwhile True: pass")
        for n in range(20):
            interpreter.interrupt()
            assert interpreter.execute(f"{n}") == f"{n}\n"


def test_an_interrupt_reaches_a_cell_that_waits_for_a_host_tool() -> None:
    released = threading.Event()
    started = threading.Event()

    def slow() -> str:
        started.set()
        released.wait(20)
        return "late"

    with sandbox("off", tools={"slow": slow}) as interpreter:
        in_background(started.wait, interpreter.interrupt)
        began = time.monotonic()
        with pytest.raises(CodeExecutionError, match="interrupted this cell"):
            interpreter.execute("slow()")
        assert time.monotonic() - began < 2
        released.set()
        # The answer comes after the cell's end, when nobody waits for it any more.
        assert interpreter.execute("slow()") == "'late'\n"


@every_transport
def test_cancelling_lets_a_blocked_execute_return_at_once(place: Place) -> None:
    listener = Recording()
    with sandbox(place, listener=listener) as interpreter:
        in_background(lambda: listener.wait_for("output"), interpreter.cancel_pending)
        began = time.monotonic()
        with pytest.raises(ExecutionCancelledError):
            interpreter.execute("print('go', flush=True)\nsum(iter(int, 1))")
        assert time.monotonic() - began < 2
        assert listener.of("done")[-1].text == "go\n"
        with pytest.raises(ExecutionCancelledError):
            interpreter.execute("1")


def test_only_one_cell_runs_at_a_time() -> None:
    listener = Recording()
    with sandbox("off", listener=listener) as interpreter:
        runner = threading.Thread(
            target=interpreter.execute, args=("import time\nprint('go', flush=True)\ntime.sleep(0.5)",)
        )
        runner.start()
        listener.wait_for("output")
        with pytest.raises(RuntimeError, match="already running a cell"):
            interpreter.execute("1")
        with pytest.raises(RuntimeError, match="cell is running"):
            interpreter.evaluate("1")
        runner.join()
        assert interpreter.execute("1") == "1\n"


def test_a_cell_waits_for_what_the_console_evaluates() -> None:
    with sandbox("off") as interpreter:
        interpreter.execute("seen = []")
        evaluated: list[CellResult] = []
        console = threading.Thread(
            target=lambda: evaluated.append(
                interpreter.evaluate("import time\ntime.sleep(0.5)\nseen.append('console')")
            )
        )
        console.start()
        while not interpreter.is_busy:
            time.sleep(0.01)
        with pytest.raises(SandboxError, match="The console is evaluating"):
            interpreter.evaluate("1")
        assert interpreter.execute("seen.append('cell')\nprint(seen)") == "['console', 'cell']\n"
        console.join()
        assert [result.status for result in evaluated] == ["ok"]


def test_cancelling_ends_the_wait_for_the_console() -> None:
    with sandbox("off") as interpreter:
        interpreter.execute("1")
        console = threading.Thread(target=lambda: _quietly(interpreter), daemon=True)
        console.start()
        while not interpreter.is_busy:
            time.sleep(0.01)
        threading.Timer(0.2, interpreter.cancel_pending).start()
        began = time.monotonic()
        with pytest.raises(ExecutionCancelledError):
            interpreter.execute("1")
        assert time.monotonic() - began < 2
        console.join(5)


def _quietly(interpreter: ProcessInterpreter) -> None:
    with contextlib.suppress(SandboxError):
        interpreter.evaluate("while True: pass")
