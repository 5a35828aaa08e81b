"""`rlm-tui check`: the doctor."""

from __future__ import annotations

import queue
import sys
from typing import Annotated

import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import print_json


def check(
    modal: Annotated[
        bool,
        typer.Option(
            "--modal",
            help="Ask Modal too, and start a sandbox there with the secret attached, which is paid for.",
        ),
    ] = False,
    lm: options.PlannerModel = None,
    sub_lm: options.SubModel = None,
    sandbox: options.SandboxKind = None,
    as_json: options.AsJson = False,
) -> None:
    """Look whether everything is there that a run needs, and say what mends what is not.

    Exit codes: 0 all well, 1 something that a run needs is missing or failing.
    """
    from rlm_tui.core.settings import Settings, SettingsError, load_settings
    from rlm_tui.engine.checks.check import CheckResult, all_well, as_object
    from rlm_tui.engine.checks.every import make_checkup

    problem = None
    try:
        settings = load_settings(overrides=options.given(lm=lm, sub_lm=sub_lm, sandbox=sandbox))
    except SettingsError as error:
        settings, problem = Settings(), error
    told: queue.SimpleQueue[CheckResult] = queue.SimpleQueue()
    checkup = make_checkup(settings, told.put, modal=modal, problem=problem)
    checkup.start()
    open_checks = len(checkup.results)
    while open_checks:
        result = told.get()
        if result.outcome == "waiting":
            continue
        open_checks -= 1
        if not as_json:
            _print(result)
    if as_json:
        print_json(as_object(checkup.results))
    else:
        sys.stdout.write("\n" + _summary(checkup.results) + "\n")
    raise typer.Exit(0 if all_well(checkup.results) else 1)
