"""A small client for the driver: raw JSON lines over pipes, as any host could write them."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

DRIVER = Path(__file__).parents[2] / "driver" / "driver.py"
# Another interpreter to run the driver with, for the versions it must also work on.
PYTHON = os.environ.get("RLM_TUI_TEST_DRIVER_PYTHON", sys.executable)
MAX_LINE_BYTES = 1 << 20
Frame = dict[str, Any]


class DriverEndedError(Exception):
    """The driver's output ended while a frame was awaited."""


@dataclasses.dataclass
class Finished:
    """A cell's frames, taken apart."""

    done: Frame
    output: list[Frame]
    variables: dict[str, Frame]

    @property
    def status(self) -> str:
        return str(self.done["status"])

    @property
    def error(self) -> Frame:
        error: Frame = self.done["error"]
        return error

    def text(self, stream: str | None = None) -> str:
        """What was printed, on one stream or on both in order."""
        return "".join(frame["text"] for frame in self.output if stream in (None, frame["stream"]))


class DriverProcess:
    """A driver under test. Every wait has a deadline; leaving the `with` block kills the process group."""

    def __init__(
        self,
        *,
        hello: bool = True,
        volume: Path | str | None = None,
        limits: Frame | None = None,
        by_source: bool = False,
        new_session: bool = True,
    ) -> None:
        start = ["-u", "-c", DRIVER.read_text(encoding="utf-8")] if by_source else [str(DRIVER)]
        self.process = subprocess.Popen(
            [PYTHON, "-I", *start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=new_session,
        )
        self.frames: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self.lines = 0
        self.longest_line = 0
        self.longest_call = 0
        self.tools: dict[str, Callable[..., Any]] = {}
        self._last_id = 0
        self._sending = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()
        if hello:
            self.send(
                {
                    "type": "hello",
                    "protocol": 1,
                    "volume": None if volume is None else str(volume),
                    "limits": limits or {},
                }
            )
            self.ready = self.receive()
            assert self.ready["type"] == "ready", self.ready

    def __enter__(self) -> DriverProcess:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        parts: dict[int, list[str]] = {}
        for line in self.process.stdout:
            self.lines += 1
            self.longest_line = max(self.longest_line, len(line))
            frame = json.loads(line)
            size = len(line)
            if frame["type"] == "part":
                parts.setdefault(frame["id"], []).append(frame["text"])
                if not frame["last"]:
                    continue
                text = "".join(parts.pop(frame["id"]))
                size = len(text)
                frame = json.loads(text)
            if frame["type"] == "call":
                self.longest_call = max(self.longest_call, size)
                if frame["name"] in self.tools:
                    threading.Thread(target=self._answer, args=(frame,), daemon=True).start()
                    continue
            self.frames.put(frame)
        self.frames.put(None)

    def _answer(self, call: Frame) -> None:
        reply: Frame = {"type": "reply", "call": call["call"]}
        try:
            reply["value"] = self.tools[call["name"]](*call["args"], **call["kwargs"])
        except Exception as error:
            reply["error"] = {"type": type(error).__name__, "message": str(error)}
        with contextlib.suppress(OSError):
            self.send(reply)

    def send(self, frame: Frame) -> None:
        """One frame, in parts where it is too long for a line."""
        text = json.dumps(frame)
        if len(text) < MAX_LINE_BYTES:
            self.send_raw(text.encode() + b"\n")
            return
        pieces = [text[start : start + 300_000] for start in range(0, len(text), 300_000)]
        for number, piece in enumerate(pieces, 1):
            part = {"type": "part", "id": 7, "last": number == len(pieces), "text": piece}
            self.send_raw(json.dumps(part).encode() + b"\n")

    def send_raw(self, data: bytes) -> None:
        assert self.process.stdin is not None
        with self._sending:
            self.process.stdin.write(data)
            self.process.stdin.flush()

    def receive(self, seconds: float = 20) -> Frame:
        """The next frame. Raises `DriverEndedError`, or queue.Empty when none comes in time."""
        frame = self.frames.get(timeout=seconds)
        if frame is None:
            raise DriverEndedError(f"the driver ended with {self.process.wait(10)}")
        return frame

    def receive_type(self, kind: str, seconds: float = 20) -> Frame:
        """The next frame of a kind; the ones before it are let go."""
        until = time.monotonic() + seconds
        while True:
            frame = self.receive(max(0.01, until - time.monotonic()))
            if frame["type"] == kind:
                return frame

    def start(self, code: str, *, kind: str = "execute", **fields: Any) -> int:
        """Sends a cell and returns its id at once."""
        self._last_id += 1
        tools = {} if kind == "evaluate" else {"tools": sorted(self.tools), "outputs": []}
        self.send({"type": kind, "id": self._last_id, "code": code, "timeout": None, **tools, **fields})
        return self._last_id

    def finish(self, cell: int, seconds: float = 20) -> Finished:
        """All that comes until the cell is done."""
        output: list[Frame] = []
        variables: dict[str, Frame] = {}
        until = time.monotonic() + seconds
        while True:
            frame = self.receive(max(0.01, until - time.monotonic()))
            if frame["type"] == "output":
                # What threads and destructors print between two cells carries the id of the one before.
                assert frame["id"] <= cell
                if frame["id"] == cell:
                    output.append(frame)
            elif frame["type"] == "variables":
                variables = {item["name"]: item for item in frame["items"]}
            elif frame["type"] == "done":
                assert frame["id"] == cell
                return Finished(frame, output, variables)
            else:
                raise AssertionError(f"unexpected {frame}")

    def run(self, code: str, seconds: float = 20, **fields: Any) -> Finished:
        """Runs one cell to its end."""
        return self.finish(self.start(code, **fields), seconds)

    def interrupt(self, cell: int) -> None:
        self.send({"type": "interrupt", "id": cell})

    def bind(self, name: str, **fields: Any) -> None:
        self.send({"type": "bind", "name": name, **fields})

    def inspect(self, name: str | None = None, **fields: Any) -> list[Frame]:
        """The items of an inspect frame's answer."""
        named = {} if name is None else {"name": name}
        self.send({"type": "inspect", "id": 1000, **named, **fields})
        answer = self.receive_type("variables")
        assert answer["id"] == 1000
        items: list[Frame] = answer["items"]
        return items

    def wait(self, seconds: float = 10) -> int:
        """The exit status, once it has ended."""
        return self.process.wait(seconds)


def write_pack(path: Path, texts: Mapping[str, str | bytes]) -> Path:
    """A pack as PROTOCOL.md has it: a zip of texts by their names."""
    with zipfile.ZipFile(path, "w") as pack:
        for name, text in texts.items():
            pack.writestr(name, text)
    return path
