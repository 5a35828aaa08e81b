"""The client of Modal, and what is looked up by its name in an account."""

from __future__ import annotations

import threading
from typing import Any

from rlm_tui.cloud.deadlines import within
from rlm_tui.cloud.errors import CloudError, CloudMissingError
from rlm_tui.core.settings import ModalSettings

_lock = threading.Lock()
_clients: dict[tuple[str, str, str], Any] = {}


def token_present(settings: ModalSettings) -> bool:
    """Whether a token is set, here or in Modal's own settings. Asks nobody."""
    from modal.config import config

    return (
        settings.token is not None
        or bool(config["token_id"] and config["token_secret"])
        or bool(config.get("oauth_refresh_token"))
    )


def environment_words(settings: ModalSettings) -> str:
    """Which environment of the account is used, in words."""
    return settings.environment or "the account's own environment"


def connect(settings: ModalSettings) -> Any:
    """A client with the token of the settings, else with that of Modal's own. Raises `CloudError`.

    Modal keeps one client a process; this keeps one a server and token, so that a changed token counts.
    """
    from modal import Client
    from modal.config import config

    token = settings.token or (str(config["token_id"] or ""), str(config["token_secret"] or ""))
    key = (str(config["server_url"]), *token)
    with _lock:
        client = _clients.get(key)
        if client is not None and not client.is_closed():
            return client

        def opened() -> Any:
            return Client.from_credentials(*token) if all(token) else Client.from_env()

        client = _clients[key] = within(settings.call_seconds, "connecting", opened)
        return client


def app(settings: ModalSettings) -> Any:
    """The App that sandboxes belong to, made if it was missing."""
    from modal import App

    client = connect(settings)
    return within(
        settings.call_seconds,
        f"looking up the app {settings.app}",
        lambda: App.lookup(
            settings.app, client=client, environment_name=settings.environment, create_if_missing=True
        ),
    )


def existing_app(settings: ModalSettings) -> Any | None:
    """The App that sandboxes belong to; None when it was never made."""
    from modal import App

    client = connect(settings)
    try:
        return within(
            settings.call_seconds,
            f"looking up the app {settings.app}",
            lambda: App.lookup(settings.app, client=client, environment_name=settings.environment),
        )
    except CloudMissingError:
        return None


def volume(settings: ModalSettings, name: str, *, create: bool = False) -> Any:
    """The volume of this name, looked up; with `create` it is made (version 2) if it was missing."""
    from modal import Volume
    from modal.exception import NotFoundError

    client = connect(settings)

    def looked_up() -> Any:
        found = Volume.from_name(name, client=client, environment_name=settings.environment)
        try:
            return found.hydrate(client)
        except NotFoundError:
            if not create:
                raise
        made = Volume.from_name(
            name, client=client, environment_name=settings.environment, create_if_missing=True, version=2
        )
        return made.hydrate(client)

    try:
        return within(settings.call_seconds, f"looking up the volume {name}", looked_up)
    except CloudMissingError as error:
        raise CloudMissingError(
            f"There is no volume {name} in Modal.",
            f"Run `modal volume create --version 2 {name}`, or upload to it: that makes it.",
        ) from error


def volumes(settings: ModalSettings) -> list[tuple[str, float, int]]:
    """Name, time of creation (seconds since the epoch) and version of every volume, by name."""
    from modal import Volume

    client = connect(settings)
    found = within(
        settings.call_seconds,
        "listing the volumes",
        lambda: Volume.objects.list(client=client, environment_name=settings.environment or ""),
    )
    return sorted((str(one.name), _created(one), volume_version(one)) for one in found)


def _created(found: Any) -> float:
    return float(found._get_metadata().creation_info.created_at)


def volume_version(found: Any) -> int:
    """1 or 2: the version of a volume that was looked up."""
    from modal_proto import api_pb2

    metadata = found._get_metadata()
    return 2 if metadata is not None and metadata.version == api_pb2.VOLUME_FS_VERSION_V2 else 1


def require_version_2(found: Any, name: str) -> None:
    """Raise `CloudError` for a volume of version 1, where `sync` does not publish what a sandbox wrote."""
    if volume_version(found) != 2:
        raise CloudError(
            f"The volume {name} is of version 1, and a run needs one of version 2.",
            f"Run `modal volume create --version 2 {name}-2` and choose that name (sandbox.volume); "
            f"the files of {name} can be looked at and downloaded all the same.",
        )


def secret(settings: ModalSettings, name: str, *keys: str) -> Any:
    """The secret of this name, looked up; it must have `keys`. Its values can't be read from here."""
    from modal import Secret

    client = connect(settings)
    try:
        return within(
            settings.call_seconds,
            f"looking up the secret {name}",
            lambda: Secret.from_name(
                name, environment_name=settings.environment, required_keys=list(keys)
            ).hydrate(client),
        )
    except CloudMissingError as error:
        if keys and _exists(settings, name):
            raise CloudMissingError(
                f"The secret {name} has no {', '.join(keys)}.",
                f"Write {keys[0]} into .env, with all its other keys, and run "
                f"`modal secret create --force {name} --from-dotenv .env`.",
            ) from error
        raise CloudMissingError(
            f"There is no secret {name} in Modal.",
            f"Write DSPY_LM_MODEL and DSPY_LLM_API_KEY into .env and run "
            f"`modal secret create {name} --from-dotenv .env`.",
        ) from error


def _exists(settings: ModalSettings, name: str) -> bool:
    try:
        secret(settings, name)
    except CloudMissingError:
        return False
    return True


def forget_clients() -> None:
    """Close every client that was opened here."""
    with _lock:
        clients = list(_clients.values())
        _clients.clear()
    for client in clients:
        try:
            within(2, "closing", client._close if hasattr(client, "_close") else client.close)
        except CloudError:
            continue
