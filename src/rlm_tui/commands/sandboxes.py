"""`rlm-tui sandboxes`: what runs in Modal's cloud, and an end to what a crash left behind there."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import described, print_json, refuse
from rlm_tui.core.events import ErrorDetail
from rlm_tui.core.text import human_age

if TYPE_CHECKING:
    from rlm_tui.core.settings import ModalSettings
    from rlm_tui.sandbox.modal_sandboxes import FoundSandbox


def sandboxes(
    reap: Annotated[
        bool, typer.Option("--reap", help="End those that this user left behind on this machine.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="With --reap: end those in use and those of others too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --reap: don't ask.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """List the sandboxes in Modal that rlm-tui started and that run (and are paid for) now.

    Exit codes: 0 done, 1 Modal can't be asked or one could not be ended, 2 asked wrongly.
    """
    from rlm_tui.cloud import modal_client

    try:
        _list_and_reap(reap=reap, everything=everything, yes=yes, as_json=as_json)
    finally:
        modal_client.forget_clients()


def _list_and_reap(*, reap: bool, everything: bool, yes: bool, as_json: bool) -> NoReturn:
    from rlm_tui.cloud.errors import CloudError
    from rlm_tui.core.settings import SettingsError, load_settings
    from rlm_tui.sandbox.modal_sandboxes import find

    if (everything or yes) and not reap:
        detail = ErrorDetail(
            kind="NothingToEnd", message="--all and --yes say how --reap ends sandboxes.", hint="Add --reap."
        )
        _leave(detail, as_json, 2)
    if reap and not yes and (as_json or not sys.stdin.isatty()):
        detail = ErrorDetail(
            kind="NotAsked",
            message="Sandboxes are ended after a question, and nobody can be asked here.",
            hint="Add --yes.",
        )
        _leave(detail, as_json, 2)
    try:
        settings = load_settings().modal
        found = find(settings)
    except SettingsError as error:
        _leave(described(error), as_json, 2)
    except CloudError as error:
        _leave(described(error), as_json, 1)
    if not as_json:
        _print(found)
    wanted = [one for one in found if everything or one.state == "left behind"] if reap else []
    if wanted and not yes:
        typer.confirm(f"End {_count(wanted)}?", abort=True)
    failures = {one.id: _ended(settings, one) for one in wanted}
    failed = {name: error for name, error in failures.items() if error is not None}
    if as_json:
        ended = [name for name in failures if name not in failed]
        print_json(_as_object(settings, found, ended, failed))
    elif reap:
        for one in wanted:
            typer.echo(f"{one.id}: {failed.get(one.id, 'ended')}")
        if not wanted:
            typer.echo("None was left behind here: nothing to end.")
    raise typer.Exit(1 if failed else 0)


def _ended(settings: ModalSettings, sandbox: FoundSandbox) -> str | None:
    """End it; why it could not be, in one sentence."""
    from rlm_tui.cloud.errors import CloudError
    from rlm_tui.sandbox.modal_sandboxes import end

    try:
        end(settings, sandbox.id)
    except CloudError as error:
        return f"{error.message} {error.hint}".strip()
    return None


def _print(found: Sequence[FoundSandbox]) -> None:
    if not found:
        typer.echo("No sandbox of rlm-tui runs in Modal.")
        return
    now = time.time()
    rows = [(one.id, one.run, f"{one.user}@{one.host}", _age(one, now), one.state) for one in found]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def _age(sandbox: FoundSandbox, now: float) -> str:
    return "?" if sandbox.started is None else human_age(now - sandbox.started)


def _count(found: Sequence[FoundSandbox]) -> str:
    return "one sandbox" if len(found) == 1 else f"{len(found)} sandboxes"


def _as_object(
    settings: ModalSettings, found: Sequence[FoundSandbox], ended: list[str], failed: dict[str, str]
) -> dict[str, Any]:
    now = time.time()
    return {
        "app": settings.app,
        "sandboxes": [
            {
                "id": one.id,
                "run": one.run,
                "host": one.host,
                "user": one.user,
                "age_seconds": None if one.started is None else max(0, round(now - one.started)),
                "state": one.state,
            }
            for one in found
        ],
        "ended": ended,
        "failed": failed,
    }


def _leave(error: ErrorDetail, as_json: bool, code: int) -> NoReturn:
    from rlm_tui.engine.checks.every import make_redactor
    from rlm_tui.engine.checks.modal_account import learn_token
    from rlm_tui.headless.result import error_object

    redactor = make_redactor(None)
    learn_token(redactor)
    error = ErrorDetail(kind=error.kind, message=redactor.text(error.message), hint=redactor.text(error.hint))
    refuse(error, as_json={"error": error_object(error)} if as_json else None, code=code)
