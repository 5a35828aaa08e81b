"""`rlm-tui extract RUN`: an answer from what a saved run found, which ended without one."""

from __future__ import annotations

from typing import Annotated

import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import described, print_json, refuse


def extract(
    run: Annotated[
        str, typer.Argument(help="A saved run: its id, the beginning of one, its folder, or `last`.")
    ],
    lm: options.PlannerModel = None,
    as_json: options.AsJson = False,
) -> None:
    """Extract an answer from what a saved run found.

    One LM call, and nothing is executed: the planner's model reads what was planned and printed. Exit codes
    are those of `run`.
    """
    from rlm_tui.core.settings import load_settings
    from rlm_tui.engine.fork import fork_request
    from rlm_tui.headless.result import exit_code, refusal_object, run_object
    from rlm_tui.store.find_run import find_run

    try:
        settings = load_settings(overrides=options.given(lm=lm))
        request = fork_request(find_run(run), None, settings, finish=True, accept_changes=True)
    except (ValueError, OSError) as error:
        detail = described(error)
        refuse(detail, as_json=refusal_object("", detail) if as_json else None)
    from rlm_tui.headless.watch import watch

    session, trajectory = watch(request, as_json=as_json)
    log = str(session.events_path or "")
    if as_json:
        print_json(run_object(trajectory, log))
    elif log:
        typer.echo(f"log: {log}", err=True)
    finished = trajectory.finished
    raise typer.Exit(int(exit_code(finished.status if finished else "failed")))
