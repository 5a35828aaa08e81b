"""What lies in a volume of Modal, on its way to this machine: a range of a file, or all of it in pieces."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

from rlm_tui.cloud.errors import CloudTimeoutError, explained


class ReadStoppedError(Exception):
    """Reading was stopped on request."""


async def _range(volume: Any, path: str, start: int, length: int) -> bytes:
    """The same call as the client's `Volume.read_file`, which reads whole files only."""
    from modal._utils.http_utils import ClientSessionRegistry
    from modal.exception import NotFoundError
    from modal.volume import _expected_block_lengths, _raise_on_block_response_error
    from modal_proto import api_pb2

    request = api_pb2.VolumeGetFile2Request(
        volume_id=volume.object_id, path=path, start=start, len=length, client_pads_blocks=True
    )
    try:
        answer = await volume.client._stub.VolumeGetFile2(request)
    except NotFoundError as error:
        raise FileNotFoundError(path) from error
    lengths = _expected_block_lengths(answer.start, answer.len, len(answer.get_urls))
    session: Any = ClientSessionRegistry.get_session()  # type: ignore[no-untyped-call]
    pieces = []
    for url, expected in zip(answer.get_urls, lengths, strict=True):
        async with session.get(url) as response:
            await _raise_on_block_response_error(response)
            # Modal leaves out the zeros at a block's end.
            pieces.append((await response.content.read(-1))[:expected].ljust(expected, b"\0"))
    return b"".join(pieces)


def read_range(volume: Any, path: str, start: int, length: int) -> bytes:
    """At most `length` bytes of a file from byte `start`; `volume` was looked up before. Blocks.

    Raises FileNotFoundError, and what Modal's client raises.
    """
    from modal._utils.async_utils import synchronizer

    if length <= 0:
        return b""
    wrapped: Callable[..., bytes] = synchronizer.wrap(_range)
    return wrapped(volume, path, start, length)


def read_pieces(
    volume: Any, path: str, stall_seconds: float, stop: Callable[[], bool] = lambda: False
) -> Iterator[bytes]:
    """All of a file in pieces of some megabytes. Raises `CloudError` when none comes for `stall_seconds`,
    FileNotFoundError, and ReadStoppedError soon after `stop` gives True.
    """
    pieces: queue.Queue[bytes | BaseException | None] = queue.Queue(maxsize=2)
    given_up = threading.Event()

    def put(item: bytes | BaseException | None) -> None:
        while not given_up.is_set():
            with contextlib.suppress(queue.Full):
                pieces.put(item, timeout=0.1)
                break

    def work() -> None:
        try:
            for piece in volume.read_file(path):
                put(piece)
                if given_up.is_set():
                    return
            put(None)
        except BaseException as error:
            put(error)

    threading.Thread(target=work, name=f"modal: reading {path}", daemon=True).start()
    try:
        while (piece := _next(pieces, stall_seconds, stop)) is not None:
            if isinstance(piece, BaseException):
                raise explained(piece, "downloading") from piece
            yield piece
    finally:
        given_up.set()


def _next(
    pieces: queue.Queue[bytes | BaseException | None], stall_seconds: float, stop: Callable[[], bool]
) -> bytes | BaseException | None:
    waited = 0.0
    while True:
        if stop():
            raise ReadStoppedError
        try:
            return pieces.get(timeout=0.1)
        except queue.Empty:
            waited += 0.1
        if waited >= stall_seconds:
            raise CloudTimeoutError(
                f"The download from Modal has not moved for {stall_seconds:g} s.",
                "Look whether the network is well, then try again.",
            )
