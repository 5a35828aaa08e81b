"""`rlm-tui compare A B`: two saved runs against each other."""

from __future__ import annotations

from typing import Annotated

import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import described, print_json, refuse
from rlm_tui.core.text import visible

Run = Annotated[str, typer.Argument(help="A saved run: its id, the beginning of one, its folder, or `last`.")]


def compare(left: Run, right: Run, as_json: options.AsJson = False) -> None:
    """Compare two saved runs: iterations aligned, code and output, outputs and totals.

    Exit codes: 0 compared, 2 asked wrongly.
    """
    from rlm_tui.core.run_comparison import compare_runs
    from rlm_tui.headless.run_comparison import comparison_lines, comparison_object
    from rlm_tui.headless.run_table import warnings
    from rlm_tui.store.errors import StoreError
    from rlm_tui.store.find_run import find_run
    from rlm_tui.store.run_log import open_run

    try:
        logs = [open_run(find_run(name)) for name in (left, right)]
        one, other = (log.trajectory() for log in logs)
    except StoreError as error:
        detail = described(error)
        told = {"error": {"kind": detail.kind, "message": detail.message}}
        refuse(detail, as_json=told if as_json else None)
    names = logs[0].run_id, logs[1].run_id
    for name, run in zip(names, (one, other), strict=True):
        for sentence in warnings(run):
            typer.echo(visible(f"rlm-tui: {name}: {sentence}"), err=True)
    found = compare_runs(one, other, names)
    if as_json:
        print_json(comparison_object(found, (one, other), names))
        return
    for line in comparison_lines(found, names):
        typer.echo(visible(line))
