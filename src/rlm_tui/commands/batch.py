"""`rlm-tui batch`: one task over many documents."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import described, refuse


def batch(
    task: Annotated[str, typer.Argument(help="A task that reads a document: `rlm-tui tasks` lists them.")],
    documents: Annotated[
        list[str],
        typer.Option(help="Which documents, quoted; may be given several times.", metavar="GLOB"),
    ],
    inputs: options.Inputs = None,
    tools: options.Tools = None,
    parallel: Annotated[int, typer.Option(help="How many runs at a time.", metavar="N")] = 4,
    results: Annotated[
        Path | None, typer.Option(help="The file of the results, one JSON object a line.", metavar="FILE")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Run answered documents again.")] = False,
    lm: options.PlannerModel = None,
    sub_lm: options.SubModel = None,
    sandbox: options.SandboxKind = None,
    max_iterations: options.MaxIterations = None,
    max_llm_calls: options.MaxLLMCalls = None,
    timeout: options.CellSeconds = None,
    max_seconds: options.MaxSeconds = None,
    max_tokens: options.MaxTokens = None,
    max_cost: options.MaxCost = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each result as one line of JSON and nothing else.")
    ] = False,
) -> None:
    """Run TASK over many documents, a run each; what was answered is kept, and not run again.

    Exit codes: 0 all answered, 1 some failed, 2 asked wrongly, 130 cancelled.
    """
    from rlm_tui.headless.batch_request import BatchError, build_batch

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
    )
    try:
        request = build_batch(
            task,
            patterns=documents,
            inputs=inputs or [],
            overrides=overrides,
            parallel=parallel,
            results=results,
            again=again,
            tools=tools or [],
        )
    except (ValueError, OSError) as error:
        _leave(error, as_json, 2)
    from rlm_tui.headless.watch_batch import watch_batch

    try:
        code = watch_batch(request, as_json=as_json)
    except BatchError as error:
        _leave(error, as_json, 1)
    raise typer.Exit(int(code))


def _leave(error: Exception, as_json: bool, code: int) -> NoReturn:
    if as_json:
        from rlm_tui.headless.result import error_object

        sys.stdout.write(json.dumps({"error": error_object(described(error))}, ensure_ascii=False) + "\n")
        raise typer.Exit(code)
    refuse(described(error), code=code)
