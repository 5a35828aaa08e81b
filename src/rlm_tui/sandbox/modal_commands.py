"""Commands that run beside the driver in a sandbox of Modal: each in time, its failure in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from rlm_tui.cloud.deadlines import within
from rlm_tui.cloud.errors import CloudError
from rlm_tui.sandbox import modal_parts
from rlm_tui.sandbox.private_files import MAX_FILE_BYTES
from rlm_tui.sandbox.transport import TransportError

T = TypeVar("T")


def run(sandbox: Any, command: Sequence[str], what: str, seconds: float) -> None:
    """Run `command` to its end, at most `seconds` long. Raises `TransportError`, that names `what`."""

    def run_it() -> None:
        process = sandbox.exec(*command)
        if process.wait() != 0:
            raise CloudError(f"{what} failed in the sandbox: {process.stderr.read().strip()[:200]}.")

    in_time(seconds, what, run_it)


def take_private_file(sandbox: Any, name: str, seconds: float) -> str:
    """The text of a file in the volume's `.rlm/`; the file is deleted. Raises `TransportError`."""

    def read() -> bytes:
        process = sandbox.exec(*modal_parts.take_command(name), text=False)
        data = bytearray()
        for piece in process.stdout:
            data += piece
            if len(data) > MAX_FILE_BYTES:
                raise CloudError(f"it is no file of at most {MAX_FILE_BYTES:,} bytes.")
        if process.wait() != 0:
            raise CloudError("it can't be read in the sandbox.")
        return bytes(data)

    return in_time(seconds, "reading a text of the sandbox", read).decode("utf-8", "replace")


def in_time(seconds: float, what: str, function: Callable[[], T]) -> T:
    """What a call to Modal gives within `seconds`. Raises `TransportError` where it fails."""
    try:
        return within(seconds, what, function)
    except CloudError as error:
        raise TransportError(error.message, error.hint) from error
