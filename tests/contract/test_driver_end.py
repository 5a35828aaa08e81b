"""Limits, and every way the driver ends: nothing of it is left when nobody is there any more."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.contract.driver_process import DRIVER, PYTHON, DriverProcess

linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="a limit or signal that only Linux has"
)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] in "ZX")


def wait_until_gone(pid: int, seconds: float = 5) -> None:
    until = time.monotonic() + seconds
    while is_running(pid):
        assert time.monotonic() < until, "still running"
        time.sleep(0.02)


def close_stdin(driver: DriverProcess) -> None:
    assert driver.process.stdin is not None
    driver.process.stdin.close()


@pytest.mark.parametrize(
    "code",
    [
        None,
        "while True: pass",
        "import time; time.sleep(60)",
        "while True:\n    try:\n        pass\n    except:\n        pass",
        "never()",
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
    ],
)
def test_it_ends_when_its_input_ends(code: str | None) -> None:
    with DriverProcess() as driver:
        if code is not None:
            driver.start("print('begun')\n" + code, tools=["never"])
            driver.receive_type("output")
        started = time.monotonic()
        close_stdin(driver)
        driver.wait(3)
        assert time.monotonic() - started < 2


def test_its_children_end_with_it() -> None:
    with DriverProcess() as driver:
        finished = driver.run("import subprocess\nprint(subprocess.Popen(['sleep', '60']).pid)")
        child = int(finished.text())
        assert is_running(child)
        close_stdin(driver)
        driver.wait(3)
        wait_until_gone(child)


@linux
def test_it_dies_with_its_parent_even_in_code_that_heeds_nothing() -> None:
    starter = (
        "from subprocess import PIPE, Popen\nimport sys, time\n"
        "p = Popen([sys.argv[1], '-I', sys.argv[2]], stdin=PIPE, stdout=PIPE)\n"
        'p.stdin.write(b\'{"type":"hello","protocol":1}\\n\')\n'
        'p.stdin.write(b\'{"type":"execute","id":1,"code":"print(1)\\\\nsum(iter(int, 1))"}\\n\')\n'
        "p.stdin.flush()\n"
        "p.stdout.readline(); p.stdout.readline()\n"
        "print(p.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", starter, PYTHON, str(DRIVER)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_running(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until_gone(pid)


def test_it_leaves_after_a_silence_but_not_in_a_cell() -> None:
    with DriverProcess(limits={"idle_seconds": 0.5}) as driver:
        assert driver.run("import time; time.sleep(1)").status == "ok"
        assert driver.run("1").status == "ok"
        started = time.monotonic()
        assert "0.5 s" in driver.receive_type("fault")["message"]
        assert 0.4 < time.monotonic() - started < 2
        assert driver.wait() == 2


def test_without_a_limit_it_waits() -> None:
    with DriverProcess() as driver:
        time.sleep(0.7)
        assert driver.run("1").status == "ok"


@linux
def test_a_memory_error_is_the_cells_and_the_session_lives() -> None:
    with DriverProcess(limits={"address_space_bytes": 400 << 20}) as driver:
        finished = driver.run("print('before')\nkept = 1\nlarge = bytearray(4 << 30)")
        assert finished.text() == "before\n"
        assert finished.error["type"] == "MemoryError"
        finished = driver.run("hoard = []\nwhile True: hoard.append(bytearray(100_000))", 60)
        assert finished.error["type"] == "MemoryError"
        assert driver.run("print(kept)\ndel hoard").text() == "1\n"
        finished = driver.run("hoard = []\nwhile True: hoard.append(object())", 60)
        assert finished.error["type"] == "MemoryError"
        driver.run("hoard = None")
        assert driver.run("len(bytearray(100 << 20))").text() == "104857600\n"


@linux
def test_64_threads_fit_into_the_memory_limit() -> None:
    with DriverProcess(limits={"address_space_bytes": 2 << 30}) as driver:
        driver.tools["ask"] = lambda n: n
        finished = driver.run(
            "from concurrent.futures import ThreadPoolExecutor\n"
            "with ThreadPoolExecutor(64) as pool: print(sum(pool.map(ask, range(640))))"
        )
        assert finished.text() == f"{sum(range(640))}\n"


def test_a_file_may_not_grow_past_its_limit(tmp_path: Path) -> None:
    with DriverProcess(limits={"file_size_bytes": 1_000_000}) as driver:
        finished = driver.run(f"open({str(tmp_path / 'big')!r}, 'wb').write(bytes(2_000_000))")
        assert finished.error["type"] == "OSError"
        assert "large" in finished.error["message"]
        assert driver.run("1").status == "ok"


@linux
def test_the_process_limit_is_set() -> None:
    with DriverProcess(limits={"processes": 4321}) as driver:
        finished = driver.run("import resource\nresource.getrlimit(resource.RLIMIT_NPROC)")
        assert finished.text() == "(4321, 4321)\n"


def test_a_limit_that_cannot_be_set_is_told_and_not_fatal() -> None:
    with DriverProcess(limits={"file_size_bytes": -5, "unknown": 1}) as driver:
        assert driver.ready["unset"] == ["file_size_bytes"]


def test_a_broken_output_pipe_ends_it() -> None:
    with subprocess.Popen(
        [PYTHON, "-I", str(DRIVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdout.close()
        other.stdin.write(b'{"type":"hello","protocol":1}\n')
        other.stdin.flush()
        assert other.wait(5) == 1
