"""What lies in a volume of Modal, on its way to this machine: lists, a range of a file, or all of one."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from rlm_tui.cloud.errors import CloudTimeoutError, explained

Item = TypeVar("Item")


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
    return streamed(lambda: volume.read_file(path), "downloading", stall_seconds, stop)


def list_entries(volume: Any, path: str, stall_seconds: float, *, recursive: bool) -> Iterator[Any]:
    """The client's `FileEntry`s of a folder. Raises `CloudError` when none comes for `stall_seconds`."""
    # The client takes a "*" at the end for a pattern, and refuses it.
    asked = f"/{path}/" if path.endswith("*") else f"/{path}"
    return streamed(
        lambda: volume.iterdir(asked, recursive=recursive), f"listing {asked}", stall_seconds, together=500
    )


def streamed(
    source: Callable[[], Iterable[Item]],
    what: str,
    stall_seconds: float,
    stop: Callable[[], bool] = lambda: False,
    *,
    together: int = 1,
) -> Iterator[Item]:
    """What `source` gives, read in a thread of its own, `together` at a time.

    A stream that goes on may take as long as it takes; one that stalls is given up.
    """
    handed: queue.Queue[list[Item] | BaseException | None] = queue.Queue(maxsize=2)
    given_up = threading.Event()

    def put(items: list[Item] | BaseException | None) -> None:
        while not given_up.is_set():
            with contextlib.suppress(queue.Full):
                handed.put(items, timeout=0.1)
                break

    def work() -> None:
        try:
            items: list[Item] = []
            for item in source():
                items.append(item)
                if len(items) >= together:
                    put(items)
                    items = []
                if given_up.is_set():
                    return
            put(items)
            put(None)
        except BaseException as error:
            put(error)

    threading.Thread(target=work, name=f"modal: {what}", daemon=True).start()
    try:
        while (items := _next(handed, what, stall_seconds, stop)) is not None:
            if isinstance(items, BaseException):
                raise explained(items, what) from items
            yield from items
    finally:
        given_up.set()


def _next(
    handed: queue.Queue[list[Item] | BaseException | None],
    what: str,
    stall_seconds: float,
    stop: Callable[[], bool],
) -> list[Item] | BaseException | None:
    waited = 0.0
    while True:
        if stop():
            raise ReadStoppedError
        try:
            return handed.get(timeout=0.1)
        except queue.Empty:
            waited += 0.1
        if waited >= stall_seconds:
            raise CloudTimeoutError(
                f"Modal did not answer within {stall_seconds:g} s while {what}.",
                "Look whether the network and https://status.modal.com are well, then try again.",
            )
