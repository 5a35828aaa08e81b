"""`rlm-tui compare-direct TASK`: the same question through an RLM, and as one prompt, side by side."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import described, print_json, refuse
from rlm_tui.core.text import one_line, visible
from rlm_tui.engine.direct_window import LEAST_WINDOW_TOKENS
from rlm_tui.headless.compare import (
    ONE_PROMPT,
    RLM,
    Column,
    direct_column,
    figures,
    output_names,
    rlm_column,
)

VALUE_CELLS = 44
ERROR_CELLS = 600


def compare_direct(
    task: Annotated[str, typer.Argument(help="A task's name, file, class or signature, as for `run`.")],
    document: Annotated[str | None, typer.Option(help="The document to read.", metavar="PATH")] = None,
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
    as_json: options.AsJson = False,
) -> None:
    """Ask through an RLM and then as one prompt: answers, tokens, cost, seconds, and what did not fit.

    Exit codes: 0 both answered, 1 one of them failed, 2 asked wrongly, 130 cancelled.
    """
    from rlm_tui.headless.result import ExitCode, exit_code, refusal_object, run_object

    overrides = options.given(
        lm=lm,
        sub_lm=sub_lm,
        sandbox=sandbox,
        max_iterations=max_iterations,
        max_llm_calls=max_llm_calls,
    )
    try:
        from rlm_tui.headless.request import build_request
        from rlm_tui.headless.truth import truth_about

        request = build_request(task, document=document, inputs=inputs or [], overrides=overrides)
        truth = truth_about(request)
    except (ValueError, OSError) as error:
        detail = described(error)
        refuse(detail, as_json=refusal_object(task, detail) if as_json else None)
    from rlm_tui.engine.direct import ask_directly
    from rlm_tui.headless.watch import watch

    session, trajectory = watch(request, as_json=as_json)
    finished = trajectory.finished
    code = exit_code(finished.status if finished else "failed")
    if code == ExitCode.CANCELLED:
        raise typer.Exit(int(code))
    answer = ask_directly(request, window)
    rlm, direct = rlm_column(trajectory, truth), direct_column(answer, truth)
    if as_json:
        found = {"rlm": rlm.found, "direct": direct.found}
        print_json(
            {
                "task": request.task.name,
                "rlm": run_object(trajectory, str(session.events_path or "")),
                "direct": msgspec.to_builtins(answer),
                "check": {name: one and one.as_object() for name, one in found.items()},
            }
        )
    else:
        configured = request.settings.lm
        model = "offline demo" if configured is None else one_line(configured.model, VALUE_CELLS)
        for line in _table(rlm, direct, model):
            typer.echo(line)
    raise typer.Exit(1 if code or answer.error is not None else 0)


def _table(rlm: Column, direct: Column, model: str) -> list[str]:
    rows: list[tuple[str, str, str]] = [("", RLM, ONE_PROMPT), ("model", model, model)]
    rows += figures(rlm, direct)
    rows += [
        (name, _shown(rlm.outputs.get(name)), _shown(direct.outputs.get(name)))
        for name in output_names(rlm, direct)
    ]
    errors = [one_line(side.error.message, ERROR_CELLS) if side.error else "" for side in (rlm, direct)]
    label = max(len(row[0]) for row in rows)
    lines = [
        f"{visible(name):<{label}}  {left:<{VALUE_CELLS}}  {right}".rstrip() for name, left, right in rows
    ]
    # An error is a sentence to act upon: it is not cut to a column.
    named = zip((RLM, ONE_PROMPT), errors, strict=True)
    return lines + [f"{side} failed: {error}" for side, error in named if error]


def _shown(value: Any) -> str:
    if value is None:
        return ""
    size = f"{len(value)}: " if isinstance(value, list | dict) else ""
    return one_line(size + str(value), VALUE_CELLS)
