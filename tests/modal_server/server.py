"""The loopback Modal as a whole: a thread with both services and the blocks."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from grpclib.server import Server
from modal_proto.api_grpc import ModalClientBase
from modal_proto.task_command_router_grpc import TaskCommandRouterBase

from tests.modal_server.account import Account
from tests.modal_server.blocks import Blocks
from tests.modal_server.misbehaviour import Misbehaviour
from tests.modal_server.router import Router
from tests.modal_server.rpc import Gatekeeper, service
from tests.modal_server.sandboxes import Sandbox, Sandboxes
from tests.modal_server.volume_calls import VolumeCalls
from tests.modal_server.volumes import Volumes

TOKEN_ID, TOKEN_SECRET = "ak-loopback", "as-loopback"
SECRETS = {"LITELLM": {"DSPY_LM_MODEL": "openai/test-model", "DSPY_LLM_API_KEY": "sk-loopback-planted-key"}}


class LoopbackModal:
    """Serves while it is entered. What it holds may be looked at from the test's thread."""

    def __init__(
        self,
        directory: Path,
        *,
        tokens: Mapping[str, str] | None = None,
        secrets: Mapping[str, Mapping[str, str]] | None = None,
        misbehave: Misbehaviour | None = None,
    ) -> None:
        self.directory = directory
        self.misbehave = misbehave or Misbehaviour()
        self._tokens = dict(tokens or {TOKEN_ID: TOKEN_SECRET})
        self.account = Account(SECRETS if secrets is None else secrets, self.misbehave)
        self.volumes = Volumes(directory / "volumes", self.misbehave)
        self.blocks = Blocks(directory / "blocks", self.misbehave)
        self._keeper = Gatekeeper(self._tokens, self.misbehave)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="loopback-modal", daemon=True)
        self._sandboxes: Sandboxes | None = None
        self._failure: BaseException | None = None
        self.url = ""

    def __enter__(self) -> LoopbackModal:
        self._thread.start()
        self._ready.wait(10)
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    @property
    def environment(self) -> dict[str, str]:
        """What makes Modal's client come here."""
        token_id, token_secret = next(iter(self._tokens.items()))
        return {
            "MODAL_SERVER_URL": self.url,
            "MODAL_TOKEN_ID": token_id,
            "MODAL_TOKEN_SECRET": token_secret,
            "MODAL_CONFIG_PATH": "/nonexistent/modal.toml",
        }

    @property
    def sandboxes(self) -> list[Sandbox]:
        """Every sandbox that was created, with its definition, tags, result and processes."""
        assert self._sandboxes is not None
        return self._sandboxes.all

    @property
    def calls(self) -> Counter[str]:
        """How often each rpc was called."""
        return self._keeper.calls

    @property
    def bytes_uploaded(self) -> int:
        return self.blocks.bytes_uploaded

    def volume(self, name: str) -> Path:
        """The directory of a volume's committed files; the volume is made (version 2) if it was missing."""
        return self.volumes.create(name, 2).files

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:
            self._failure = error
            self._ready.set()
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        await self.blocks.serve()
        # The address is in the answers, so it is taken before the services are made.
        listening = socket.socket()
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        sandboxes = Sandboxes(self.directory / "sandboxes", self.account, self.volumes, self.url)
        sandboxes.never_start = lambda: self.misbehave.never_start
        self._sandboxes = sandboxes
        control = {
            **self.account.methods(),
            **sandboxes.methods(),
            **VolumeCalls(self.volumes, self.blocks).methods(),
        }
        router = Router(sandboxes, self.misbehave).methods()
        server = Server(
            [
                service(ModalClientBase, control, self._keeper, control=True),
                service(TaskCommandRouterBase, router, self._keeper, control=False),
            ]
        )
        await server.start(sock=listening)
        self._ready.set()
        await self._stop.wait()
        for sandbox in sandboxes.all:
            sandbox.end(3)
        server.close()
        pending = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        await self.blocks.close()
