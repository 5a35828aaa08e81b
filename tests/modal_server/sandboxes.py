"""Sandboxes: what they were created with, the processes in them, and how they end."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from grpclib.const import Status
from grpclib.exceptions import GRPCError
from modal_proto import api_pb2

from tests.modal_server.account import Account
from tests.modal_server.processes import Process
from tests.modal_server.rpc import not_found
from tests.modal_server.volumes import Mounted, Volumes

ARGUMENTS_LIMIT = 65_536
RESULT = api_pb2.GenericResult


class Sandbox:
    """One sandbox. `definition` is what it was asked for with; `result` has a status when it is over."""

    def __init__(self, number: int, request: Any, directory: Path, loop: asyncio.AbstractEventLoop) -> None:
        self.id = f"sb-loopback{number:04}"
        self.task_id = f"ta-loopback{number:04}V"
        self.app_id: str = request.app_id
        self.definition: Any = request.definition
        self.secret_ids = [source.secret_id for source in request.secret_sources if source.secret_id]
        self.inline = [dict(source.env.contents) for source in request.secret_sources]
        self.tags = {tag.tag_name: tag.tag_value for tag in request.tags}
        self.created_at = time.time()
        self.result = RESULT()
        self.execs: dict[str, Process] = {}
        self.mounted: dict[str, Mounted] = {}
        self.vanished = False
        self.started = False
        self.over = asyncio.Event()
        self._directory = directory
        self._scratch = directory / self.id / "tmp"
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    @property
    def mark(self) -> str:
        """What its processes have in their environment, and those of no other server."""
        return str(self._directory / self.id)

    @property
    def alive(self) -> bool:
        return self.result.status == RESULT.GENERIC_STATUS_UNSPECIFIED

    @property
    def pids(self) -> list[int]:
        """The processes that were started in it and have not ended."""
        return [one.pid for one in self.execs.values() if one.pid is not None and one.code is None]

    @property
    def mounts(self) -> dict[str, Path]:
        """What its processes see in which place: its volumes, and a /tmp of its own."""
        return {"/tmp": self._scratch, **{path: mounted.copy for path, mounted in self.mounted.items()}}

    def start(self, volumes: Volumes) -> None:
        """Give it its copies of the volumes, its /tmp and its time limit."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        for mount in self.definition.volume_mounts:
            copy = self._directory / self.id / mount.volume_id
            self.mounted[mount.mount_path] = Mounted(volumes.by_id(mount.volume_id), copy)
        self.started = True
        if self.definition.timeout_secs:
            self._timer = self._loop.call_later(self.definition.timeout_secs, self._time_out)

    def end(self, status: int, exitcode: int = 0, words: str = "") -> None:
        """End it with all its processes; what it wrote is committed, as at every end."""
        if not self.alive:
            return
        self.result = RESULT(status=status, exitcode=exitcode, exception=words)  # type: ignore[arg-type]
        if self._timer is not None:
            self._timer.cancel()
        for process in self.execs.values():
            process.kill()
        if self.execs:
            Process.kill_marked(self.mark)
        for mounted in self.mounted.values():
            mounted.commit()
        self.over.set()
        shutil.rmtree(self._directory / self.id, ignore_errors=True)

    def die(self, exitcode: int = 1) -> None:
        """From any thread: the sandbox fails by itself, as when its memory runs out."""
        self._loop.call_soon_threadsafe(
            self.end, RESULT.GENERIC_STATUS_FAILURE, exitcode, "the sandbox failed"
        )

    def terminate(self) -> None:
        """From any thread: somebody else ends it."""
        self._loop.call_soon_threadsafe(self.end, RESULT.GENERIC_STATUS_TERMINATED)

    def vanish(self) -> None:
        """From any thread: nobody knows it any more."""

        def gone() -> None:
            self.vanished = True
            self.end(RESULT.GENERIC_STATUS_INTERNAL_FAILURE)

        self._loop.call_soon_threadsafe(gone)

    def time_out(self) -> None:
        """From any thread: its time limit is reached."""
        self._loop.call_soon_threadsafe(self._time_out)

    def _time_out(self) -> None:
        self.end(RESULT.GENERIC_STATUS_TIMEOUT)


class Sandboxes:
    """The control plane's sandboxes."""

    def __init__(self, directory: Path, account: Account, volumes: Volumes, router_url: str) -> None:
        self.all: list[Sandbox] = []
        self._directory = directory
        self._account = account
        self._volumes = volumes
        self._numbers = itertools.count(1)
        self._router_url = router_url
        self.never_start = lambda: False

    def by_id(self, sandbox_id: str) -> Sandbox:
        return self._find(lambda one: one.id == sandbox_id, sandbox_id)

    def by_task(self, task_id: str) -> Sandbox:
        return self._find(lambda one: one.task_id == task_id, task_id)

    def _find(self, fits: Callable[[Sandbox], bool], name: str) -> Sandbox:
        for sandbox in self.all:
            if fits(sandbox) and not sandbox.vanished:
                return sandbox
        raise not_found(f"Sandbox {name}")

    def secret_environment(self, sandbox: Sandbox) -> dict[str, str]:
        values: dict[str, str] = {}
        for secret_id in sandbox.secret_ids:
            values |= self._account.secret_values(secret_id)
        for inline in sandbox.inline:
            values |= inline
        return values

    def methods(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "SandboxCreateV2": self._create,
            "SandboxWaitV2": self._wait,
            "SandboxTerminateV2": self._terminate,
            "SandboxGetTaskIdV2": self._task,
            "SandboxGetCommandRouterAccess": self._access,
            "SandboxListV2": self._list,
            "SandboxTagsGetV2": self._tags,
            "SandboxTagsSetV2": self._set_tags,
        }

    def _create(self, request: Any) -> Any:
        sandbox = Sandbox(next(self._numbers), request, self._directory, asyncio.get_running_loop())
        self.all.append(sandbox)
        metadata = api_pb2.SandboxHandleMetadata(app_id=sandbox.app_id)
        if self.never_start():
            return api_pb2.SandboxCreateV2Response(sandbox_id=sandbox.id, metadata=metadata)
        sandbox.start(self._volumes)
        return api_pb2.SandboxCreateV2Response(
            sandbox_id=sandbox.id,
            task_id=sandbox.task_id,
            metadata=metadata,
            command_router_access=self._router(),
        )

    def _router(self) -> Any:
        from tests.modal_server.account import signed

        return api_pb2.CommandRouterAccess(url=self._router_url, jwt=signed())

    async def _wait(self, request: Any) -> Any:
        sandbox = self.by_id(request.sandbox_id)
        if request.timeout and sandbox.alive:
            with suppress(TimeoutError):
                await asyncio.wait_for(sandbox.over.wait(), request.timeout)
        return api_pb2.SandboxWaitResponse(result=sandbox.result)

    def _terminate(self, request: Any) -> Any:
        sandbox = self.by_id(request.sandbox_id)
        before = sandbox.result
        sandbox.end(RESULT.GENERIC_STATUS_TERMINATED)
        return api_pb2.SandboxTerminateResponse(existing_result=before)

    def _task(self, request: Any) -> Any:
        sandbox = self.by_id(request.sandbox_id)
        if not sandbox.alive:
            return api_pb2.SandboxGetTaskIdResponse(task_id=sandbox.task_id, task_result=sandbox.result)
        return api_pb2.SandboxGetTaskIdResponse(task_id=sandbox.task_id if sandbox.started else "")

    def _access(self, request: Any) -> Any:
        if request.sandbox_id:
            self.by_id(request.sandbox_id)
        access = self._router()
        return api_pb2.SandboxGetCommandRouterAccessResponse(url=access.url, jwt=access.jwt)

    def _list(self, request: Any) -> Any:
        wanted = {tag.tag_name: tag.tag_value for tag in request.tags}
        found = [
            api_pb2.SandboxInfo(
                id=one.id,
                created_at=one.created_at,
                app_id=one.app_id,
                tags=[api_pb2.SandboxTag(tag_name=k, tag_value=v) for k, v in one.tags.items()],
                timeout_secs=one.definition.timeout_secs,
                task_info=api_pb2.TaskInfo(id=one.task_id, started_at=one.created_at, result=one.result),
                metadata=api_pb2.SandboxHandleMetadata(app_id=one.app_id),
            )
            for one in sorted(self.all, key=lambda one: -one.created_at)
            if (one.alive or request.include_finished)
            and not one.vanished
            and (not request.app_id or one.app_id == request.app_id)
            and wanted.items() <= one.tags.items()
            and (not request.before_timestamp or one.created_at < request.before_timestamp)
        ]
        return api_pb2.SandboxListResponse(sandboxes=found)

    def _tags(self, request: Any) -> Any:
        tags = self.by_id(request.sandbox_id).tags
        return api_pb2.SandboxTagsGetResponse(
            tags=[api_pb2.SandboxTag(tag_name=name, tag_value=value) for name, value in tags.items()]
        )

    def _set_tags(self, request: Any) -> Any:
        from google.protobuf.empty_pb2 import Empty

        sandbox = self.by_id(request.sandbox_id)
        sandbox.tags = {tag.tag_name: tag.tag_value for tag in request.tags}
        return Empty()


def refuse_arguments(arguments: list[str]) -> None:
    """A command line over the limit is refused, as Modal does."""
    if sum(map(len, arguments)) > ARGUMENTS_LIMIT:
        raise GRPCError(Status.INVALID_ARGUMENT, f"Total length of arguments is over {ARGUMENTS_LIMIT}")
