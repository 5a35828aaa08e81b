"""The host calls of cells: each in a thread of its own, reused, and none that keeps the program alive.

An `llm_query` in flight can't be aborted; a pool that joins its threads at exit would wait for it.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import inspect
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dspy
from dspy.primitives.code_interpreter import CodeInterpreterError
from dspy.primitives.facade import CALL_TOOL

from rlm_tui.sandbox.errors import SandboxError
from rlm_tui.sandbox.references import resolve
from rlm_tui.sandbox.wire import Call, FrameError, Reply, encode

if TYPE_CHECKING:
    from rlm_tui.sandbox.cells import Cell
    from rlm_tui.sandbox.interpreter import DriverInterpreter

MOST_THREADS = 512
ONLY_WHILE_A_CELL_RUNS = "host tools can be called only while a cell is running"
NOT_IN_THE_CONSOLE = "the console calls no tools and asks no LM: insert the code as a step of the run"


class CallThreads:
    """Runs each job in a thread of its own, up to `most` at once; further jobs wait for a free one."""

    def __init__(self, most: int = MOST_THREADS) -> None:
        self._most = most
        self._jobs: collections.deque[Callable[[], None]] = collections.deque()
        self._changed = threading.Condition()
        self._idle = 0
        self._threads = 0
        self._closed = False

    def run(self, job: Callable[[], None]) -> None:
        """Start `job` soon, in another thread. It must not raise."""
        with self._changed:
            if self._closed:
                return
            self._jobs.append(job)
            if self._idle >= len(self._jobs) or self._threads >= self._most:
                self._changed.notify()
                return
            self._threads += 1
        threading.Thread(target=self._work, name="sandbox-call", daemon=True).start()

    def close(self) -> None:
        """Let idle threads end; jobs that have not begun are dropped."""
        with self._changed:
            self._closed = True
            self._jobs.clear()
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._jobs:
                    if self._closed:
                        self._threads -= 1
                        return
                    self._idle += 1
                    self._changed.wait()
                    self._idle -= 1
                job = self._jobs.popleft()
            job()


class ToolCalls:
    """Answers the `call` frames of one interpreter, each in a thread and in the context of its cell."""

    def __init__(self, interpreter: DriverInterpreter, send_lines: Callable[[bytes], None]) -> None:
        self._interpreter = interpreter
        self._send_lines = send_lines
        self._threads = CallThreads()

    def take(self, call: Call, cell: Cell | None) -> None:
        """Begin to answer; returns at once."""
        if cell is None or cell.console:
            # None: a thread that a cell left running calls after the cell's end.
            message = ONLY_WHILE_A_CELL_RUNS if cell is None else NOT_IN_THE_CONSOLE
            self._threads.run(lambda: self._send(Reply(call=call.call, error=message)))
            return
        context = cell.context.copy()
        self._threads.run(lambda: context.run(self._answer, call, cell))

    def close(self) -> None:
        self._threads.close()

    def invoke(self, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Run one tool. Its LM calls must not stream: the planner's stream would take them for its own."""
        tool = self._interpreter.tools.get(name)
        if tool is None:
            raise CodeInterpreterError(f"Unknown tool: {name}")
        try:
            with dspy.context(send_stream=None):
                value = tool(*args, **kwargs)
                return asyncio.run(_settled(value)) if inspect.isawaitable(value) else value
        except SystemExit as error:
            # A tool's failure, which the planner may mend; it would end the run.
            code = "" if error.code is None else repr(error.code)
            raise RuntimeError(f"the tool called sys.exit({code})") from error

    def _answer(self, call: Call, cell: Cell) -> None:
        interpreter = self._interpreter
        try:
            documents, take_file = interpreter.documents, interpreter.take_private_file
            keep = call.name == CALL_TOOL
            args = resolve(call.args, documents, take_file, keep=keep)
            kwargs = resolve(call.kwargs, documents, take_file, keep=keep)
            reply = Reply(call=call.call, value=interpreter.invoke_tool(call.name, args, kwargs))
        except Exception as error:
            message = interpreter.redacted(str(error))
            reply = Reply(call=call.call, error={"type": type(error).__name__, "message": message})
        except BaseException as error:
            # Cancellation belongs to the caller of `execute`; the driver gets no answer any more.
            interpreter.interrupt()
            cell.fail(error)
            return
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        try:
            lines = encode(reply)
        except FrameError as error:
            lines = encode(Reply(call=reply.call, error={"type": "TypeError", "message": str(error)}))
        # The sandbox may have ended while the tool ran; its reader tells of that.
        with contextlib.suppress(SandboxError):
            self._send_lines(lines)


async def _settled(value: Any) -> Any:
    return await value
