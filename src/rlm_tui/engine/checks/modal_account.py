"""Modal as far as it can be asked without a sandbox: token, app, volume, secret."""

from __future__ import annotations

from collections.abc import Callable

from rlm_tui.cloud.deadlines import within
from rlm_tui.cloud.errors import TOKEN_HINT, CloudError, CloudMissingError
from rlm_tui.core.redaction import Redactor
from rlm_tui.core.settings import Settings
from rlm_tui.engine.checks.check import Finding

KEY = "DSPY_LLM_API_KEY"
ASK = "rlm-tui check --modal"


def learn_token(redactor: Redactor) -> None:
    """From now on Modal's token is known to `redactor`, wherever it is set."""
    from modal.config import config

    for name in ("token_id", "token_secret", "oauth_refresh_token"):
        redactor.add(str(config.get(name) or ""))


def look_at_token(settings: Settings, redactor: Redactor, *, asked: bool) -> Finding:
    """Whether a token is set. Asks nobody; not `asked` for, it is no more than a remark."""
    from rlm_tui.cloud.modal_client import token_present

    learn_token(redactor)
    present = token_present(settings.modal)
    if not asked:
        words = "a token is set" if present else "no token is set"
        return Finding(
            "skipped", f"{words}; not asked further, runs here use the local sandbox", f"Run `{ASK}`."
        )
    if present:
        return Finding("ok", "a token is set")
    return Finding("missing", "there is no token for Modal", TOKEN_HINT)


def look_at_account(settings: Settings) -> Finding:
    """Whether Modal answers and takes the token."""
    from rlm_tui.cloud import modal_client

    def look() -> Finding:
        client = modal_client.connect(settings.modal)
        # A client connects when it is first needed, so it is asked something.
        within(settings.modal.call_seconds, "asking whether it takes the token", client.hello)
        return Finding("ok", f"Modal accepts the token, in {modal_client.environment_words(settings.modal)}")

    return _told(look)


def look_at_app(settings: Settings) -> Finding:
    """Whether the App that sandboxes belong to is there; the first run makes it."""
    from rlm_tui.cloud import modal_client

    def look() -> Finding:
        there = modal_client.existing_app(settings.modal) is not None
        words = "is there" if there else "is not there yet: the first run makes it"
        return Finding("ok", f"{settings.modal.app} {words}")

    return _told(look)


def look_at_volume(settings: Settings) -> Finding:
    """Whether the volume is there and of version 2; the first run makes one that is missing."""
    from rlm_tui.cloud import modal_client

    name = settings.sandbox.volume

    def look() -> Finding:
        try:
            found = modal_client.volume(settings.modal, name)
        except CloudMissingError:
            return Finding("ok", f"{name} is not there yet: the first run makes it, of version 2")
        modal_client.require_version_2(found, name)
        return Finding("ok", f"{name} is there, of version {modal_client.volume_version(found)}")

    return _told(look)


def look_at_secret(settings: Settings, *keys: str) -> Finding:
    """Whether the secret is there and has `keys`. Its values can't be read."""
    from rlm_tui.cloud import modal_client

    name = settings.modal.secret

    def look() -> Finding:
        modal_client.secret(settings.modal, name, *keys)
        return Finding("ok", f"{name} has {', '.join(keys)}" if keys else f"{name} is there")

    return _told(look)


def _told(look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except CloudMissingError as error:
        return Finding("missing", error.message, error.hint)
    except CloudError as error:
        return Finding("failing", error.message, error.hint)
