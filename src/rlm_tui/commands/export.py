"""`rlm-tui export RUN --format F`: a saved run for others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rlm_tui.commands.refusal import described, refuse
from rlm_tui.core.events import ErrorDetail
from rlm_tui.core.text import human_size, visible

NAMES = "md, html, ipynb, json, csv, svg, rlm-jsonl"


def export(
    run: Annotated[
        str, typer.Argument(help="A saved run: its id, the beginning of one, its folder, or `last`.")
    ],
    form: Annotated[str, typer.Option("--format", help=f"One of {NAMES}.", metavar="FORMAT")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The file; else standard output (or RUN.svg).", metavar="FILE"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Write a saved run for others: to read, to run, to compute with, to look at."""
    from rlm_tui.store.errors import StoreError
    from rlm_tui.store.exporters.formats import FORMATS, source_of, write_export
    from rlm_tui.store.find_run import find_run
    from rlm_tui.store.run_log import open_run

    if form != "svg" and form not in FORMATS:
        message = f"There is no format {form!r}: it is one of {NAMES}."
        refuse(ErrorDetail(kind="UnknownFormat", message=message))
    try:
        log = open_run(find_run(run))
        if form == "svg":
            from rlm_tui.commands.export_picture import picture_of

            target = output or Path(f"{log.run_id}.svg")
            size = write_export(iter([picture_of(log)]), target, replace=force)
        elif output is None:
            for piece in FORMATS[form].write(source_of(log)):
                sys.stdout.write(piece)
            sys.stdout.flush()
            return
        else:
            target = output.expanduser()
            size = write_export(FORMATS[form].write(source_of(log)), target, replace=force)
    except StoreError as error:
        refuse(described(error))
    typer.echo(f"{visible(str(target))}: {human_size(size)}", err=True)
