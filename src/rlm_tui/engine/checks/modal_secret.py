"""Whether a key in a secret of Modal has a value: only a sandbox with the secret attached can tell."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from rlm_tui.cloud import modal_client
from rlm_tui.cloud.deadlines import within
from rlm_tui.cloud.errors import CloudError
from rlm_tui.core.settings import ModalSettings
from rlm_tui.engine.checks.check import Finding
from rlm_tui.sandbox.modal_living import LIVING

KEY_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
# Yes or no is all that leaves the sandbox.
_LOOK = "import os, sys; print(bool(os.environ.get(sys.argv[1], '').strip()))"
_SANDBOX_SECONDS = 60


def look_at_value(settings: ModalSettings, name: str, key: str) -> Finding:
    """Start a sandbox with the secret `name`, ask whether `key` is filled, and end it. Costs a little."""
    from rlm_tui.sandbox import modal_parts

    settings = msgspec.structs.replace(
        settings,
        secret=name,
        attach_secret=True,
        block_network=True,
        packages=(),
        gpu=None,
        timeout_seconds=_SANDBOX_SECONDS,
    )
    seconds = settings.start_seconds
    sandbox = None
    try:
        client = modal_client.connect(settings)
        options = modal_parts.create_options(settings, "check")
        app = modal_client.app(settings)
        image = modal_parts.image(settings)
        within(seconds, "building the image", lambda: image.build(app))
        sandbox = within(seconds, "starting the sandbox", lambda: _started(app, image, options, client))
        process = within(seconds, "asking in it", lambda: sandbox.exec("python3", "-I", "-c", _LOOK, key))
        said = within(settings.call_seconds, "reading its answer", process.stdout.read).strip()
    except CloudError as error:
        return Finding("failing", error.message, error.hint)
    finally:
        if sandbox is not None:
            LIVING.end(sandbox)
    match said:
        case "True":
            return Finding("ok", f"{key} of {name} has a value (not shown)")
        case "False":
            return Finding(
                "missing",
                f"{key} of {name} is empty",
                f"Write {key} into .env, with all its other keys, and run "
                f"`modal secret create --force {name} --from-dotenv .env`.",
            )
        case _:
            return Finding("failing", "the sandbox gave no answer", "Run `rlm-tui check --modal`.")


def _started(app: Any, image: Any, options: Any, client: Any) -> Any:
    """A sandbox that is ended at the latest when the program leaves, also if nobody waits for it any more."""
    from rlm_tui.sandbox import modal_parts

    made = modal_parts.create(app, {}, image, options, client)
    LIVING.add(made)
    return made
