"""gRPC services from plain methods: one request in, one answer or a stream of answers out."""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.server import Stream

from tests.modal_server.misbehaviour import Misbehaviour

Method = Callable[[Any], Any]


class Gatekeeper:
    """Passes every call: counts it, checks the token, and misbehaves as it was told."""

    def __init__(self, tokens: Mapping[str, str], misbehave: Misbehaviour) -> None:
        self.calls: Counter[str] = Counter()
        self.misbehave = misbehave
        self._tokens = tokens

    async def admit(self, name: str, metadata: Mapping[str, Any], *, control: bool) -> None:
        self.calls[name] += 1
        if self.misbehave.unreachable:
            await asyncio.sleep(3600)
        seconds = self.misbehave.slow.get(name, self.misbehave.slow.get("*", 0.0))
        if seconds:
            await asyncio.sleep(seconds)
        if control:
            token = self._tokens.get(str(metadata.get("x-modal-token-id")))
            if token is None or token != metadata.get("x-modal-token-secret"):
                raise GRPCError(Status.UNAUTHENTICATED, "Token ID is malformed or not known")
        if name in self.misbehave.refuse:
            status, words = self.misbehave.refuse[name]
            raise GRPCError(status, words)


def service(base: type, methods: Mapping[str, Method], keeper: Gatekeeper, *, control: bool) -> Any:
    """An object for grpclib's server: `base` with these methods; the others are UNIMPLEMENTED."""

    def bound(name: str, method: Method | None) -> Callable[..., Any]:
        async def serve(_self: Any, stream: Stream[Any, Any]) -> None:
            request = await stream.recv_message()
            await keeper.admit(name, dict(stream.metadata or {}), control=control)
            if method is None:
                raise GRPCError(Status.UNIMPLEMENTED, f"{name} is not written in the loopback Modal")
            answer = method(request)
            if inspect.isasyncgen(answer):
                async for item in answer:
                    await stream.send_message(item)
            else:
                await stream.send_message(await answer if inspect.isawaitable(answer) else answer)

        return serve

    names: frozenset[str] = getattr(base, "__abstractmethods__")  # noqa: B009
    unknown = set(methods) - names
    assert not unknown, f"no such rpc: {unknown}"
    return type(
        f"Loopback{base.__name__}", (base,), {name: bound(name, methods.get(name)) for name in names}
    )()


def not_found(what: str) -> GRPCError:
    return GRPCError(Status.NOT_FOUND, f"{what} not found")
