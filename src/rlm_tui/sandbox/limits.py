"""How much a sandbox may take, and whether a document fits in it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from pathlib import Path

import msgspec

from rlm_tui.core.documents import AnyDocument
from rlm_tui.core.text import human_size

LEAST_MEMORY_BYTES = 2 * 1024**3
# Measured: 1 GB of ASCII text peaked at 2.1 GB when read; text of wide characters takes up to twice that.
MEMORY_PER_DOCUMENT_BYTE = 5
# RLIMIT_NPROC counts threads too: room for as many host calls at once as a cell may have open.
THREADS_BESIDE_PROCESSES = 1024


class Limits(msgspec.Struct, frozen=True):
    """Limits of one sandbox; None is no limit, and for `memory_bytes` by the documents (`memory_limit`)."""

    memory_bytes: int | None = None
    file_size_bytes: int | None = 1024**3
    processes: int | None = 256
    output_bytes: int = 8 * 1024 * 1024
    idle_seconds: float | None = None


class DocumentTooLarge(Exception):
    """A document that can't fit into the memory there is. `needed` and `available` in bytes."""

    def __init__(self, name: str, needed: int, available: int, limited_by: str) -> None:
        self.needed = needed
        self.available = available
        setting = limited_by.partition("the setting ")[2]
        self.hint = (
            f"Choose a smaller document, or raise {setting}."
            if setting
            else "Choose a smaller document, or close what uses the memory."
        )
        super().__init__(
            f"{name} does not fit: a cell needs about {human_size(needed)} of memory for it "
            f"({MEMORY_PER_DOCUMENT_BYTE} times its size); there is {human_size(available)} ({limited_by})."
        )


def memory_limit(documents: Iterable[AnyDocument], memory_bytes: int | None = None) -> int:
    """The sandbox's memory limit in bytes: the setting, or the larger of 2 GiB and 5 times the documents."""
    if memory_bytes is not None:
        return memory_bytes
    return max(LEAST_MEMORY_BYTES, MEMORY_PER_DOCUMENT_BYTE * sum(document.size for document in documents))


def check_fits(
    documents: Iterable[AnyDocument], memory_bytes: int | None = None, available: int | None = None
) -> None:
    """Raise `DocumentTooLarge`, with both figures, when the documents can't be held in memory.

    `available` is what the machine has free (None: ask it).
    """
    documents = list(documents)
    needed = MEMORY_PER_DOCUMENT_BYTE * sum(document.size for document in documents)
    name = ", ".join(document.name for document in documents)
    if memory_bytes is not None and needed > memory_bytes:
        raise DocumentTooLarge(name, needed, memory_bytes, "the setting sandbox.memory_bytes")
    free = available if available is not None else available_memory()
    if free is not None and needed > free:
        raise DocumentTooLarge(name, needed, free, "free on this machine")


def check_fits_modal(documents: Iterable[AnyDocument], memory_mb: int | None) -> None:
    """Raise `DocumentTooLarge` when a sandbox of Modal with `memory_mb` can't hold the documents.

    Without that setting Modal gives a sandbox as much as its machine has left.
    """
    documents = list(documents)
    needed = MEMORY_PER_DOCUMENT_BYTE * sum(document.size for document in documents)
    if memory_mb is not None and needed > memory_mb * 1024**2:
        name = ", ".join(document.name for document in documents)
        raise DocumentTooLarge(name, needed, memory_mb * 1024**2, "the setting modal.memory_mb")


def available_memory() -> int | None:
    """Bytes of memory that can be had now, on the machine and in its control group; None: unknown."""
    figures = [figure for figure in (_machine_memory(), _group_memory()) if figure is not None]
    return min(figures) if figures else None


def driver_limits(
    limits: Limits, documents: Iterable[AnyDocument], *, confined: bool
) -> dict[str, int | float | None]:
    """What the driver sets for itself (`hello.limits`)."""
    return {
        "output_bytes": limits.output_bytes,
        "idle_seconds": limits.idle_seconds,
        "address_space_bytes": memory_limit(documents, limits.memory_bytes),
        "file_size_bytes": limits.file_size_bytes,
        "processes": (
            limits.processes + THREADS_BESIDE_PROCESSES
            if limits.processes is not None and confined and _process_limit_is_per_namespace()
            else None
        ),
    }


def _process_limit_is_per_namespace() -> bool:
    """Whether RLIMIT_NPROC counts the user namespace alone: since Linux 5.14, and it never holds root."""
    if platform.system() != "Linux" or os.geteuid() == 0:
        return False
    words = platform.release().split(".")
    try:
        return (int(words[0]), int(words[1])) >= (5, 14)
    except (IndexError, ValueError):
        return False


def _machine_memory() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return None


def _group_memory() -> int | None:
    """What is left of this process's control group (version 2), as in a container with a memory limit."""
    try:
        path = Path("/proc/self/cgroup").read_text().strip().rpartition("::")[2]
        group = Path("/sys/fs/cgroup") / path.lstrip("/")
        most = (group / "memory.max").read_text().strip()
        return None if most == "max" else max(0, int(most) - int((group / "memory.current").read_text()))
    except (OSError, ValueError):
        return None
