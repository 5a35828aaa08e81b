"""Framing: lines of at most 1 MiB, long frames in parts, and a clear end for what can't be understood."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.driver_process import DriverEndedError, DriverProcess, write_pack

HELLO = b'{"type":"hello","protocol":1,"volume":null,"limits":{}}\n'


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"not json\n", ["not json"]),
        (b"[1]\n", ["object with a `type`"]),
        (b'{"id":1}\n', ["object with a `type`"]),
        (b'{"type":"dance"}\n', ["dance"]),
        (b'{"type":"execute","id":1}\n', ["execute", "`code`"]),
        (b'{"type":"execute","id":1,"code":5}\n', ["execute", "`code`", "str", "int"]),
        (b'{"type":"execute","id":true,"code":""}\n', ["execute", "`id`", "bool"]),
        (b'{"type":"execute","id":1,"code":"","tools":["a b"]}\n', ["execute.tools", "a b"]),
        (b'{"type":"execute","id":1,"code":"","outputs":[{"name":"a","type":"set"}]}\n', ["outputs", "set"]),
        (b'{"type":"bind","name":"class","value":1}\n', ["bind", "class"]),
        (b'{"type":"bind","name":"SUBMIT","value":1}\n', ["bind", "SUBMIT"]),
        (b'{"type":"bind","name":"x"}\n', ["bind", "`path`"]),
        (b'{"type":"bind","name":"x","value":NaN}\n', ["NaN"]),
        (b'{"type":"bind","name":"x","path":"/nowhere/at/all"}\n', ["x", "/nowhere/at/all", "No such file"]),
        (b'{"type":"bind","name":"x","path":"/dev/null","encoding":"klingon"}\n', ["x", "klingon"]),
        (b'{"type":"reply","call":1}\n', ["reply"]),
        (b'{"type":"interrupt"}\n', ["interrupt", "`id`"]),
        (b'{"type":"inspect","id":1,"start":"a"}\n', ["inspect", "`start`"]),
        (b'{"type":"part","id":1,"last":true,"text":"{"}\n', ["can't be read"]),
        (b'{"type":"part","id":1,"last":true,"text":"{\\"type\\":\\"part\\"}"}\n', ["part"]),
        (b"[" * 100_000 + b"\n", ["can't be read"]),
        (b'{"type":"' + b"x" * (1 << 20) + b'"}\n', ["longer than"]),
        (b"x" * (1 << 21), ["longer than"]),
        (b"\xff\xfe\n", ["can't be read"]),
        (HELLO, ["second hello"]),
    ],
    ids=lambda value: ascii(value[:40]) if isinstance(value, bytes) else "",
)
def test_a_frame_that_cannot_be_understood_ends_the_session_and_is_named(
    line: bytes, words: list[str]
) -> None:
    with DriverProcess() as driver:
        with contextlib.suppress(BrokenPipeError):
            driver.send_raw(line)
        fault = driver.receive_type("fault")
        for word in words:
            assert word in fault["message"]
        assert len(fault["message"]) < 1000
        assert driver.wait() == 2


def test_versions_that_differ_are_both_named() -> None:
    with DriverProcess(hello=False) as driver:
        driver.send({"type": "hello", "protocol": 99, "volume": None, "limits": {}})
        message = driver.receive()["message"]
        assert "99" in message
        assert "driver 1" in message
        assert driver.wait() == 2


def test_the_first_frame_must_be_hello() -> None:
    with DriverProcess(hello=False) as driver:
        driver.send({"type": "execute", "id": 1, "code": "1"})
        assert "hello" in driver.receive()["message"]
        assert driver.wait() == 2


def test_frames_may_come_in_any_pieces() -> None:
    with DriverProcess(hello=False) as driver:
        execute = json.dumps({"type": "execute", "id": 1, "code": "print('€')"}, ensure_ascii=False).encode()
        for byte in HELLO + b"\n\n" + execute + b"\r\n":
            driver.send_raw(bytes([byte]))
        assert driver.receive_type("output")["text"] == "€\n"


def test_cells_that_come_together_run_in_order() -> None:
    with DriverProcess() as driver:
        cells = [driver.start(f"print({n})") for n in range(20)]
        assert [driver.finish(cell).text() for cell in cells] == [f"{n}\n" for n in range(20)]


def test_a_large_frame_in_parts_and_parts_of_two_frames_mixed() -> None:
    with DriverProcess() as driver:
        driver.bind("large", value="é\n" * 2_000_000)
        assert driver.run("len(large), large[-2:]").text() == "(4000000, 'é\\n')\n"
        frames = {n: json.dumps({"type": "bind", "name": f"v{n}", "value": n}) for n in (1, 2)}
        for start in range(0, 60, 20):
            for n, text in frames.items():
                part = {"type": "part", "id": n, "last": start == 40, "text": text[start : start + 20]}
                driver.send(part)
        assert driver.run("v1, v2").text() == "(1, 2)\n"


def test_a_reply_that_nobody_waits_for_is_let_go() -> None:
    with DriverProcess() as driver:
        driver.send({"type": "reply", "call": 12345, "value": 1})
        assert driver.run("1").status == "ok"


def test_bye_ends_it_between_cells_and_in_one() -> None:
    with DriverProcess() as driver:
        driver.send({"type": "bye"})
        assert driver.wait() == 0
    with DriverProcess() as driver:
        driver.start("print('begun')\nwhile True: pass")
        driver.receive_type("output")
        driver.send({"type": "bye"})
        assert driver.receive_type("done")["status"] == "interrupted"
        assert driver.wait() == 0
        with pytest.raises(DriverEndedError):
            driver.receive()


def test_documents_are_read_in_the_sandbox_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "windows.txt").write_bytes("naïve\r\nline\r".encode("cp1252"))
    (tmp_path / "broken.txt").write_bytes(b"ok \xff\n")
    with DriverProcess() as driver:
        driver.bind("one", path=str(tmp_path / "windows.txt"), encoding="cp1252")
        driver.bind("two", path=str(tmp_path / "broken.txt"))
        pack = write_pack(tmp_path / "pack.zip", {"a": b"ok \xff\n", "b": "ünd\r\n"})
        driver.bind("both", pack=str(pack))
        driver.bind("second", pack=str(pack), key="b")
        assert driver.run("one, two, both, second").text() == (
            "('naïve\\r\\nline\\r', 'ok \ufffd\\n', {'a': 'ok \ufffd\\n', 'b': 'ünd\\r\\n'}, 'ünd\\r\\n')\n"
        )
        driver.bind("one", value=None)
        assert driver.run("print(one)").text() == "None\n"


class Shared:
    """One driver for all examples of a property."""

    process: DriverProcess | None = None

    @classmethod
    def get(cls) -> DriverProcess:
        if cls.process is None:
            cls.process = DriverProcess()
            cls.process.tools["echo"] = lambda value: value
        return cls.process


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(JSON_VALUES)
def test_any_json_value_comes_back_as_it_went(value: Any) -> None:
    driver = Shared.get()
    driver.bind("value", value=value)
    finished = driver.run("SUBMIT([value, echo(value)])")
    assert finished.done["submitted"] == {"output": [value, value]}


@settings(max_examples=10, deadline=None)
@given(st.binary(max_size=200).filter(lambda data: b"\n" not in data and data.strip() != b""))
def test_no_line_of_bytes_makes_it_hang_or_die_unexplained(data: bytes) -> None:
    with DriverProcess() as driver:
        driver.send_raw(data + b"\n")
        started = time.monotonic()
        assert driver.receive_type("fault", 10)["message"]
        assert driver.wait() == 2
        assert time.monotonic() - started < 5
