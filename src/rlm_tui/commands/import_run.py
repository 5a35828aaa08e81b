"""`rlm-tui import FILE`: a log of another program becomes a saved run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import described, print_json, refuse
from rlm_tui.core.text import human_size, number_of, one_line, visible

LARGE = 20_000_000
"""Bytes of a log that take a second or more."""


def say_large(file: Path) -> None:
    """Say that a large log is read, before the silence."""
    try:
        size = file.stat().st_size
    except OSError:
        return  # said by who reads it
    if size > LARGE:
        typer.echo(f"rlm-tui: importing {one_line(file.name, 80)} ({human_size(size)}) …", err=True)


def import_run(
    file: Annotated[
        Path,
        typer.Argument(
            help="A log: a dspy trajectory, or one of alexzhang13/rlm, fast-rlm, rlm-code, rlm-cli, "
            "predict-rlm. Its format is recognised.",
            metavar="FILE",
        ),
    ],
    anew: Annotated[
        bool, typer.Option("--anew", help="Import it again, even if it was imported before.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Import a log of another program. What it does not know is shown as unknown."""
    from rlm_tui.core.redaction import Redactor
    from rlm_tui.core.settings import SettingsError, load_settings
    from rlm_tui.store.errors import StoreError
    from rlm_tui.store.importers.imported import ImportFailed
    from rlm_tui.store.importers.write import import_file

    try:
        redactor = Redactor(load_settings().secrets())
        say_large(file.expanduser())
        found = import_file(file.expanduser(), redactor, anew=anew)
    except (ImportFailed, StoreError, SettingsError) as error:
        detail = described(error)
        told = {"error": {"kind": detail.kind, "message": detail.message}}
        refuse(detail, as_json=told if as_json else None)
    if as_json:
        first, *others = [
            {
                "run_id": run.path.name,
                "path": str(run.path),
                "format": run.format,
                "iterations": run.iterations,
                "left_out": list(run.left_out),
                "imported_before": run.again,
            }
            for run in found
        ]
        print_json(first | {"others": others})
        return
    for sentence in dict.fromkeys(sentence for run in found for sentence in run.left_out):
        typer.echo(f"rlm-tui: {visible(sentence)}", err=True)
    for run in found:
        before = " (imported before; --anew imports it again)" if run.again else ""
        typer.echo(f"{run.path.name}: {number_of(run.iterations, 'iteration')}, from {run.format}{before}")
