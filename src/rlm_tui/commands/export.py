"""`rlm-tui export RUN --format F`: a saved run for others."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from rlm_tui.commands.refusal import described, refuse
from rlm_tui.core.events import ErrorDetail
from rlm_tui.core.text import human_size, visible

NAMES = "md, html, ipynb, json, csv, svg, rlm-jsonl"
STANDARD_OUTPUT = Path("-")


def export(
    run: Annotated[
        str, typer.Argument(help="A saved run: its id, the beginning of one, its folder, or `last`.")
    ],
    form: Annotated[
        str, typer.Option("--format", help=f"One of {NAMES}; else what FILE's name says.", metavar="FORMAT")
    ] = "",
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", help="The file or its directory; - is standard output.", metavar="FILE"
        ),
    ] = STANDARD_OUTPUT,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Write a saved run for others: to read, to run, to compute with, to look at.

    Exit codes: 0 written, 2 asked wrongly, or the file can't be written.
    """
    from rlm_tui.core.paths import expanded
    from rlm_tui.headless.exported import export_source, redactor_now
    from rlm_tui.headless.run_table import warnings
    from rlm_tui.store.errors import StoreError
    from rlm_tui.store.exporters.formats import (
        FORMATS,
        PICTURE,
        SUFFIXES,
        check_target,
        file_for,
        write_export,
    )
    from rlm_tui.store.find_run import find_run
    from rlm_tui.store.run_log import open_run

    form = form or next((name for name, suffix in SUFFIXES.items() if output.suffix == suffix), "")
    if form not in SUFFIXES:
        words = f"There is no format {form!r}" if form else "The format is missing"
        refuse(ErrorDetail(kind="UnknownFormat", message=f"{words}: --format is one of {NAMES}."))
    try:
        log = open_run(find_run(run))
        target = file_for(expanded(output), log.run_id, form)
        if output != STANDARD_OUTPUT:
            check_target(target, replace=force)
        if form == PICTURE:
            from rlm_tui.commands.export_picture import picture_of

            pieces: Iterable[str] = [picture_of(log, redactor_now())]
        else:
            source = export_source(log)
            for sentence in warnings(source.trajectory):
                typer.echo(visible(f"rlm-tui: {sentence}"), err=True)
            pieces = FORMATS[form].write(source)
        if output == STANDARD_OUTPUT:
            _print(pieces)
            return
        size = write_export(pieces, target, replace=force)
    except StoreError as error:
        refuse(described(error))
    typer.echo(f"{visible(str(target))}: {human_size(size)}", err=True)


def _print(pieces: Iterable[str]) -> None:
    """On standard output as UTF-8, whatever the terminal's own encoding is. Raises StoreError."""
    from rlm_tui.store.errors import StoreError

    out = sys.stdout.buffer
    try:
        for piece in pieces:
            out.write(piece.encode("utf-8", "replace"))
        out.flush()
    except StoreError:
        raise
    except OSError as error:
        # What is still held back can't be written either, and Python would say so once more at its end.
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the process ends
        if error.errno == errno.EPIPE:
            raise typer.Exit(1) from error
        words = (error.strerror or str(error)).lower()
        raise StoreError(f"Standard output can't be written: {words}.") from error
