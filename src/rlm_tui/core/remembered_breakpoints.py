"""The breakpoints that a person keeps for each task: a small file, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from rlm_tui.core.breakpoints import BreakpointError, SetBreakpoint, breakpoint_text, parse_breakpoint
from rlm_tui.core.paths import data_directory, private_directory
from rlm_tui.core.task import Task

FILE = "breakpoints.json"


class _Kept(Struct, frozen=True):
    """A line as it is written, also one that only another version of the program understands."""

    breakpoint: str
    on: bool = True


_Tasks = dict[str, tuple[_Kept, ...]]


def breakpoints_of(task: Task) -> tuple[SetBreakpoint, ...]:
    """Those kept for the task, also none at all; what its file says until any were kept."""
    kept = _load().get(task.name)
    if kept is None:
        return tuple(SetBreakpoint(item) for item in task.breakpoints)
    return tuple(found for item in kept if (found := _read(item)) is not None)


def keep_breakpoints(task: Task, breakpoints: Sequence[SetBreakpoint]) -> None:
    """Keep these for the task in place of all others. Raises OSError when that can't be written."""
    tasks = _load()
    unknown = tuple(item for item in tasks.get(task.name, ()) if _read(item) is None)
    tasks[task.name] = (*(_Kept(breakpoint_text(item.breakpoint), item.on) for item in breakpoints), *unknown)
    path = _path()
    private_directory(path.parent)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(json.dumps(msgspec.to_builtins(tasks)), encoding="ascii")
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _load() -> _Tasks:
    try:
        return msgspec.convert(json.loads(_path().read_bytes()), _Tasks)
    except (OSError, ValueError, RecursionError):
        return {}


def _read(item: _Kept) -> SetBreakpoint | None:
    try:
        return SetBreakpoint(parse_breakpoint(item.breakpoint), item.on)
    except BreakpointError:
        return None


def _path() -> Path:
    return data_directory() / FILE
