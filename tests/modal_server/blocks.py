"""The content of volumes over HTTP: blocks put by their hash, ranges of files fetched."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from pathlib import Path

from aiohttp import web

from tests.modal_server.misbehaviour import Misbehaviour

BLOCK = 8 * 1024 * 1024
PIECE = 64 * 1024


class Blocks:
    """`bytes_uploaded` counts what was put; `url` is known once it is served."""

    def __init__(self, directory: Path, misbehave: Misbehaviour) -> None:
        self.bytes_uploaded = 0
        self.url = ""
        self._directory = directory
        self._misbehave = misbehave
        self._numbers = itertools.count(1)
        self._ranges: dict[str, tuple[Path, int, int]] = {}
        self._runner: web.AppRunner | None = None
        directory.mkdir(parents=True, exist_ok=True)

    async def serve(self) -> None:
        application = web.Application(client_max_size=2 * BLOCK)
        application.router.add_put("/block/{digest}", self._put)
        application.router.add_get("/range/{number}", self._get)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def path(self, digest: str) -> Path:
        return self._directory / digest

    def has(self, digest: str) -> bool:
        return self.path(digest).exists()

    def keep(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        self.path(digest).write_bytes(data)
        return digest

    def put_url(self, digest: str) -> str:
        return f"{self.url}/block/{digest}"

    def range_urls(self, path: Path, start: int, length: int) -> list[str]:
        """Addresses of the blocks that hold these bytes, cut at multiples of 8 MiB."""
        urls, at, end = [], start, start + length
        while at < end:
            upto = min(end, (at // BLOCK + 1) * BLOCK)
            number = str(next(self._numbers))
            self._ranges[number] = (path, at, upto - at)
            urls.append(f"{self.url}/range/{number}")
            at = upto
        return urls

    async def _put(self, request: web.Request) -> web.Response:
        digest, body = request.match_info["digest"], bytearray()
        breaks = self._misbehave.break_uploads > 0
        async for piece in request.content.iter_chunked(PIECE):
            body += piece
            self.bytes_uploaded += len(piece)
            if self._misbehave.upload_seconds:
                await asyncio.sleep(self._misbehave.upload_seconds)
            if breaks:
                self._misbehave.break_uploads -= 1
                assert request.transport is not None
                request.transport.abort()
                return web.Response(status=500)
        if digest.startswith("blob-"):
            self.path(digest).write_bytes(body)
        elif hashlib.sha256(body).hexdigest() != digest:
            return web.Response(status=400, text="the content is not what its hash says")
        else:
            self.path(digest).write_bytes(body)
        return web.Response(text="ok", headers={"ETag": f'"{hashlib.md5(body).hexdigest()}"'})

    async def _get(self, request: web.Request) -> web.Response:
        path, start, length = self._ranges[request.match_info["number"]]
        with path.open("rb") as file:
            file.seek(start)
            return web.Response(body=file.read(length))
