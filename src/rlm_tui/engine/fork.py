"""From a saved run to a request that goes on from one of its iterations; all that is in the way is said here.

Imports no dspy until `fork_request` is called, which reads files and may take a while.
"""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

import msgspec

from rlm_tui.core.event_codec import EventLineError
from rlm_tui.core.events import Budgets, IterationStarted, RunStarted
from rlm_tui.core.recorded import Planned, RecordedIteration, recorded_iterations
from rlm_tui.core.settings import Settings
from rlm_tui.core.settings_errors import SettingsError
from rlm_tui.core.tasks import Task
from rlm_tui.core.text import number_of, one_line
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.engine.asked_again import AskedAgain
from rlm_tui.engine.fork_errors import DocumentChanged, ForkError, VolumeNotKept
from rlm_tui.engine.fork_volume import StartVolume, VolumeChoice, start_volume
from rlm_tui.engine.place import ROOT
from rlm_tui.engine.prefix import Fork
from rlm_tui.engine.python_code import CodeError, check_code
from rlm_tui.engine.session import OFFLINE_NAME, RunRequest
from rlm_tui.store.errors import StoreError
from rlm_tui.store.run_log import RunLog, open_run

__all__ = ["DocumentChanged", "Fork", "ForkError", "VolumeChoice", "VolumeNotKept", "fork_request"]


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
        trajectory, record, damage = _read(log)
        asked = AskedAgain(log, _started(log, trajectory))
        complete = list(takewhile(lambda iteration: iteration.is_complete, record))
        first = len(complete) + 1 if at is None else at
        if finish:
            _check_found(log, complete)
        _check_place(log, complete, first)
        _check_damage(log, damage, first)
        planned = _is_planned(record, first)
        _check_code(code)
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
    start = StartVolume("as it is", wanted.sandbox.volume)
    if not finish:
        start = start_volume(log, trajectory, first, wanted, volume)
    wanted = msgspec.structs.replace(
        wanted, sandbox=msgspec.structs.replace(wanted.sandbox, volume=start.name)
    )
    changes = [
        *_changes(trajectory, asked, wanted),
        *changes,
        *asked.withheld(inputs),
        *_code_words(first, code, planned=planned),
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


class _Damage(msgspec.Struct, frozen=True):
    """The first line of the log that can't be read; `sound`: the iteration that had begun before it."""

    error: EventLineError
    sound: int


def _read(log: RunLog) -> tuple[Trajectory, list[RecordedIteration], _Damage | None]:
    problems: list[EventLineError] = []
    sound = 0
    for event in log.events(problems):
        if problems:
            break
        if isinstance(event, IterationStarted) and event.parent == ROOT:
            sound = event.n
    trajectory = log.trajectory(whole=True)
    damage = _Damage(problems[0], sound) if problems else None
    return trajectory, recorded_iterations(trajectory, log.text), damage


def _started(log: RunLog, trajectory: Trajectory) -> RunStarted:
    started = trajectory.started
    if started is not None and started.imported and not started.signature:
        raise ForkError(
            f"Run {log.run_id} was imported from {one_line(started.imported, 60)}: another program ran it, "
            "with tools and inputs that its log does not hold, so it can't be executed again here."
        )
    if started is None or not started.signature:
        raise ForkError(f"The log of run {log.run_id} does not say what was asked, so it can't be forked.")
    return started


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
    submitted = next((iteration.n for iteration in complete if iteration.submitted), last)
    if at < 1 or at > last:
        last = min(last, submitted)
        done = number_of(len(complete), "iteration")
        until = "only at 1" if last == 1 else f"at 1 to {last}"
        raise ForkError(f"Run {log.run_id} finished {done}: it can be forked {until}, not at {at}.")
    if at > submitted:
        raise ForkError(
            f"Iteration {submitted} of run {log.run_id} submitted the answer, so nothing comes after it: "
            f"fork at {submitted} or before."
        )


def _check_damage(log: RunLog, damage: _Damage | None, at: int) -> None:
    if damage is None or at <= damage.sound:
        return
    words = f"The log of run {log.run_id} is damaged, so it can't be executed again"
    if damage.sound:
        words += f" as far as that: fork at {damage.sound} or before"
    raise ForkError(f"{words}. {damage.error}")


def _check_code(code: str | None) -> None:
    if code is None:
        return
    try:
        check_code(code)
    except CodeError as error:
        raise ForkError(str(error)) from error


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


def _is_planned(record: list[RecordedIteration], at: int) -> bool:
    steps = record[at - 1].steps if len(record) >= at else ()
    return any(isinstance(step, Planned) for step in steps)


def _code_words(at: int, code: str | None, *, planned: bool) -> list[str]:
    if code is None:
        return []
    if planned:
        return [f"The code of iteration {at} is another."]
    return [f"Iteration {at}, which was not planned, begins with a step of yours."]


def _words(value: object) -> str:
    return "unlimited" if value is None else str(value)
