"""How a command says that it was asked wrongly, or that it failed: one sentence, or one JSON object."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

import typer

from rlm_tui.core.events import ErrorDetail


def described(error: Exception) -> ErrorDetail:
    """An error as a person is told of it."""
    return ErrorDetail(
        kind=type(error).__name__, message=str(error), hint=str(getattr(error, "hint", "") or "")
    )


def print_json(value: Any) -> None:
    """One JSON value on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")
    sys.stdout.flush()


def without_secrets(error: ErrorDetail) -> ErrorDetail:
    """The same error with every secret of the environment and Modal's token taken out of its words."""
    from rlm_tui.engine.checks.every import make_redactor
    from rlm_tui.engine.checks.modal_account import learn_token

    redactor = make_redactor(None)
    learn_token(redactor)
    return ErrorDetail(kind=error.kind, message=redactor.text(error.message), hint=redactor.text(error.hint))


def refuse(error: ErrorDetail, *, as_json: Any = None, code: int = 2) -> NoReturn:
    """Say in one sentence what went wrong, and leave with `code` (2: asked wrongly)."""
    if as_json is not None:
        print_json(as_json)
    else:
        from rlm_tui.core.text import visible

        sentence = f"{error.message} {error.hint}".strip()
        typer.echo(f"rlm-tui: {visible(sentence)}", err=True)
    raise typer.Exit(code)
