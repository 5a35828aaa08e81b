"""The volume that a fork begins with: as it is, a copy of how it was, a new one, or what the person says."""

from __future__ import annotations

import secrets
from typing import Literal

import msgspec

from rlm_tui.core.settings import Settings
from rlm_tui.core.text import number_of
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.core.volume_writes import VolumeWrites, volume_writes
from rlm_tui.engine.fork_errors import VolumeNotKept
from rlm_tui.engine.prefix import VolumeOfFork
from rlm_tui.engine.volume_copy import volume_state
from rlm_tui.sandbox.confinement import VOLUME as INSIDE
from rlm_tui.store.run_log import RunLog

VolumeChoice = Literal["", "as it is", "empty"]
_VOLUME_NAME = 64


class StartVolume(msgspec.Struct, frozen=True):
    """The volume `name`; `begins` says what lies in it at first, `sentences` what is to be told."""

    begins: VolumeOfFork
    name: str
    sentences: tuple[str, ...] = ()


def start_volume(
    log: RunLog, trajectory: Trajectory, at: int, settings: Settings, choice: VolumeChoice
) -> StartVolume:
    """The volume that the prefix is executed with. Raises VolumeNotKept."""
    name = settings.sandbox.volume
    writes = _written(log, trajectory, at)
    if not (writes.paths or writes.unknown) or choice == "as it is":
        return StartVolume("as it is", name)
    who = "Iteration 1" if at == 2 else f"Iterations 1 to {at - 1}"
    if _names_path(trajectory, at):
        words = (
            f"{who} wrote to the volume {name} by its path on this machine, where no copy can stand in its "
            "place"
        )
        raise VolumeNotKept(
            f"{words}: to write into it as it is now, fork with --volume-as-is.",
            name,
            f"{words}.",
            only_as_it_is=True,
        )
    another = f"{name.partition('.fork-')[0][: _VOLUME_NAME - 10]}.fork-{secrets.token_hex(2)}"
    missing: tuple[str, ...] = ()
    if writes.nested:
        files = number_of(writes.nested, "file")
        missing = (f"What nested RLMs wrote to the volume is not in it: {files}.",)
    if choice == "empty":
        return StartVolume("empty", another, (f"The volume {another} is new and empty.", *missing))
    kept = volume_state(log.path).state
    if kept == "empty":
        words = f"The volume {another} is new and empty, as {name} was when the run began."
        return StartVolume("empty", another, (words, *missing))
    if kept == "kept" and settings.sandbox.kind == "local":
        words = f"The volume {another} is a copy of {name} as it was when the run began."
        return StartVolume("copy", another, (words, *missing))
    why = {
        "kept": "its copy is on this machine and the sandbox is Modal's",
        "too large": "it was too large to be copied when the run began",
        "remote": "Modal's volumes are not copied",
        "none": "no copy was made when the run began",
    }[kept]
    did = f"wrote to the volume {name}"
    if not writes.paths:
        did = f"may have written to the volume {name}, which could not be looked over"
    words = f"{who} {did}, and {why}"
    raise VolumeNotKept(
        f"{words}: fork with --volume-as-is to write into it as it is now, or with --empty-volume to begin "
        "with a new one.",
        name,
        f"{words}.",
    )


def _names_path(trajectory: Trajectory, at: int) -> bool:
    """Whether cells of an unconfined sandbox named the volume by where it lies."""
    path = trajectory.sandbox.volume
    cells = (
        cell
        for iteration in trajectory.iterations[: at - 1]
        for cell in (iteration.cell, *iteration.person_cells)
    )
    return path not in ("", INSIDE) and any(cell is not None and path in cell.code for cell in cells)


def _written(log: RunLog, trajectory: Trajectory, at: int) -> VolumeWrites:
    """What the prefix did to the volume."""
    found = VolumeWrites()
    for n, writes in volume_writes(log.events(), trajectory).items():
        if n < at:
            found.paths += writes.paths
            found.nested += writes.nested
            found.unknown |= writes.unknown
    return found
