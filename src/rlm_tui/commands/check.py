"""`rlm-tui check`: the doctor."""

from __future__ import annotations

import queue
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import print_json
from rlm_tui.core.text import human_seconds, one_line

if TYPE_CHECKING:
    from rich.text import Text

    from rlm_tui.engine.checks.check import CheckResult

STYLES = {"ok": "green", "missing": "yellow", "failing": "red", "skipped": "dim", "waiting": "dim"}
SHOWN_SECONDS = 0.05
OUTCOME_CELLS = 8
LONGEST = 10_000
"""Where the output is no terminal a line is never broken."""


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
    from rlm_tui.cloud import modal_client
    from rlm_tui.core.settings import Settings, SettingsError, load_settings
    from rlm_tui.engine.checks.check import all_well, as_object, summary
    from rlm_tui.engine.checks.every import make_checkup

    problem = None
    try:
        settings = load_settings(overrides=options.given(lm=lm, sub_lm=sub_lm, sandbox=sandbox))
    except SettingsError as error:
        settings, problem = Settings(), error
    told: queue.SimpleQueue[CheckResult] = queue.SimpleQueue()
    checkup = make_checkup(settings, told.put, modal=modal, problem=problem)
    try:
        checkup.start()
        if as_json:
            checkup.wait()
            print_json(as_object(checkup.results))
        else:
            _watch(told, checkup.results)
            sys.stdout.write(f"\n{summary(checkup.results)}\n")
    except BaseException:  # ctrl-c, or nobody reads what is printed
        checkup.leave()
        raise
    finally:
        modal_client.forget_clients()
    raise typer.Exit(0 if all_well(checkup.results) else 1)


def _watch(told: queue.SimpleQueue[CheckResult], results: Sequence[CheckResult]) -> None:
    """Print each result as it comes; on a terminal a line under them says what is still looked at."""
    from rich.console import Console
    from rich.text import Text

    from rlm_tui.engine.checks.checkup import LOOKING

    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    columns = console.width if console.is_terminal else None
    width = max(len(result.name) for result in results)
    waiting = {result.name: "" for result in results}
    with console.status("") as status:
        while waiting:
            result = told.get()
            if result.outcome == "waiting":
                waiting[result.name] = result.words
            else:
                del waiting[result.name]
                console.print(Text("\n").join(_lines(result, width, columns)))
            begun = {name: words for name, words in waiting.items() if words}
            names = [name if words == LOOKING else f"{name} ({words})" for name, words in begun.items()]
            status.update(Text(one_line("looking at " + ", ".join(names), max(20, console.width - 4))))


def _lines(result: CheckResult, width: int, columns: int | None) -> list[Text]:
    """A result's lines, the names in `width` cells; what was found keeps to its column within `columns`.

    What mends it may hold a command to copy: it is never broken, and begins further left for that.
    """
    from rich.text import Text

    # A figure is not torn from its unit.
    figure = human_seconds(result.seconds).replace(" ", "\N{NO-BREAK SPACE}")
    words = f"{result.words}  {figure}" if result.seconds >= SHOWN_SECONDS else result.words
    start = f"  {result.group:<13}  {result.name:<{width}}  "
    room = LONGEST if columns is None else max(20, columns - len(start) - OUTCOME_CELLS)
    first, *more = (
        line.replace("\N{NO-BREAK SPACE}", " ")
        for line in textwrap.wrap(words, room, break_on_hyphens=False) or [""]
    )
    head = Text(f"{result.outcome:<{OUTCOME_CELLS}}", style=STYLES[result.outcome])
    lines = [head.append(f"{start}{first}", "default")]
    lines += [Text(f"{'':<{OUTCOME_CELLS + len(start)}}{line}") for line in more]
    if result.mend:
        lines.append(Text(f"{'':<{OUTCOME_CELLS}}  → {result.mend}"))
    return lines
