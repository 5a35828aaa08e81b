"""From a saved run to a request that goes on from one of its iterations; all that is in the way is said here.

Imports no dspy until `fork_request` is called, which reads files and may take a while.
"""

from __future__ import annotations

import secrets
from itertools import takewhile
from pathlib import Path
from typing import Literal

import msgspec

from rlm_tui.core.event_codec import EventLineError
from rlm_tui.core.events import Budgets, RunStarted, VolumeChanged
from rlm_tui.core.iterations import Iteration
from rlm_tui.core.recorded import Planned, RecordedIteration, recorded_iterations
from rlm_tui.core.settings import Settings
from rlm_tui.core.settings_errors import SettingsError
from rlm_tui.core.tasks import Task
from rlm_tui.core.text import number_of
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.engine.asked_again import AskedAgain
from rlm_tui.engine.fork_errors import DocumentChanged, ForkError, VolumeNotKept
from rlm_tui.engine.prefix import Fork, VolumeOfFork
from rlm_tui.engine.python_code import CodeError, check_code
from rlm_tui.engine.session import OFFLINE_NAME, RunRequest
from rlm_tui.engine.volume_copy import volume_state
from rlm_tui.sandbox.confinement import VOLUME as INSIDE
from rlm_tui.store.errors import StoreError
from rlm_tui.store.run_log import RunLog, open_run

__all__ = ["DocumentChanged", "Fork", "ForkError", "VolumeNotKept", "fork_request"]

VolumeChoice = Literal["", "as it is", "empty"]
_VOLUME_NAME = 64


def fork_request(
    run: Path | str,
    at: int | None,
    settings: Settings,
    *,
    code: str | None = None,
    remark: str | None = None,
    finish: bool = False,
    accept_changes: bool = False,
    volume: VolumeChoice = "",
) -> RunRequest:
    """The request for a run that goes on from iteration `at` of the saved run (an id, or its folder).

    What was given in `settings` on the command line or chosen on the screen takes the place of what the run
    had; the rest of it gives keys and addresses. `at` None is after the last iteration that came to its end.
    Raises ForkError, VolumeNotKept, DocumentChanged.
    """
    try:
        log = open_run(run)
        trajectory, record = _read(log)
        asked = AskedAgain(log, _started(log, trajectory))
        complete = list(takewhile(lambda iteration: iteration.is_complete, record))
        first = len(complete) + 1 if at is None else at
        if finish:
            _check_found(log, complete)
        _check_place(log, complete, first)
        _check_code(log, record, first, code)
        task = asked.task()
        wanted = asked.settings(settings, task, trajectory.budgets)
        documents, changes = asked.documents(wanted, accept=accept_changes)
        inputs = asked.inputs(task, documents)
    except (StoreError, SettingsError) as error:
        raise ForkError(str(error)) from error
    if not finish:
        _check_budget(first, wanted.budgets)
        _check_sandbox(wanted)
    _check_task(task)
    start = _Volume("as it is", wanted.sandbox.volume)
    if not finish:
        start = _volume_of(log, trajectory, first, wanted, volume)
    wanted = msgspec.structs.replace(
        wanted, sandbox=msgspec.structs.replace(wanted.sandbox, volume=start.name)
    )
    changes = [
        *_changes(trajectory, asked, wanted),
        *changes,
        *([f"The code of iteration {first} is another."] if code is not None else []),
        *([f"The planner is told something before iteration {first}."] if remark else []),
        *(["Nothing is executed: an answer is extracted from the record."] if finish else []),
        *start.sentences,
    ]
    return RunRequest(
        task=task,
        inputs=inputs,
        documents=documents,
        settings=wanted,
        fork=Fork(
            run=log.path.resolve(),
            at=first,
            code=code,
            remark=remark or None,
            finish=finish,
            volume=start.begins,
            changes=tuple(changes),
        ),
    )


def _read(log: RunLog) -> tuple[Trajectory, list[RecordedIteration]]:
    problems: list[EventLineError] = []
    for _ in log.events(problems):
        pass
    if problems:
        raise ForkError(
            f"The log of run {log.run_id} is damaged, so it can't be executed again: {problems[0]}"
        )
    trajectory = log.trajectory(whole=True)
    return trajectory, recorded_iterations(trajectory, log.text)


def _started(log: RunLog, trajectory: Trajectory) -> RunStarted:
    if trajectory.started is None or not trajectory.started.signature:
        raise ForkError(f"The log of run {log.run_id} does not say what was asked, so it can't be forked.")
    return trajectory.started


# What is in the way


def _check_found(log: RunLog, complete: list[RecordedIteration]) -> None:
    if not complete:
        raise ForkError(
            f"Run {log.run_id} finished no iteration: there is nothing to extract an answer from."
        )
    if complete[-1].submitted:
        raise ForkError(f"Run {log.run_id} submitted its answer: there is nothing to extract.")


def _check_place(log: RunLog, complete: list[RecordedIteration], at: int) -> None:
    last = len(complete) + 1
    if at < 1 or at > last:
        done = number_of(len(complete), "iteration")
        until = "only at 1" if last == 1 else f"at 1 to {last}"
        raise ForkError(f"Run {log.run_id} finished {done}: it can be forked {until}, not at {at}.")
    for iteration in complete[: at - 1]:
        if iteration.submitted:
            raise ForkError(
                f"Iteration {iteration.n} of run {log.run_id} submitted the answer, so nothing comes after "
                f"it: fork at {iteration.n} or before."
            )


def _check_code(log: RunLog, record: list[RecordedIteration], at: int, code: str | None) -> None:
    if code is None:
        return
    try:
        check_code(code)
    except CodeError as error:
        raise ForkError(str(error)) from error
    steps = record[at - 1].steps if len(record) >= at else ()
    if not any(isinstance(step, Planned) for step in steps):
        raise ForkError(
            f"Iteration {at} of run {log.run_id} has no code that could be changed: leave the code out, and "
            "it is planned."
        )


def _check_budget(at: int, budgets: Budgets) -> None:
    if at > budgets.max_iterations:
        words = f"Iteration {at} is beyond the budget of {number_of(budgets.max_iterations, 'iteration')}"
        raise ForkError(
            f"{words}: give the fork more with --max-iterations.", f"{words}: give the fork more."
        )


def _check_sandbox(settings: Settings) -> None:
    match settings.sandbox.kind:
        case "modal":
            from rlm_tui.cloud.modal_client import token_present

            if not token_present(settings.modal):
                words = (
                    "The sandbox would be Modal's, and there is no token for it: run `modal token new`, or "
                )
                raise ForkError(f"{words}fork with --sandbox local.", f"{words}take a local sandbox.")
        case "local":
            from rlm_tui.engine.start import describe_sandbox

            if settings.sandbox.confined == "required":
                found = describe_sandbox(settings)
                if not found.confined:
                    raise ForkError(
                        f"The run asked for a confined sandbox, and there is none: {found.detail}."
                    )


def _check_task(task: Task) -> None:
    from rlm_tui.core.tasks import TaskError
    from rlm_tui.engine.host_tools import resolve_tools
    from rlm_tui.engine.signatures import SignatureError, build_signature

    try:
        resolve_tools(task.tools, taken=[item.name for item in task.inputs])
        build_signature(task)
    except (TaskError, SignatureError) as error:
        raise ForkError(f"What the run was asked can't be asked again: {error}") from error


# What is otherwise


def _changes(trajectory: Trajectory, asked: AskedAgain, settings: Settings) -> list[str]:
    started = trajectory.started
    assert started is not None, "checked before"
    planner = OFFLINE_NAME if settings.lm is None else settings.lm.model
    sub_lm = planner if settings.sub_lm is None else settings.sub_lm.model
    pairs = [
        ("planner", started.planner, planner),
        ("sub-LM", started.sub_lm, sub_lm),
        ("sandbox", started.sandbox.kind, settings.sandbox.kind),
        *(
            (f"budget {name}", getattr(trajectory.budgets, name), getattr(settings.budgets, name))
            for name in Budgets.__struct_fields__
        ),
    ]
    return [f"The {what} is {_words(now)}; it was {_words(was)}." for what, was, now in pairs if was != now]


def _words(value: object) -> str:
    return "unlimited" if value is None else str(value)


# The volume


class _Volume(msgspec.Struct, frozen=True):
    begins: VolumeOfFork
    name: str
    sentences: tuple[str, ...] = ()


def _volume_of(
    log: RunLog, trajectory: Trajectory, at: int, settings: Settings, choice: VolumeChoice
) -> _Volume:
    """The volume that the prefix is executed with. Raises VolumeNotKept."""
    name = settings.sandbox.volume
    paths, nested = _written(log, trajectory, at)
    if not paths or choice == "as it is":
        return _Volume("as it is", name)
    if _names_path(trajectory, at):
        words = (
            f"Iterations 1 to {at - 1} wrote to the volume {name} by its path on this machine, where no copy "
            "can stand in its place"
        )
        raise VolumeNotKept(
            f"{words}: to write into it as it is now, fork with --volume-as-is.",
            name,
            f"{words}.",
            only_as_it_is=True,
        )
    another = f"{name.partition('.fork-')[0][: _VOLUME_NAME - 10]}.fork-{secrets.token_hex(2)}"
    missing: tuple[str, ...] = ()
    if nested:
        missing = (f"What nested RLMs wrote to the volume is not in it: {number_of(nested, 'file')}.",)
    if choice == "empty":
        return _Volume("empty", another, (f"The volume {another} is new and empty.", *missing))
    kept = volume_state(log.path).state
    if kept == "empty":
        words = f"The volume {another} is new and empty, as {name} was when the run began."
        return _Volume("empty", another, (words, *missing))
    if kept == "kept" and settings.sandbox.kind == "local":
        words = f"The volume {another} is a copy of {name} as it was when the run began."
        return _Volume("copy", another, (words, *missing))
    why = {
        "kept": "its copy is on this machine and the sandbox is Modal's",
        "too large": "it was too large to be copied when the run began",
        "remote": "Modal's volumes are not copied",
        "none": "no copy was made when the run began",
    }[kept]
    words = f"Iterations 1 to {at - 1} wrote to the volume {name}, and {why}"
    raise VolumeNotKept(
        f"{words}: fork with --volume-as-is to write into it as it is now, or with --empty-volume to begin "
        "with a new one.",
        name,
        f"{words}.",
    )


def _names_path(trajectory: Trajectory, at: int) -> bool:
    """Whether cells of an unconfined sandbox named the volume by where it lies."""
    path = trajectory.sandbox.volume
    cells = (iteration.cell for iteration in trajectory.iterations[: at - 1])
    return path not in ("", INSIDE) and any(cell is not None and path in cell.code for cell in cells)


def _written(log: RunLog, trajectory: Trajectory, at: int) -> tuple[int, int]:
    """How many paths of the volume the prefix wrote or removed, and how many of these nested RLMs did."""
    every = nested = 0
    for event in log.events():
        if not isinstance(event, VolumeChanged):
            continue
        iteration = trajectory.iteration_of(event.span)
        top = None if iteration is None else iteration.island.root
        if iteration is None or not isinstance(top, Iteration) or top.n >= at:
            continue
        paths = len(event.written) + len(event.removed)
        every += paths
        nested += paths if iteration is not top else 0
    return every, nested
