"""The commands of `rlm-tui`. Heavy imports happen inside the command that needs them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

import rlm_tui
from rlm_tui.commands import options
from rlm_tui.commands.batch import batch
from rlm_tui.commands.check import check
from rlm_tui.commands.compare_direct import compare_direct
from rlm_tui.commands.compare_runs import compare
from rlm_tui.commands.documents import documents
from rlm_tui.commands.export import export
from rlm_tui.commands.extract import extract
from rlm_tui.commands.find_text import find_text
from rlm_tui.commands.fork import fork
from rlm_tui.commands.import_run import import_run
from rlm_tui.commands.leave import leave_screen
from rlm_tui.commands.refusal import described, print_json, refuse
from rlm_tui.commands.replay import open_saved, replay
from rlm_tui.commands.run import run
from rlm_tui.commands.run_commands import add_run_commands
from rlm_tui.commands.runs import runs
from rlm_tui.commands.sandboxes import sandboxes
from rlm_tui.commands.secrets import check_secret, check_secret_key
from rlm_tui.commands.volume import volume
from rlm_tui.core.builtin_tasks import builtin_tasks
from rlm_tui.core.events import ErrorDetail
from rlm_tui.core.text import visible

app = typer.Typer(
    name="rlm-tui",
    help="Explore and debug Recursive Language Models. Without a command it opens the screen.",
    no_args_is_help=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

app.command()(run)
app.command()(fork)
app.command()(extract)
app.command()(export)
app.command("import")(import_run)
app.command()(compare)
app.command("find")(find_text)
app.command()(replay)
app.command("open")(open_saved)
app.command()(batch)
app.command()(compare_direct)
app.command()(documents)
app.command()(check)
app.command()(check_secret)
app.command()(check_secret_key)
app.command()(sandboxes)
app.add_typer(volume, name="volume")
app.add_typer(runs, name="runs")
add_run_commands(app, builtin_tasks())


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rlm-tui {rlm_tui.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def screen(
    context: typer.Context,
    task: Annotated[str | None, typer.Option(help="The task to open with.")] = None,
    document: options.Documents = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Open the screen."""
    if context.invoked_subcommand is not None:
        return
    piped = "-" in (document or []) and not sys.stdin.isatty()
    if not (sys.stdout.isatty() and (piped or sys.stdin.isatty())):
        refuse(
            ErrorDetail(
                kind="NoTerminal",
                message="The screen needs a terminal, and standard input or output is not one.",
                hint="Use `rlm-tui run TASK` for a run without a screen.",
            )
        )
    from rlm_tui.commands.piped_document import with_piped_document

    try:
        opened = with_piped_document(document or [])
    except (ValueError, OSError) as error:
        refuse(described(error))
    from rlm_tui.ui.app import run_app

    leave_screen(run_app(task=task, documents=opened))


@app.command()
def tasks(as_json: options.AsJson = False) -> None:
    """List the tasks, with what goes in and what comes out."""
    from rlm_tui.core.tasks import TaskRegistry

    registry = TaskRegistry.with_own()
    every = registry.all()
    for problem in registry.problems:
        typer.echo(f"rlm-tui: {visible(problem)}", err=True)
    if as_json:
        print_json(
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
        refuse(ErrorDetail(kind="NotWritten", message=f"{path} can't be written: {error.strerror or error}."))
    typer.echo(f"{built} {human_size(built.stat().st_size)}")


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
        print_json(refusal_object("", detail))
        code = 2
    sys.exit(code or 0)


if __name__ == "__main__":
    main()
