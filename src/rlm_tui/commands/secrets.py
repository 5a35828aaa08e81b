"""`rlm-tui check-secret` and `check-secret-key`: whether they exist in Modal. A value is never shown."""

from __future__ import annotations

from typing import Annotated, NoReturn

import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import print_json, refuse
from rlm_tui.core.events import ErrorDetail

SecretName = Annotated[
    str | None, typer.Option("--name", help="The secret; by default that of the settings.", metavar="NAME")
]


def check_secret(name: SecretName = None, as_json: options.AsJson = False) -> None:
    """Say whether a secret exists in Modal.

    Exit codes: 0 it does, 1 it does not or Modal can't be asked, 2 asked wrongly.
    """
    _look(name, None, filled=False, as_json=as_json)


def check_secret_key(
    key: Annotated[
        str, typer.Option(help="The key's name, as in DSPY_LLM_API_KEY; never its value.", metavar="NAME")
    ],
    name: SecretName = None,
    non_empty: Annotated[
        bool,
        typer.Option(
            "--non-empty", help="Start a sandbox, which is paid for, and look whether the key has a value."
        ),
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Say whether a secret in Modal has a key, without looking at its value.

    Exit codes: 0 it has, 1 it has not or Modal can't be asked, 2 asked wrongly.
    """
    _look(name, key, filled=non_empty, as_json=as_json)


def _look(name: str | None, key: str | None, *, filled: bool, as_json: bool) -> NoReturn:
    from rlm_tui.core.settings import SettingsError, load_settings
    from rlm_tui.engine.checks.every import make_redactor
    from rlm_tui.engine.checks.modal_account import learn_token, look_at_secret
    from rlm_tui.engine.checks.modal_secret import KEY_NAME, look_at_value

    try:
        settings = load_settings(overrides={"modal.secret": name})
    except SettingsError as error:
        redactor = make_redactor(None)
        message, hint = redactor.text(str(error)), redactor.text(error.hint)
        _refuse(ErrorDetail(kind="SettingsError", message=message, hint=hint), as_json)
    if key is not None and not KEY_NAME.fullmatch(key):
        # What was given may be the value: it is not repeated.
        _refuse(
            ErrorDetail(
                kind="NoName",
                message="What --key was given is no name of a key.",
                hint="Write its name, as in DSPY_LLM_API_KEY, and never its value.",
            ),
            as_json,
        )
    name = settings.modal.secret
    redactor = make_redactor(settings)
    learn_token(redactor)
    found = look_at_secret(settings, *([] if key is None else [key]))
    value = None
    if key is not None and filled and found.outcome == "ok":
        value = look_at_value(settings.modal, name, key)
    last = value or found
    words, mend = redactor.text(last.words), redactor.text(last.mend)
    if as_json:
        print_json(
            {
                "secret": redactor.text(name),
                "key": None if key is None else redactor.text(key),
                "found": {"ok": True, "missing": False}.get(found.outcome),
                "filled": {"ok": True, "missing": False}.get(value.outcome) if value else None,
                "words": words,
                "mend": mend or None,
            }
        )
    elif last.outcome == "ok":
        typer.echo(f"{words}.")
    else:
        refuse(ErrorDetail(kind=last.outcome, message=words, hint=mend), code=1)
    raise typer.Exit(0 if last.outcome == "ok" else 1)


def _refuse(error: ErrorDetail, as_json: bool) -> NoReturn:
    from rlm_tui.headless.result import error_object

    refuse(error, as_json={"error": error_object(error)} if as_json else None)
