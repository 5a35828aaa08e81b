"""`rlm-tui fork RUN --at N`: go on from an iteration of a saved run, otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import described, print_json, refuse


def fork(
    run: Annotated[
        str, typer.Argument(help="A saved run: its id, the beginning of one, its folder, or `last`.")
    ],
    at: Annotated[int, typer.Option("--at", help="The first iteration that is live.", metavar="N")],
    code: Annotated[
        Path | None,
        typer.Option("--code", help="Code for iteration N in place of what was planned.", metavar="FILE"),
    ] = None,
    remark: Annotated[
        str, typer.Option("--remark", help="What the planner is told before iteration N.", metavar="TEXT")
    ] = "",
    lm: options.PlannerModel = None,
    sub_lm: options.SubModel = None,
    sandbox: options.SandboxKind = None,
    max_iterations: options.MaxIterations = None,
    max_llm_calls: options.MaxLLMCalls = None,
    timeout: options.CellSeconds = None,
    max_seconds: options.MaxSeconds = None,
    max_tokens: options.MaxTokens = None,
    max_cost: options.MaxCost = None,
    remember_answers: options.RememberAnswers = None,
    hold: options.Hold = False,
    breakpoints: options.Breakpoints = None,
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Go on though a document is not what the run read.")
    ] = False,
    volume_as_is: Annotated[
        bool, typer.Option("--volume-as-is", help="What is written again goes into the volume as it is now.")
    ] = False,
    empty_volume: Annotated[
        bool, typer.Option("--empty-volume", help="What is written again goes into a new, empty volume.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Go on from iteration N of a saved run.

    Iterations 1 to N-1 are executed again as they were recorded: no LM is asked and nothing is paid. What is
    not given here is as it was in RUN. Exit codes are those of `run`.
    """
    from rlm_tui.core.settings import load_settings
    from rlm_tui.engine.fork import ForkError, VolumeChoice, fork_request
    from rlm_tui.headless.attendance import attended, read_breakpoints
    from rlm_tui.headless.result import exit_code, refusal_object, run_object
    from rlm_tui.store.find_run import find_run

    overrides = options.given(
        lm=lm,
        sub_lm=sub_lm,
        sandbox=sandbox,
        max_iterations=max_iterations,
        max_llm_calls=max_llm_calls,
        cell_seconds=timeout,
        max_seconds=max_seconds,
        max_tokens=max_tokens,
        max_cost_usd=max_cost,
        remember_answers=remember_answers,
    )
    try:
        points = read_breakpoints(breakpoints or [], hold=hold, document=(), inputs=())
        if volume_as_is and empty_volume:
            raise ForkError("--volume-as-is and --empty-volume are two answers: give one of them.")
        volume: VolumeChoice = "as it is" if volume_as_is else "empty" if empty_volume else ""
        request = fork_request(
            find_run(run),
            at,
            load_settings(overrides=overrides),
            code=None if code is None else _read(code),
            remark=remark or None,
            accept_changes=accept_changes,
            volume=volume,
        )
        request = attended(request, hold=hold, breakpoints=points)
    except (ValueError, OSError) as error:
        detail = described(error)
        refuse(detail, as_json=refusal_object("", detail) if as_json else None)
    from rlm_tui.core.run_ends import leaves_an_answer
    from rlm_tui.headless.watch import watch

    session, trajectory = watch(request, as_json=as_json)
    log = str(session.events_path or "")
    finished, prefix, started = trajectory.finished, trajectory.prefix, trajectory.started
    if as_json:
        forked = started.forked if started is not None else None
        print_json(
            run_object(trajectory, log)
            | {
                "forked": None
                if forked is None
                else {
                    "run_id": forked.run_id,
                    "at": forked.at,
                    "changes": forked.changes,
                    "differed": prefix.differed if prefix is not None else [],
                }
            }
        )
    elif log:
        typer.echo(f"log: {log}", err=True)
        if leaves_an_answer(trajectory):
            typer.echo(f"rlm-tui extract {session.run_id}  gives an answer from what was found", err=True)
    raise typer.Exit(int(exit_code(finished.status if finished else "failed")))


def _read(path: Path) -> str:
    """The code in a file. Raises ForkError."""
    from rlm_tui.engine.fork import ForkError

    try:
        return path.expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise ForkError(f"The code in {path} can't be read: {why}.") from error
