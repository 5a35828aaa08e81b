"""The commands of `rlm-tui`. Heavy imports happen inside the command that needs them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

import rlm_tui
from rlm_tui.core.events import ErrorDetail

app = typer.Typer(
    name="rlm-tui",
    help="Explore and debug Recursive Language Models. Without a command it opens the screen.",
    no_args_is_help=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

JSON_OPTION = typer.Option("--json", help="Print exactly one JSON object (or list) and nothing else.")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rlm-tui {rlm_tui.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def screen(
    context: typer.Context,
    task: Annotated[str | None, typer.Option(help="The task to open with.")] = None,
    document: Annotated[str | None, typer.Option(help="The document to open with.")] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Open the screen."""
    if context.invoked_subcommand is not None:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        _refuse(
            ErrorDetail(
                kind="NoTerminal",
                message="The screen needs a terminal, and standard input or output is not one.",
                hint="Use `rlm-tui run TASK` for a run without a screen.",
            )
        )
    from rlm_tui.ui.app import run_app

    raise typer.Exit(run_app(task=task, document=document))


@app.command()
def run(
    task: Annotated[str, typer.Argument(help="A task's name: `rlm-tui tasks` lists them.")],
    document: Annotated[str | None, typer.Option(help="The document to read.", metavar="PATH")] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input", help="An input, once for each; the value - reads standard input.", metavar="NAME=VALUE"
        ),
    ] = None,
    lm: Annotated[
        str | None, typer.Option(help="The planner's model, or `offline`.", metavar="MODEL")
    ] = None,
    sub_lm: Annotated[str | None, typer.Option(help="The sub-LM's model.", metavar="MODEL")] = None,
    sandbox: Annotated[str | None, typer.Option(help="Where cells run: `local`.")] = None,
    max_iterations: Annotated[int | None, typer.Option(min=1, help="Then the answer is extracted.")] = None,
    max_llm_calls: Annotated[int | None, typer.Option(min=0, help="LM calls that cells may make.")] = None,
    timeout: Annotated[float | None, typer.Option(min=0.1, help="Seconds for one cell.")] = None,
    max_seconds: Annotated[float | None, typer.Option(min=0.1, help="Seconds for the run.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Tokens for the run.")] = None,
    max_cost: Annotated[float | None, typer.Option(min=0, help="US dollars for the run.")] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Run TASK without a screen.

    Exit codes: 0 answered, 1 failed, 2 asked wrongly, 3 out of budget, 130 cancelled.
    """
    from rlm_tui.headless.result import exit_code, refusal_object, run_object

    overrides = {
        "lm": lm,
        "sub_lm": sub_lm,
        "sandbox": sandbox,
        "max_iterations": max_iterations,
        "max_llm_calls": max_llm_calls,
        "cell_seconds": timeout,
        "max_seconds": max_seconds,
        "max_tokens": max_tokens,
        "max_cost_usd": max_cost,
    }
    try:
        from rlm_tui.headless.request import build_request

        request = build_request(
            task,
            document=document,
            inputs=inputs or [],
            overrides={name: value for name, value in overrides.items() if value is not None},
        )
    except (ValueError, OSError) as error:
        detail = _detail(error)
        _refuse(detail, as_json=refusal_object(task, detail) if as_json else None)
    from rlm_tui.headless.watch import watch

    session, trajectory = watch(request, as_json=as_json)
    log = str(session.events_path or "")
    if as_json:
        _print_json(run_object(trajectory, log))
    elif log:
        typer.echo(f"log: {log}", err=True)
    finished = trajectory.finished
    raise typer.Exit(int(exit_code(finished.status if finished else "failed")))


@app.command()
def tasks(as_json: Annotated[bool, JSON_OPTION] = False) -> None:
    """List the tasks, with what goes in and what comes out."""
    from rlm_tui.core.tasks import TaskRegistry

    every = TaskRegistry().all()
    if as_json:
        _print_json(
            [
                {
                    "name": task.name,
                    "title": task.title,
                    "signature": task.signature,
                    "inputs": {
                        field.name: {"type": field.type, "default": field.default} for field in task.inputs
                    },
                    "outputs": {field.name: field.type for field in task.outputs},
                    "document_input": task.document_input,
                    "default_document": task.default_document,
                    "blurb": task.blurb,
                }
                for task in every
            ]
        )
        return
    width = max(len(task.name) for task in every)
    for task in every:
        typer.echo(f"{task.name:<{width}}  {task.signature}")
        typer.echo(f"{'':<{width}}  {task.blurb}")


@app.command()
def knowledge(
    target: Annotated[
        Path | None, typer.Argument(help="Where to; the place the tasks open by default.")
    ] = None,
) -> None:
    """Build the DSPy reference document from the docstrings of the dspy that is installed."""
    from rlm_tui.core.content import KNOWLEDGE, resolve_content
    from rlm_tui.core.text import human_size
    from rlm_tui.engine.dspy_knowledge import build_knowledge

    path = target or resolve_content(f"rlm_content/{KNOWLEDGE}")
    assert path is not None, "the built-in document always resolves"
    try:
        built = build_knowledge(path)
    except OSError as error:
        _refuse(
            ErrorDetail(kind="NotWritten", message=f"{path} can't be written: {error.strerror or error}.")
        )
    typer.echo(f"{built} {human_size(built.stat().st_size)}")


def _detail(error: Exception) -> ErrorDetail:
    return ErrorDetail(
        kind=type(error).__name__, message=str(error), hint=str(getattr(error, "hint", "") or "")
    )


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")
    sys.stdout.flush()


def _refuse(error: ErrorDetail, *, as_json: Any = None) -> NoReturn:
    """Say in one sentence what was asked wrongly, and leave with 2."""
    if as_json is not None:
        _print_json(as_json)
    else:
        from rlm_tui.core.text import visible

        sentence = f"{error.message} {error.hint}".strip()
        typer.echo(f"rlm-tui: {visible(sentence)}", err=True)
    raise typer.Exit(2)


def main() -> None:
    """The console script; a command line that doesn't parse is refused as JSON where `--json` is in it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if "--json" not in sys.argv[1:]:
        app()
        return
    try:
        code = app(standalone_mode=False)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        from rlm_tui.headless.result import refusal_object

        detail = ErrorDetail(
            kind=type(error).__name__, message=error.format_message(), hint="See rlm-tui --help."
        )
        _print_json(refusal_object("", detail))
        code = 2
    sys.exit(code or 0)


if __name__ == "__main__":
    main()
