"""`rlm-tui compare-direct TASK`: the same question through an RLM, and as one prompt, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import described, print_json, refuse
from rlm_tui.commands.run import truth_about
from rlm_tui.core.text import human_cost, human_count, human_seconds, one_line, visible

if TYPE_CHECKING:
    from rlm_tui.core.trajectory import Trajectory
    from rlm_tui.engine.direct import DirectAnswer
    from rlm_tui.headless.truth import TruthCheck

VALUE_CELLS = 44


def compare_direct(
    task: Annotated[str, typer.Argument(help="A task's name, file, class or signature, as for `run`.")],
    document: Annotated[str | None, typer.Option(help="The document to read.", metavar="PATH")] = None,
    inputs: options.Inputs = None,
    window: Annotated[
        int | None,
        typer.Option(help="Tokens that the one prompt may have; by default the model's own.", min=3_000),
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

        request = build_request(task, document=document, inputs=inputs or [], overrides=overrides)
        truth = truth_about(request)
    except (ValueError, OSError) as error:
        detail = described(error)
        refuse(detail, as_json=refusal_object(task, detail) if as_json else None)
    from rlm_tui.engine.direct import ask_directly
    from rlm_tui.headless.truth import check
    from rlm_tui.headless.watch import watch

    session, trajectory = watch(request, as_json=as_json)
    finished = trajectory.finished
    code = exit_code(finished.status if finished else "failed")
    if code == ExitCode.CANCELLED:
        raise typer.Exit(int(code))
    direct = ask_directly(request, window)
    outputs = finished.outputs if finished else {}
    found: dict[str, TruthCheck | None] = {"rlm": None, "direct": None}
    if truth is not None:
        found = {"rlm": check(outputs, truth), "direct": check(direct.outputs, truth)}
    if as_json:
        print_json(
            {
                "task": request.task.name,
                "rlm": run_object(trajectory, str(session.events_path or "")),
                "direct": msgspec.to_builtins(direct),
                "check": {name: one and one.as_object() for name, one in found.items()},
            }
        )
    else:
        configured = request.settings.lm
        model = "offline demo" if configured is None else one_line(configured.model, VALUE_CELLS)
        for line in _table(trajectory, direct, found, model):
            typer.echo(line)
    raise typer.Exit(1 if code or direct.error is not None else 0)


def _table(
    trajectory: Trajectory, direct: DirectAnswer, found: dict[str, TruthCheck | None], model: str
) -> list[str]:
    finished, totals = trajectory.finished, trajectory.totals
    rows: list[tuple[str, str, str]] = [("", "RLM", "one prompt")]
    status = finished.status if finished else "failed"
    rows.append(("model", model, model))
    rows.append(("status", status, "failed" if direct.error else "answered"))
    through, once = found["rlm"], found["direct"]
    if through is not None and once is not None:
        rows.append(("truth", f"{through.found} of {through.of}", f"{once.found} of {once.of}"))
    known, priced = totals.tokens_known, totals.cost_known
    prompt, answer = totals.prompt_tokens if known else None, totals.completion_tokens if known else None
    rows.append(("prompt tokens", _counted(prompt), _counted(direct.prompt_tokens)))
    rows.append(("answer tokens", _counted(answer), _counted(direct.completion_tokens)))
    rows.append(("cost", human_cost(totals.cost_usd if priced else None), human_cost(direct.cost_usd)))
    rows.append(("seconds", human_seconds(totals.seconds), human_seconds(direct.seconds)))
    read = f"all of {human_count(direct.document_characters)} characters"
    cut = read
    if direct.cut_characters:
        part = 100 * direct.cut_characters / direct.document_characters
        cut = f"{part:.0f}% cut: {human_count(direct.window_tokens)} tokens fit"
    if direct.document_characters:
        rows.append(("document", read, cut))
    outputs = finished.outputs if finished else {}
    names = dict.fromkeys([*outputs, *direct.outputs])
    rows += [(name, _shown(outputs.get(name)), _shown(direct.outputs.get(name))) for name in names]
    if direct.error is not None:
        rows.append(("error", "", one_line(direct.error.message, VALUE_CELLS)))
    label = max(len(row[0]) for row in rows)
    return [
        f"{visible(name):<{label}}  {left:<{VALUE_CELLS}}  {right}".rstrip() for name, left, right in rows
    ]


def _counted(tokens: int | None) -> str:
    return "?" if tokens is None else human_count(tokens)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    size = f"{len(value)}: " if isinstance(value, list | dict) else ""
    return one_line(size + str(value), VALUE_CELLS)
