"""Stopping a cell: the namespace stays, the cell ends soon, a late or second signal hurts nobody."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from tests.contract.driver_process import DriverEndedError, DriverProcess

ENDLESS = {
    "a loop": "print('begun')\nwhile True: pass",
    "a sleep": "import time\nprint('begun')\ntime.sleep(60)",
    "a loop with a bare except": (
        "import time\nprint('begun')\nwhile True:\n    try:\n        time.sleep(.01)\n    except:\n        0"
    ),
    "a printing loop with a bare except": (
        "print('begun')\nwhile True:\n    try:\n        print(end='')\n    except:\n        pass"
    ),
    "a function that swallows": (
        "def work():\n    for n in range(10 ** 12): n * n\n"
        "print('begun')\nwhile True:\n    try:\n        work()\n    except BaseException:\n        0"
    ),
    "a thread's end": (
        "import threading, time\nt = threading.Thread(target=time.sleep, args=(60,), daemon=True)\n"
        "t.start()\nprint('begun')\nt.join()"
    ),
    "a child process": "import subprocess\nprint('begun')\nsubprocess.run(['sleep', '60'])",
    "an event loop": "import asyncio\nprint('begun')\nasyncio.run(asyncio.sleep(60))",
    "a tool": "print('begun')\nnever()",
    "tools in threads": (
        "from concurrent.futures import ThreadPoolExecutor\nprint('begun')\n"
        "with ThreadPoolExecutor(4) as pool:\n    list(pool.map(lambda n: never(), range(40)))"
    ),
}


def begin(driver: DriverProcess, code: str) -> int:
    """Starts a cell and waits until it has printed; a little longer, so that it is in its loop."""
    cell = driver.start(code, tools=["never"])
    frame = driver.receive_type("output")
    assert frame["text"] == "begun\n"
    time.sleep(0.05)
    return cell


@pytest.mark.parametrize("name", ENDLESS)
def test_an_interrupt_ends_it_and_the_namespace_stays(name: str) -> None:
    with DriverProcess() as driver:
        driver.run("kept = 'still here'")
        cell = begin(driver, ENDLESS[name])
        asked = time.monotonic()
        driver.interrupt(cell)
        while (frame := driver.receive())["type"] in ("call", "variables", "output"):
            pass
        assert time.monotonic() - asked < 2.4
        assert frame["status"] == "interrupted"
        assert frame["error"]["message"] == "the cell was interrupted"
        finished = driver.run("print(kept)")
        assert (finished.status, finished.text()) == ("ok", "still here\n")


@pytest.mark.parametrize(
    "name", ["a loop", "a sleep", "a printing loop with a bare except", "tools in threads"]
)
def test_a_timeout_goes_the_same_steps(name: str) -> None:
    with DriverProcess() as driver:
        driver.start(ENDLESS[name], tools=["never"], timeout=0.3)
        done = driver.receive_type("done", 3)
        assert done["status"] == "timeout"
        assert done["error"]["type"] == "TimeoutError"
        assert "0.3 s" in done["error"]["message"]
        assert 0.3 <= done["seconds"] < 2


def test_an_early_end_does_not_wait_for_the_timeout_and_the_next_cell_has_its_own() -> None:
    with DriverProcess() as driver:
        assert driver.run("1", timeout=0.3).status == "ok"
        assert driver.run("import time; time.sleep(0.6)", timeout=5).status == "ok"
        assert driver.run("import time; time.sleep(5)", timeout=0.1).status == "timeout"
        assert driver.run("1", timeout=0.3).status == "ok"


def test_interrupts_that_come_twice_or_late_or_for_nobody_are_ignored() -> None:
    with DriverProcess() as driver:
        for _ in range(10):
            cell = begin(driver, "print('begun')\nwhile True: pass")
            driver.interrupt(cell)
            driver.interrupt(cell)
            assert driver.receive_type("done")["status"] == "interrupted"
            driver.interrupt(cell)
            driver.interrupt(99_999)
            assert driver.run("sum(range(20_000))").status == "ok"
        os.kill(driver.process.pid, signal.SIGINT)
        time.sleep(0.05)
        assert driver.run("1").status == "ok"


def test_an_interrupt_on_the_heels_of_its_cell_is_not_lost() -> None:
    with DriverProcess() as driver:
        for _ in range(20):
            cell = driver.start("while True: pass")
            driver.interrupt(cell)
            assert driver.receive_type("done", 3)["status"] == "interrupted"


def test_a_cell_may_clean_up_once() -> None:
    with DriverProcess() as driver:
        cell = begin(
            driver,
            "print('begun')\ntry:\n    n = 0\n    while True:\n        n += 1\nfinally:\n    cleaned = True",
        )
        driver.interrupt(cell)
        assert driver.receive_type("done")["status"] == "interrupted"
        assert driver.run("print(cleaned)").text() == "True\n"


def test_a_runaway_regular_expression_heeds_a_signal_from_outside() -> None:
    with DriverProcess() as driver:
        cell = begin(driver, "import re\nprint('begun')\nre.match(r'(a+)+$', 'a' * 60 + 'b')")
        driver.interrupt(cell)
        time.sleep(0.2)
        asked = time.monotonic()
        os.kill(driver.process.pid, signal.SIGINT)
        assert driver.receive_type("done", 5)["status"] == "interrupted"
        assert time.monotonic() - asked < 2
        assert driver.run("print('alive')").text() == "alive\n"


def test_a_signal_from_outside_alone_interrupts_the_running_cell() -> None:
    with DriverProcess() as driver:
        begin(driver, "print('begun')\nwhile True: pass")
        os.kill(driver.process.pid, signal.SIGINT)
        assert driver.receive_type("done")["status"] == "interrupted"


def test_code_that_heeds_nothing_is_ended_by_a_kill() -> None:
    with DriverProcess() as driver:
        cell = begin(driver, "print('begun')\nsum(iter(int, 1))")
        driver.interrupt(cell)
        os.kill(driver.process.pid, signal.SIGINT)
        time.sleep(0.5)
        assert driver.process.poll() is None
        driver.process.kill()
        with pytest.raises(DriverEndedError):
            driver.receive_type("done")


def test_threads_of_a_stopped_cell_cannot_call_tools_any_more() -> None:
    calls = []
    release = threading.Event()

    def ask(number: int) -> int:
        calls.append(number)
        release.wait(5)
        return number

    with DriverProcess() as driver:
        driver.tools["ask"] = ask
        cell = driver.start(
            "from concurrent.futures import ThreadPoolExecutor\n"
            "print('begun')\n"
            "with ThreadPoolExecutor(2) as pool:\n    list(pool.map(ask, range(50)))"
        )
        driver.receive_type("output")
        while len(calls) < 2:
            time.sleep(0.01)
        driver.interrupt(cell)
        assert driver.receive_type("done")["status"] == "interrupted"
        release.set()
        assert driver.run("import time; time.sleep(0.3); print(ask(100))").text() == "100\n"
        assert sorted(calls) == [0, 1, 100]


def test_output_printed_before_the_interrupt_is_kept() -> None:
    with DriverProcess() as driver:
        cell = driver.start("for n in range(10 ** 9): print(n)", tools=[])
        driver.receive_type("output")
        time.sleep(0.3)
        driver.interrupt(cell)
        finished = driver.finish(cell)
        assert finished.status == "interrupted"
        lines = finished.text().split("\n")
        assert len(lines) > 1000
