"""The command router: `exec` in a sandbox, its three streams, its end; reloading volumes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from typing import Any

from grpclib.const import Status
from grpclib.exceptions import GRPCError
from modal_proto import task_command_router_pb2 as router_pb2

from tests.modal_server.misbehaviour import Misbehaviour
from tests.modal_server.processes import MARK, Process
from tests.modal_server.rpc import not_found
from tests.modal_server.sandboxes import Sandbox, Sandboxes, refuse_arguments


class Router:
    """Serves every sandbox of the server from one address."""

    def __init__(self, sandboxes: Sandboxes, misbehave: Misbehaviour) -> None:
        self._sandboxes = sandboxes
        self._misbehave = misbehave
        self._starting = asyncio.Lock()

    def methods(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "TaskExecStart": self._start,
            "TaskExecStdioRead": self._read,
            "TaskExecStdinWrite": self._write,
            "TaskExecStdinStatus": self._stdin_status,
            "TaskExecPoll": self._poll,
            "TaskExecWait": self._wait,
            "TaskReloadVolumes": self._reload,
        }

    def _living(self, task_id: str) -> Sandbox:
        sandbox = self._sandboxes.by_task(task_id)
        if not sandbox.alive:
            raise not_found(f"Task {task_id}")
        return sandbox

    def _process(self, request: Any) -> Process:
        process = self._sandboxes.by_task(request.task_id).execs.get(request.exec_id)
        if process is None:
            raise not_found(f"Exec {request.exec_id}")
        return process

    async def _start(self, request: Any) -> Any:
        sandbox = self._living(request.task_id)
        arguments = list(request.command_args)
        refuse_arguments(arguments)
        async with self._starting:
            if request.exec_id not in sandbox.execs:
                process = Process(arguments)
                environment = {
                    "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                    "HOME": "/tmp",
                    MARK: sandbox.mark,
                    **self._sandboxes.secret_environment(sandbox),
                }
                try:
                    network = not sandbox.definition.block_network and not blocked(sandbox.definition)
                    await process.start(sandbox.mounts, environment, network=network)
                except OSError as error:
                    raise GRPCError(Status.INVALID_ARGUMENT, f"{arguments[0]}: {error}") from error
                sandbox.execs[request.exec_id] = process
                if arguments[:1] == ["sync"]:
                    await process.ended.wait()
                    for path, mounted in sandbox.mounted.items():
                        if path in arguments[1:]:
                            mounted.commit()
        return router_pb2.TaskExecStartResponse()

    async def _read(self, request: Any) -> AsyncIterator[Any]:
        process = self._process(request)
        is_stdout = request.file_descriptor == router_pb2.TASK_EXEC_STDIO_FILE_DESCRIPTOR_STDOUT
        stream, offset, turn, sent = (1 if is_stdout else 2), request.offset, 0, 0
        while data := await process.more(stream, offset, turn):
            if is_stdout and self._misbehave.cuts > 0 and sent >= self._misbehave.cut_after:
                self._misbehave.cuts -= 1
                raise GRPCError(Status.UNAVAILABLE, "the connection to the sandbox was cut")
            offset, turn, sent = offset + len(data), turn + 1, sent + len(data)
            yield router_pb2.TaskExecStdioReadResponse(data=data)
        if self._sandboxes.by_task(request.task_id).vanished:
            raise not_found(f"Task {request.task_id}")

    async def _write(self, request: Any) -> Any:
        self._living(request.task_id)
        await self._process(request).write(request.offset, request.data, request.eof)
        return router_pb2.TaskExecStdinWriteResponse()

    def _stdin_status(self, request: Any) -> Any:
        process = self._process(request)
        return router_pb2.TaskExecStdinStatusResponse(
            num_bytes_written=process.written, closed=process.stdin_closed
        )

    def _poll(self, request: Any) -> Any:
        process = self._process(request)
        return (
            _ending(process, router_pb2.TaskExecPollResponse)
            if process.ended.is_set()
            else (router_pb2.TaskExecPollResponse())
        )

    async def _wait(self, request: Any) -> Any:
        process = self._process(request)
        await process.ended.wait()
        return _ending(process, router_pb2.TaskExecWaitResponse)

    def _reload(self, request: Any) -> Any:
        for mounted in self._living(request.task_id).mounted.values():
            mounted.reload()
        return router_pb2.TaskReloadVolumesResponse()


def blocked(definition: Any) -> bool:
    """Whether the network is closed, in either of the two ways in which a definition says so."""
    from modal_proto import api_pb2

    return bool(
        definition.network_access.network_access_type == api_pb2.NetworkAccess.NetworkAccessType.BLOCKED
    )


def _ending(process: Process, kind: Any) -> Any:
    code = process.code or 0
    return kind(signal=-code) if code < 0 else kind(code=code)
