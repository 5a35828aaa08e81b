"""The processes of a sandbox: started in a mount namespace with the volumes in their places, read, ended."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from rlm_tui.sandbox import processes
from rlm_tui.sandbox.confinement import probe_bubblewrap

MARK = "RLM_LOOPBACK_SANDBOX"
PYTHON = Path(sys.executable).resolve()
CHUNKS = (1, 7, 4096, 65_536, 13)
"""Sizes in which output is handed on, so that whoever splits it into lines is tried."""


class Process:
    """One `exec`: everything it printed is kept, so that a reader may come back to an offset."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.arguments = list(arguments)
        self.output: dict[int, bytearray] = {1: bytearray(), 2: bytearray()}
        self.ended = asyncio.Event()
        self.code: int | None = None
        self.written = 0
        self.stdin_closed = False
        self._process: asyncio.subprocess.Process | None = None
        self._changed = asyncio.Condition()
        self._open = {1, 2}
        self._tasks: list[asyncio.Task[None]] = []
        self._writing = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def start(
        self, mounts: Mapping[str, Path], environment: Mapping[str, str], *, network: bool
    ) -> None:
        """Raises OSError when there is no such program."""
        command = [*namespace(mounts, network=network), *program(self.arguments)]
        self._process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(environment),
            start_new_session=True,
        )
        readers = [
            asyncio.create_task(self._read(1, self._process.stdout)),
            asyncio.create_task(self._read(2, self._process.stderr)),
        ]
        self._tasks = [*readers, asyncio.create_task(self._wait(readers))]

    async def write(self, offset: int, data: bytes, eof: bool) -> None:
        """Write what was not written before; a piece that is sent twice is written once."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        async with self._writing:
            fresh = data[max(0, self.written - offset) :] if offset <= self.written else data
            with suppress(ConnectionError):
                if fresh:
                    process.stdin.write(fresh)
                    await process.stdin.drain()
                if eof and not self.stdin_closed:
                    process.stdin.close()
            self.written += len(fresh)
            self.stdin_closed = self.stdin_closed or eof

    async def more(self, stream: int, offset: int, turn: int) -> bytes:
        """What comes after `offset`, in a piece of an odd size; empty at the end."""
        async with self._changed:
            await self._changed.wait_for(
                lambda: len(self.output[stream]) > offset or stream not in self._open
            )
        size = CHUNKS[turn % len(CHUNKS)]
        return bytes(self.output[stream][offset : offset + size])

    def kill(self) -> None:
        """End it, and all it started."""
        pid = self.pid
        if pid is not None and self.code is None:
            processes.end(processes.descendants(pid), group=pid)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @staticmethod
    def kill_marked(mark: str) -> None:
        """End what a sandbox's processes left behind in sessions of their own."""
        processes.end_marked(MARK, mark)

    async def _read(self, stream: int, reader: asyncio.StreamReader | None) -> None:
        assert reader is not None
        while data := await reader.read(65_536):
            async with self._changed:
                self.output[stream] += data
                self._changed.notify_all()
        async with self._changed:
            self._open.discard(stream)
            self._changed.notify_all()

    async def _wait(self, readers: list[asyncio.Task[None]]) -> None:
        assert self._process is not None
        self.code = await self._process.wait()
        await asyncio.wait(readers, timeout=2)
        async with self._changed:
            self._open.clear()
            self._changed.notify_all()
        self.ended.set()


def namespace(mounts: Mapping[str, Path], *, network: bool) -> list[str]:
    """The command that gives what follows it these mounts: this machine's own folders for all others.

    Process ids stay those of the machine, as one `exec` of a sandbox sees the processes of another.
    """
    probe = probe_bubblewrap()
    if not probe.usable:
        raise RuntimeError(f"the loopback Modal's sandboxes need bubblewrap: {probe.words}")
    arguments = [probe.executable, "--unshare-user", "--die-with-parent"]
    arguments += [] if network else ["--unshare-net"]
    tops = {Path(path).parts[1] for path in mounts}
    for entry in sorted(Path("/").iterdir()):
        if entry.name in tops or entry.name in ("dev", "proc"):
            continue
        if entry.is_symlink():
            arguments += ["--symlink", str(entry.readlink()), str(entry)]
        elif entry.is_dir():
            arguments += ["--bind-try", str(entry), str(entry)]
    arguments += ["--dev-bind", "/dev", "/dev", "--bind", "/proc", "/proc"]
    for path, source in mounts.items():
        arguments += ["--bind", str(source), path]
    for prefix in sorted({sys.base_prefix, sys.prefix, str(PYTHON.parent)}):
        if Path(prefix).parts[1] in tops:
            arguments += ["--ro-bind", prefix, prefix]
    return [*arguments, "--chdir", "/tmp"]


def program(arguments: Sequence[str]) -> list[str]:
    """The command, with this Python in the place of the image's."""
    return [str(PYTHON) if argument in ("python", "python3") else argument for argument in arguments]
