"""`rlm-tui run TASK`: one run without a screen. The commands of the notebook's time do the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NoReturn

import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import described, print_json, refuse
from rlm_tui.core.text import visible

Check = Annotated[bool, typer.Option("--check", help="Say how much was found of what is known to be true.")]


def run(
    task: Annotated[
        str,
        typer.Argument(
            help="A task's name (`rlm-tui tasks` lists them), the TOML file of one, or a signature, as in "
            "'docs, question -> answer: str'."
        ),
    ],
    document: options.Documents = None,
    inputs: options.Inputs = None,
    convert_html: options.ConvertHtml = None,
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
    tools: options.Tools = None,
    instructions: Annotated[str, typer.Option(help="What the planner is told besides.")] = "",
    hold: options.Hold = False,
    breakpoints: options.Breakpoints = None,
    check: Check = False,
    as_json: options.AsJson = False,
) -> None:
    """Run TASK without a screen.

    Exit codes: 0 answered, 1 failed, 2 asked wrongly, 3 out of budget, 130 cancelled.
    """
    overrides = options.given(
        convert_html=convert_html,
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
    run_task(
        task,
        document or [],
        inputs or [],
        overrides,
        check=check,
        as_json=as_json,
        tools=tools or [],
        instructions=instructions,
        hold=hold,
        breakpoints=breakpoints or [],
    )


def run_task(
    task: str,
    document: Sequence[str],
    inputs: Sequence[str],
    overrides: Mapping[str, Any],
    *,
    check: bool,
    as_json: bool,
    characters: int | None = None,
    tools: Sequence[str] = (),
    instructions: str = "",
    hold: bool = False,
    breakpoints: Sequence[str] = (),
) -> NoReturn:
    """Run a task to its end, say what came out, and leave with the exit code.

    `characters`: only so many of the document's first ones are given. With `hold`, or with `breakpoints`, a
    person is asked while the run is held.
    """
    from rlm_tui.headless.result import exit_code, refusal_object, run_object
    from rlm_tui.headless.truth import check as check_outputs
    from rlm_tui.headless.truth import truth_about

    try:
        from rlm_tui.headless.attendance import attended, read_breakpoints
        from rlm_tui.headless.request import build_request
        from rlm_tui.headless.truth import truth_about

        points = read_breakpoints(breakpoints, hold=hold, document=document, inputs=inputs)
        request = build_request(
            task,
            document=document,
            inputs=inputs,
            overrides=overrides,
            characters=characters,
            tools=tools,
            instructions=instructions,
        )
        request = attended(request, hold=hold, breakpoints=points)
        truth = truth_about(request) if check else None
    except (ValueError, OSError) as error:
        detail = described(error)
        refuse(detail, as_json=refusal_object(task, detail) if as_json else None)
    from rlm_tui.core.run_ends import leaves_an_answer
    from rlm_tui.headless.watch import watch

    session, trajectory = watch(request, as_json=as_json)
    log = str(session.events_path or "")
    finished = trajectory.finished
    outputs = finished.outputs if finished else {}
    found = None if truth is None else check_outputs(outputs, truth)
    if as_json:
        print_json(run_object(trajectory, log) | ({"check": found and found.as_object()} if check else {}))
    elif log:
        typer.echo(f"log: {log}", err=True)
        if leaves_an_answer(trajectory):
            typer.echo(f"rlm-tui extract {session.run_id}  gives an answer from what was found", err=True)
    if check and not as_json:
        words = found.words if found else "nothing is known about this document and task"
        typer.echo(f"truth: {visible(words)}")
    raise typer.Exit(int(exit_code(finished.status if finished else "failed")))
