"""`rlm-tui check-secret` and `check-secret-key`: whether they exist in Modal. A value is never shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from rlm_tui.commands import options
from rlm_tui.commands.refusal import print_json, refuse
from rlm_tui.core.events import ErrorDetail

if TYPE_CHECKING:
    from rlm_tui.core.redaction import Redactor
    from rlm_tui.core.settings import Settings
    from rlm_tui.engine.checks.check import Finding

SecretName = Annotated[
    str | None, typer.Option("--name", help="The secret; by default that of the settings.", metavar="NAME")
]
# Taken only to be refused: the usual refusal would repeat it.
Beside = Annotated[list[str] | None, typer.Argument(hidden=True, metavar="NOTHING")]

NOT_REPEATED = "What was given is not repeated: it may be a value."
# Words in capitals, as in DSPY_LLM_API_KEY. Values look otherwise; other names are said once they are found.
_PLAIN_NAME = re.compile(r"[A-Z]{2,16}[0-9]{0,2}(?:_(?:[A-Z]{1,16}[0-9]{0,2}|[0-9]{1,4}))*")


def check_secret(name: SecretName = None, beside: Beside = None, as_json: options.AsJson = False) -> None:
    """Say whether a secret exists in Modal.

    Exit codes: 0 it does, 1 it does not or Modal can't be asked, 2 asked wrongly.
    """
    if beside:
        _refuse_name("A secret's name is given as --name NAME.", as_json)
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
    beside: Beside = None,
    as_json: options.AsJson = False,
) -> None:
    """Say whether a secret in Modal has a key, without looking at its value.

    Exit codes: 0 it has, 1 it has not or Modal can't be asked, 2 asked wrongly.
    """
    if beside:
        _refuse_name("Names are given as --key NAME and --name NAME.", as_json)
    _look(name, key, filled=non_empty, as_json=as_json)


def _look(name: str | None, key: str | None, *, filled: bool, as_json: bool) -> NoReturn:
    from rlm_tui.cloud import modal_client
    from rlm_tui.core.settings import SettingsError, load_settings
    from rlm_tui.engine.checks.every import make_redactor
    from rlm_tui.engine.checks.modal_account import learn_token
    from rlm_tui.engine.checks.modal_secret import KEY_NAME

    try:
        settings = load_settings(overrides={"modal.secret": name})
    except SettingsError as error:
        if name is not None and error.field == "modal.secret":
            _refuse_name("What --name was given is no name of a secret.", as_json)
        redactor = make_redactor(None)
        message, hint = redactor.text(str(error)), redactor.text(error.hint)
        _refuse(ErrorDetail(kind="SettingsError", message=message, hint=hint), as_json)
    if key is not None and not KEY_NAME.fullmatch(key):
        _refuse_name("What --key was given is no name of a key.", as_json)
    redactor = make_redactor(settings)
    learn_token(redactor)
    try:
        found, value = _found(settings, name, key, redactor, filled=filled)
    finally:
        modal_client.forget_clients()
    last = value or found
    words, mend = redactor.text(last.words), redactor.text(last.mend)
    sentence = f"{words.removesuffix('.')}."
    if as_json:
        print_json(
            {
                "secret": redactor.text(settings.modal.secret),
                "key": None if key is None else redactor.text(key),
                "found": {"ok": True, "missing": False}.get(found.outcome),
                "filled": {"ok": True, "missing": False}.get(value.outcome) if value else None,
                "words": words,
                "mend": mend or None,
            }
        )
    elif last.outcome == "ok":
        typer.echo(sentence)
    else:
        refuse(ErrorDetail(kind=last.outcome, message=sentence, hint=mend), code=1)
    raise typer.Exit(0 if last.outcome == "ok" else 1)


def _found(
    settings: Settings, name: str | None, key: str | None, redactor: Redactor, *, filled: bool
) -> tuple[Finding, Finding | None]:
    """What is known of the secret and its key, and of the key's value if it was asked for.

    A name that was given and that Modal does not know is kept secret by `redactor` from then on.
    """
    from rlm_tui.engine.checks.modal_account import look_at_secret
    from rlm_tui.engine.checks.modal_secret import look_at_value

    found = look_at_secret(settings)
    if found.outcome != "ok":
        return _not_repeating(found, redactor, name, key), None
    if key is None:
        return found, None
    found = look_at_secret(settings, key)
    if found.outcome != "ok":
        return _not_repeating(found, redactor, key), None
    return found, look_at_value(settings.modal, settings.modal.secret, key) if filled else None


def _not_repeating(found: Finding, redactor: Redactor, *given: str | None) -> Finding:
    import msgspec

    kept = [text for text in given if text is not None and not _PLAIN_NAME.fullmatch(text)]
    for text in kept:
        redactor.add(text)
    mend = f"{found.mend} {NOT_REPEATED}".strip() if kept else found.mend
    return msgspec.structs.replace(found, mend=mend)


def _refuse_name(message: str, as_json: bool) -> NoReturn:
    """What was given may be the value: it is not repeated."""
    hint = "Write a name, as in DSPY_LLM_API_KEY, and never a value."
    _refuse(ErrorDetail(kind="NoName", message=message, hint=hint), as_json)


def _refuse(error: ErrorDetail, as_json: bool) -> NoReturn:
    from rlm_tui.headless.result import error_object

    refuse(error, as_json={"error": error_object(error)} if as_json else None)
