"""Cells: what they print, show and leave behind, and every way they can end."""

from __future__ import annotations

import ast
import sys

import pytest

from tests.contract.driver_process import DRIVER, DriverEndedError, DriverProcess


def test_it_is_python_3_9_and_of_the_standard_library() -> None:
    tree = ast.parse(DRIVER.read_text(encoding="utf-8"), feature_version=(3, 9))
    names = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module).partition(".")[0]]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert "json" in names
    assert names <= sys.stdlib_module_names


def test_hello_is_answered_with_what_the_host_must_know() -> None:
    with DriverProcess() as driver:
        assert driver.ready["protocol"] == 1
        assert driver.ready["pid"] == driver.process.pid
        assert driver.ready["python"].startswith("3.")
        assert driver.ready["platform"]


def test_it_runs_from_source_as_text() -> None:
    with DriverProcess(by_source=True) as driver:
        assert driver.run("print(6 * 7)").text() == "42\n"


def test_the_namespace_persists_and_the_last_value_is_shown_after_what_was_printed() -> None:
    with DriverProcess() as driver:
        assert driver.run("x = 20").text() == ""
        finished = driver.run("print('counting')\nx + 1")
        assert finished.status == "ok"
        assert finished.text("stdout") == "counting\n21\n"
        assert finished.done["value"] == "21"
        assert "value" not in driver.run("None").done
        assert driver.run("'text'").text() == "'text'\n"


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("1 / 0", "error", "ZeroDivisionError"),
        ("SUBMIT('yes')", "submitted", None),
        ("import sys; sys.exit(3)", "error", "SystemExit"),
        ("exit()", "error", "SystemExit"),
        ("raise KeyboardInterrupt", "error", "KeyboardInterrupt"),
        ("raise GeneratorExit", "error", "GeneratorExit"),
        ("input('name? ')", "error", "EOFError"),
        ("def f(): return f()\nf()", "error", "RecursionError"),
        ("eval('(' * 5000)", "error", None),
        ("import time; time.sleep(9)", "timeout", "TimeoutError"),
        ("while True: pass", "timeout", "TimeoutError"),
        ("raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})", "error", "Odd"),
        ("class R:\n  def __repr__(self): raise ValueError\nR()", "ok", None),
        ("class R:\n  def __repr__(self):\n    while True: pass\nR()", "timeout", "TimeoutError"),
        (
            "class E(Exception):\n  def __str__(self):\n    while True: pass\nraise E",
            "timeout",
            "TimeoutError",
        ),
        ("'ok'", "ok", None),
    ],
)
def test_every_end_keeps_what_was_printed_and_the_session(code: str, status: str, kind: str | None) -> None:
    with DriverProcess() as driver:
        finished = driver.run(f"kept = 1\nprint('before')\n{code}", timeout=0.5)
        assert finished.text().startswith("before\n")
        assert finished.status == status
        if kind is not None:
            assert finished.error["type"] == kind
        assert driver.run("print(kept)").text() == "1\n"


@pytest.mark.parametrize("code", ["x = = 1", "x = '\\ud800'\n'\ud800'", "\0", "def f(:\n", "await x"])
def test_code_that_is_not_python_is_an_error_of_its_cell(code: str) -> None:
    with DriverProcess() as driver:
        finished = driver.run(code)
        assert finished.status in ("error", "ok")
        if code.startswith("x = ="):
            assert finished.error["type"] == "SyntaxError"
            assert finished.error["line"] == 1
        assert driver.run("1").status == "ok"


@pytest.mark.parametrize("code", ["", "   \n\n", "# only a comment"])
def test_an_empty_cell_is_a_cell(code: str) -> None:
    with DriverProcess() as driver:
        finished = driver.run(code)
        assert (finished.status, finished.text()) == ("ok", "")


def test_a_traceback_shows_the_persons_own_lines_and_no_others() -> None:
    with DriverProcess() as driver:
        driver.run("def divide(a, b):\n    return a / b  # the division")
        error = driver.run("import json\n\nx = divide(1, 0)").error
        assert error["line"] == 3
        assert error["message"] == "division by zero"
        assert "x = divide(1, 0)" in error["traceback"]
        assert "return a / b  # the division" in error["traceback"]
        assert "<cell 1>" in error["traceback"]
        assert "driver" not in error["traceback"]
        error = driver.run(
            "try:\n    json.loads('{')\nexcept ValueError as e:\n    raise KeyError('k') from e"
        ).error
        assert error["type"] == "KeyError"
        assert "JSONDecodeError" in error["traceback"]
        assert "decoder.py" not in error["traceback"]


def test_an_error_of_any_size_is_told_in_bounds() -> None:
    with DriverProcess() as driver:
        error = driver.run("raise ValueError('x' * 5_000_000)").error
        assert len(error["message"]) < 20_000
        assert len(error["traceback"]) < 30_000


def test_what_a_cell_breaks_is_whole_in_the_next() -> None:
    with DriverProcess() as driver:
        driver.run("del __builtins__['print'], __builtins__['len']")
        assert driver.run("print(len('abc'))").text() == "3\n"
        driver.run(
            "import builtins\nfor n in list(vars(builtins)):\n    if n != '__import__': delattr(builtins, n)"
        )
        assert driver.run("print(len('abc'))").text() == "3\n"
        driver.run(
            "import sys, io\nsys.stdout = io.StringIO()\nsys.stderr = None\nsys.stdin = None\nprint('lost')"
        )
        assert driver.run("print('seen')").text() == "seen\n"
        driver.run("sys.stdout.close(); sys.stdout.buffer.close()")
        assert driver.run("print('open')").text() == "open\n"
        driver.run("import os\nos.close(0); os.close(1); os.close(2)")
        assert driver.run("import os\nos.write(1, b'there'); os.write(2, b'too');").text() == "theretoo3\n"
        driver.run("import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)")
        assert driver.run("while True: pass", timeout=0.2).status == "timeout"
        driver.run("SUBMIT = None")
        assert driver.run("SUBMIT(1)").status == "submitted"


def test_threads_left_running_neither_hold_the_cell_nor_break_the_next() -> None:
    with DriverProcess() as driver:
        driver.run(
            "import threading, time\n"
            "def late():\n    time.sleep(0.3)\n    print('late')\n"
            "threading.Thread(target=late).start()"
        )
        assert driver.receive_type("output")["text"] == "late\n"
        finished = driver.run("t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()")
        assert finished.status == "ok"
        assert "ZeroDivisionError" in finished.text("stderr")


def test_classes_of_a_cell_pickle_and_make_dataclasses() -> None:
    with DriverProcess() as driver:
        code = (
            "import dataclasses, pickle\n"
            "@dataclasses.dataclass\nclass Point:\n    x: 'int'\n"
            "print(pickle.loads(pickle.dumps(Point(3))) == Point(3), __name__)"
        )
        assert driver.run(code).text() == "True __main__\n"


def test_a_forked_child_prints_and_cannot_touch_the_protocol() -> None:
    with DriverProcess() as driver:
        driver.tools["ask"] = lambda: "answer"
        finished = driver.run(
            "import os, warnings\nwarnings.simplefilter('ignore')\n"
            "pid = os.fork()\n"
            "if pid == 0:\n"
            "    print('child')\n"
            "    try: ask()\n"
            "    except RuntimeError as error: print(error)\n"
            "else:\n"
            "    os.waitpid(pid, 0)\n"
            "    print('parent', ask())"
        )
        assert finished.text("stdout") == (
            "child\nask can't be called in a forked process; use threads\nparent answer\n"
        )
        assert driver.run("print('alone')").text() == "alone\n"


def test_os_exit_is_the_end_and_is_seen() -> None:
    with DriverProcess() as driver:
        driver.start("import os\nos._exit(5)")
        with pytest.raises(DriverEndedError, match="5"):
            driver.receive_type("done")


def test_evaluate_sees_the_namespace_and_submits_nothing() -> None:
    with DriverProcess() as driver:
        driver.tools["ask"] = lambda: 5
        driver.run("x = 1")
        assert driver.run("x += ask()\nx", kind="evaluate").text() == "6\n"
        finished = driver.run("SUBMIT(x)", kind="evaluate")
        assert finished.status == "error"
        assert "SUBMIT" in finished.error["message"]
        assert driver.run("import time; time.sleep(5)", kind="evaluate", timeout=0.1).status == "timeout"
        assert driver.run("print(x)").text() == "6\n"
