"""`rlm-tui import FILE`: a log of another program becomes a saved run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import described, print_json, refuse
from rlm_tui.core.text import number_of, visible


def import_run(
    file: Annotated[
        Path,
        typer.Argument(
            help="A log: a dspy trajectory, or one of alexzhang13/rlm, fast-rlm, rlm-code, rlm-cli, "
            "predict-rlm. Its format is recognised.",
            metavar="FILE",
        ),
    ],
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
        found = import_file(file.expanduser(), redactor.text)
    except (ImportFailed, StoreError, SettingsError) as error:
        detail = described(error)
        told = {"error": {"kind": detail.kind, "message": detail.message}}
        refuse(detail, as_json=told if as_json else None)
    if as_json:
        print_json(
            {
                "run_id": found.path.name,
                "path": str(found.path),
                "format": found.format,
                "iterations": found.iterations,
                "left_out": list(found.left_out),
            }
        )
        return
    for sentence in found.left_out:
        typer.echo(f"rlm-tui: {visible(sentence)}", err=True)
    typer.echo(f"{found.path.name}: {number_of(found.iterations, 'iteration')}, from {found.format}")
