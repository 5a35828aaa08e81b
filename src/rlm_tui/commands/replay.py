"""`rlm-tui replay` and `rlm-tui open`: a recorded run on the screen."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from rlm_tui.commands.leave import leave_screen
from rlm_tui.commands.refusal import described, refuse
from rlm_tui.core.events import ErrorDetail

if TYPE_CHECKING:
    from rlm_tui.core.settings import Settings
    from rlm_tui.ui.screens.replay import ReplayScreen

Run = Annotated[
    str,
    typer.Argument(
        help="A saved run: its id, the beginning of one, its folder, `last`, or a log (events.jsonl).",
        metavar="RUN",
    ),
]


def replay(
    run: Run,
    at: Annotated[int, typer.Option("--at", help="Open at this iteration; else at the end.", min=0)] = 0,
) -> None:
    """Show a saved run at any of its moments: step, play, look."""
    _show(run, iteration=at, follow=False)


def open_saved(
    run: Run,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on reading while another process writes the run.")
    ] = False,
) -> None:
    """Open a saved run, also one that another process is still writing."""
    _show(run, iteration=0, follow=follow)


def _show(run: str, *, iteration: int, follow: bool) -> NoReturn:
    if not (sys.stdout.isatty() and sys.stdin.isatty()):
        refuse(
            ErrorDetail(
                kind="NoTerminal",
                message="A run is shown in a terminal, and standard input or output is not one.",
                hint="Use `rlm-tui runs show RUN` without one.",
            )
        )
    from rlm_tui.core.settings import SettingsError
    from rlm_tui.store.errors import StoreError
    from rlm_tui.store.find_run import find_run
    from rlm_tui.store.importers.imported import ImportFailed
    from rlm_tui.store.run_log import open_run

    try:
        path: Path = find_run(run)
        if path.is_file():
            path = _own_log(path)
        log = open_run(path)
    except (StoreError, ImportFailed, SettingsError) as error:
        refuse(described(error))
    from rlm_tui.ui.app import run_app

    def first(settings: Settings) -> ReplayScreen:
        from rlm_tui.ui.recorded_run import RecordedRun
        from rlm_tui.ui.screens.replay import ReplayScreen

        return ReplayScreen(RecordedRun(log), settings, iteration=iteration, follow=follow)

    leave_screen(run_app(first=first))


def _own_log(file: Path) -> Path:
    """The file, if it is a log of ours; else the run that it becomes.

    Raises ImportFailed, StoreError, SettingsError.
    """
    from rlm_tui.commands.import_run import say_large
    from rlm_tui.core.redaction import Redactor
    from rlm_tui.core.settings import load_settings
    from rlm_tui.store.importers.write import import_file
    from rlm_tui.store.run_log import is_own_log

    if is_own_log(file):
        return file
    say_large(file)
    first, *others = import_file(file, Redactor(load_settings().secrets()))
    if others:
        names = ", ".join(run.path.name for run in others)
        typer.echo(
            f"rlm-tui: the log holds {len(others) + 1} runs; the others are saved as {names}.", err=True
        )
    return first.path
