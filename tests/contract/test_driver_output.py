"""Printed text: all of it, in order, as it is printed, within bounds, whatever it was printed with."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.driver_process import DriverProcess


def test_every_way_of_printing_arrives_in_order() -> None:
    with DriverProcess() as driver:
        finished = driver.run(
            "import os, subprocess, sys, ctypes\n"
            "print('print')\n"
            "os.write(1, b'descriptor\\n')\n"
            "sys.stdout.write('stream\\n')\n"
            "subprocess.run(['echo', 'child'])\n"
            "sys.stdout.buffer.write('büffer\\n'.encode())\n"
            "os.system('echo shell')\n"
            "sys.__stdout__.write('original\\n')\n"
            "print('last')\n"
        )
        printed = "print descriptor stream child büffer shell original last"
        assert finished.text("stdout") == printed.replace(" ", "\n") + "\n"


def test_the_error_stream_is_told_apart() -> None:
    with DriverProcess() as driver:
        finished = driver.run(
            "import os, sys\n"
            "print('a'); print('b', file=sys.stderr); os.write(2, b'c\\n'); print('d')\n"
            "import warnings; warnings.warn('careful')"
        )
        assert finished.text("stdout") == "a\nd\n"
        assert finished.text("stderr").startswith("b\nc\n")
        assert "careful" in finished.text("stderr")
        assert [frame["stream"] for frame in finished.output][:3] == ["stdout", "stderr", "stdout"]


def test_what_c_code_prints_and_leaves_in_its_buffer_is_this_cells() -> None:
    with DriverProcess() as driver:
        finished = driver.run("import ctypes\nctypes.CDLL(None).puts(b'from C')\nNone")
        assert finished.text("stdout") == "from C\n"


@pytest.mark.parametrize("tells", ["print('one', end='')", "os.write(1, b'one')"])
def test_text_arrives_while_the_cell_runs(tells: str) -> None:
    with DriverProcess() as driver:
        cell = driver.start(f"import os, time\n{tells}\ntime.sleep(60)\nprint('two')")
        assert driver.receive_type("output")["text"] == "one"
        driver.interrupt(cell)
        finished = driver.finish(cell)
        assert (finished.status, finished.text()) == ("interrupted", "")


def test_many_prints_travel_in_few_frames() -> None:
    with DriverProcess() as driver:
        finished = driver.run("for n in range(20_000): print(n)")
        assert finished.text() == "".join(f"{n}\n" for n in range(20_000))
        assert len(finished.output) < 200


def test_a_print_of_100_mb_is_cut_and_counted_and_does_not_grow_the_process() -> None:
    with DriverProcess(limits={"output_bytes": 1_000_000}) as driver:
        finished = driver.run("text = 'é' * 50_000_000\nimport resource")
        before = int(driver.run("print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)").text())
        finished = driver.run("print(text, end='')")
        assert finished.status == "ok"
        assert len(finished.text().encode()) == 1_000_000
        assert finished.done["dropped"] == 100_000_000 - 1_000_000
        after = int(driver.run("print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)").text())
        assert after - before < 30_000  # KiB on Linux (bytes on macOS, where this asks for more)
        assert driver.run("print('next')").done["dropped"] == 0


def test_a_child_process_that_floods_is_cut_and_counted() -> None:
    with DriverProcess(limits={"output_bytes": 100_000}) as driver:
        finished = driver.run("import subprocess\nsubprocess.run('yes | head -c 5000000', shell=True);None")
        assert len(finished.text()) == 100_000
        assert finished.done["dropped"] == 4_900_000


def test_the_default_limit_is_8_mib() -> None:
    with DriverProcess() as driver:
        finished = driver.run("print('x' * (9 << 20), end='')")
        assert len(finished.text()) == 8 << 20
        assert finished.done["dropped"] == 1 << 20
        assert driver.longest_line <= 1 << 20


def test_a_long_last_value_is_cut_before_it_is_made() -> None:
    with DriverProcess(limits={"address_space_bytes": 3 << 30}) as driver:
        driver.run("text = 'x' * 400_000_000; many = [text] * 1000")
        for name in ("text", "many", "{1: many}", "bytearray(100_000_000)"):
            finished = driver.run(name)
            assert finished.status == "ok"
            assert len(finished.text()) < 300_000
            assert len(finished.done["value"]) <= 10_000


def test_bytes_that_are_no_text_and_characters_cut_in_two() -> None:
    with DriverProcess() as driver:
        finished = driver.run(
            "import os, time\n"
            "os.write(1, '€'.encode()[:2]); time.sleep(0.1); os.write(1, '€'.encode()[2:])\n"
            "os.write(1, b'\\xff|')\n"
            "None"
        )
        assert finished.text() == "€\ufffd|"
        assert driver.run("import os; os.write(1, '€'.encode()[:2]);None").text() == "\ufffd"
        assert driver.run("print('\\ud800|')").text() == "\ufffd|\n"
        assert driver.run("print('\\ud83d' + '\\ude00')").text() == "😀\n"


def test_destructors_and_hooks_that_print_do_not_break_the_wire() -> None:
    with DriverProcess() as driver:
        finished = driver.run(
            "class Loud:\n"
            "    def __init__(self): self.me = self\n"
            "    def __del__(self): print('gone ' * 200)\n"
            "for n in range(3000):\n"
            "    Loud()\n"
            "    print([n])\n"
        )
        assert finished.status == "ok"
        assert "[2999]" in finished.text()
        assert driver.run("import atexit\natexit.register(print, 'bye')\nNone").status == "ok"
        driver.send({"type": "bye"})
        assert driver.wait() == 0


class Driver:
    """One driver for all examples of a property."""

    process: DriverProcess | None = None

    @classmethod
    def get(cls) -> DriverProcess:
        if cls.process is None or cls.process.process.poll() is not None:
            cls.process = DriverProcess()
        return cls.process


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["print", "os"]), st.text(max_size=200)), max_size=8))
def test_any_text_printed_in_any_mixture_arrives_as_it_was(pieces: list[tuple[str, str]]) -> None:
    code = "import os, sys\n"
    for kind, text in pieces:
        code += (
            f"sys.stdout.write({text!r})\n"
            if kind == "print"
            else f"os.write(1, {text.encode('utf-8', 'replace')!r})\n"
        )
    finished = Driver.get().run(code + "None")
    expected = "".join(
        text if kind == "print" else text.encode("utf-8", "replace").decode() for kind, text in pieces
    )
    assert finished.text() == expected
