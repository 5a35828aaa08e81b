"""`rlm-tui find TEXT`: where something stands in saved runs."""

from __future__ import annotations

from typing import Annotated

import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import described, print_json, refuse
from rlm_tui.core.text import number_of, visible


def find_text(
    text: Annotated[str, typer.Argument(help="What is looked for, in any case.", metavar="TEXT")],
    runs: Annotated[
        list[str] | None, typer.Argument(help="Saved runs to look in; else in all.", metavar="[RUN]…")
    ] = None,
    is_regex: Annotated[bool, typer.Option("--regex", help="TEXT is a regular expression.")] = False,
    matching: Annotated[
        str,
        typer.Option(help="Only in runs that match, as in `task:logs age<2d`.", metavar="FILTER"),
    ] = "",
    newest: Annotated[int | None, typer.Option(help="Only in so many of the newest.", min=1)] = None,
    as_json: options.AsJson = False,
) -> None:
    """Find a text in reasoning, code, output, prompts and answers of saved runs.

    Exit codes: 0 found, 1 not found, 2 asked wrongly.
    """
    from rlm_tui.commands.runs import matching_runs
    from rlm_tui.core.filter_syntax import FilterError
    from rlm_tui.core.find import FindError, find, pattern_of
    from rlm_tui.core.paths import runs_directory
    from rlm_tui.headless.run_table import warnings
    from rlm_tui.store.errors import StoreError
    from rlm_tui.store.exporters.formats import source_of
    from rlm_tui.store.find_run import find_run
    from rlm_tui.store.may_contain import MayContain
    from rlm_tui.store.run_log import open_run

    found, count = [], 0
    try:
        pattern, may_contain = pattern_of(text, is_regex=is_regex), MayContain(text, is_regex=is_regex)
        if runs:
            paths = [find_run(name) for name in runs]
        else:
            paths = [runs_directory() / run.run_id for run in matching_runs(matching)[:newest]]
        for path in paths:
            try:
                log = open_run(path)
                if not may_contain(log):
                    continue
                source = source_of(log)
            except StoreError as error:
                if runs:
                    raise
                typer.echo(visible(f"rlm-tui: {error}"), err=True)
                continue
            for sentence in warnings(source.trajectory, of_log=True):
                typer.echo(visible(f"rlm-tui: {source.run_id}: {sentence}"), err=True)
            hits = [(source.run_id, hit) for hit in find(source.trajectory, pattern, source.whole)]
            count += len(hits)
            if as_json:
                found += hits
            else:
                for run_id, hit in hits:
                    typer.echo(visible(f"{run_id}  {hit.place:>3} {hit.where:<16} {hit.line}"))
    except (FindError, FilterError, StoreError) as error:
        detail = described(error)
        told = {"error": {"kind": detail.kind, "message": detail.message}}
        refuse(detail, as_json=told if as_json else None)
    if as_json:
        print_json(
            [
                {
                    "run_id": run_id,
                    "iteration": hit.n or None,
                    "depth": hit.depth,
                    "where": hit.where,
                    "found": hit.found,
                    "line": hit.line,
                }
                for run_id, hit in found
            ]
        )
    elif not count:
        typer.echo(f"Not found in {number_of(len(paths), 'run')}.")
    raise typer.Exit(0 if count else 1)
