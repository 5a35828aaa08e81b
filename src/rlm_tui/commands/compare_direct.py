"""`rlm-tui compare-direct TASK`: the same question through an RLM, and as one prompt, side by side."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import Annotated

import msgspec
import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import described, print_json, refuse
from rlm_tui.engine.direct_window import LEAST_WINDOW_TOKENS


def compare_direct(
    task: Annotated[str, typer.Argument(help="A task's name, file, class or signature, as for `run`.")],
    document: options.Documents = None,
    inputs: options.Inputs = None,
    window: Annotated[
        int | None,
        typer.Option(
            help="Tokens that the one prompt may have; by default the model's own.", min=LEAST_WINDOW_TOKENS
        ),
    ] = None,
    lm: options.PlannerModel = None,
    sub_lm: options.SubModel = None,
    sandbox: options.SandboxKind = None,
    max_iterations: options.MaxIterations = None,
    max_llm_calls: options.MaxLLMCalls = None,
    max_seconds: options.MaxSeconds = None,
    max_tokens: options.MaxTokens = None,
    max_cost: options.MaxCost = None,
    as_json: options.AsJson = False,
) -> None:
    """Ask through an RLM and then as one prompt: answers, tokens, cost, seconds, and what did not fit.

    The budgets are those of each of the two. Ctrl-C ends what goes on and keeps what there is.

    Exit codes: 0 both answered, 1 one of them failed or used up a budget, 2 asked wrongly, 130 cancelled.
    """
    from rlm_tui.headless.result import ExitCode, exit_code, refusal_object, run_object

    overrides = options.given(
        lm=lm,
        sub_lm=sub_lm,
        sandbox=sandbox,
        max_iterations=max_iterations,
        max_llm_calls=max_llm_calls,
        max_seconds=max_seconds,
        max_tokens=max_tokens,
        max_cost_usd=max_cost,
    )
    try:
        from rlm_tui.headless.request import build_request
        from rlm_tui.headless.truth import truth_about

        request = build_request(task, document=document, inputs=inputs or [], overrides=overrides)
        truth = truth_about(request)
    except (ValueError, OSError) as error:
        detail = described(error)
        refuse(detail, as_json=refusal_object(task, detail) if as_json else None)
    from rlm_tui.headless.comparison import Comparison
    from rlm_tui.headless.direct_run import DirectRun
    from rlm_tui.headless.interrupts import cancelled_by_signals
    from rlm_tui.headless.watch import watch

    direct = DirectRun(request, window)
    # Around both, so that no moment between them loses what was paid for.
    with cancelled_by_signals(direct.cancel):
        session, trajectory = watch(request, as_json=as_json)
        finished = trajectory.finished
        code = exit_code(finished.status if finished else "failed")
        if code == ExitCode.CANCELLED:
            direct.cancel()
        with redirect_stdout(sys.stderr):
            answer = direct.run()
    comparison = Comparison(request, trajectory, answer, truth)
    if as_json:
        print_json(
            {
                "task": request.task.name,
                "rlm": run_object(trajectory, str(session.events_path or "")),
                "direct": msgspec.to_builtins(comparison.answer),
                "check": {
                    name: side.found and side.found.as_object()
                    for name, side in (("rlm", comparison.rlm), ("direct", comparison.direct))
                },
            }
        )
    else:
        for line in comparison.lines():
            typer.echo(line)
    if answer.status == "cancelled":
        raise typer.Exit(int(ExitCode.CANCELLED))
    raise typer.Exit(1 if code or answer.status != "answered" else 0)
