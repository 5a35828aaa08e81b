"""The sandboxes of this program in Modal's cloud, found by their tags: in use, or left behind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from rlm_tui.cloud import modal_client
from rlm_tui.cloud.deadlines import within
from rlm_tui.cloud.errors import CloudMissingError
from rlm_tui.core.settings import ModalSettings
from rlm_tui.core.text import one_line
from rlm_tui.sandbox import modal_parts, process_identity

State = Literal["in use", "left behind", "elsewhere"]
LONGEST_TAG = 64


class FoundSandbox(Struct, frozen=True):
    """A sandbox that runs now. `started` is in seconds since the epoch, None where it is not known.

    "in use": the process that started it lives on this machine. "left behind": it was started here by this
    user, and that process is gone. "elsewhere": another machine or user started it.
    """

    id: str
    run: str
    host: str
    user: str
    started: float | None
    state: State


def find(settings: ModalSettings) -> list[FoundSandbox]:
    """Every sandbox of the app that this program started, whoever ran it; the oldest first.

    Raises `CloudError`.
    """
    from modal import Sandbox

    client = modal_client.connect(settings)
    app = modal_client.existing_app(settings)
    if app is None:
        return []
    tag = {modal_parts.TAG: "1"}
    listed: list[Any] = within(
        settings.call_seconds,
        "listing the sandboxes",
        lambda: list(Sandbox.list(app_id=app.app_id, tags=tag, client=client)),
    )
    found = []
    for sandbox in listed:
        try:
            tags = within(settings.call_seconds, "reading a sandbox's tags", sandbox.get_tags)
        except CloudMissingError:
            continue  # it has ended meanwhile
        found.append(_described(str(sandbox.object_id), tags))
    return sorted(found, key=lambda one: (one.started or 0.0, one.id))


def end(settings: ModalSettings, sandbox_id: str) -> None:
    """Terminate a sandbox; one that has ended already is well. Raises `CloudError`."""
    from modal import Sandbox

    client = modal_client.connect(settings)

    def terminate() -> None:
        Sandbox.from_id(sandbox_id, client=client).terminate()

    try:
        within(settings.call_seconds, f"ending the sandbox {sandbox_id}", terminate)
    except CloudMissingError:
        return


def wait_for_end(settings: ModalSettings, sandbox_id: str) -> None:
    """Return when a sandbox that was terminated has ended. Raises `CloudError`."""
    from modal import Sandbox

    client = modal_client.connect(settings)

    def wait() -> None:
        Sandbox.from_id(sandbox_id, client=client).wait(raise_on_termination=False)

    try:
        within(settings.call_seconds, "waiting for the sandbox's end", wait)
    except CloudMissingError:
        return


def _described(sandbox_id: str, tags: dict[str, str]) -> FoundSandbox:
    told = {name: one_line(value, LONGEST_TAG) for name, value in tags.items()}
    host, user = told.get("host", ""), told.get("user", "")
    started = told.get("started", "")
    return FoundSandbox(
        id=one_line(sandbox_id, LONGEST_TAG),
        run=told.get("run", ""),
        host=host,
        user=user,
        started=float(started) if started.isdecimal() else None,
        state=_state(told),
    )


def _state(told: dict[str, str]) -> State:
    """Whose it is, by the tags that it was started with."""
    here = {
        "host": modal_parts.this_host(),
        "user": modal_parts.this_user(),
        "machine": process_identity.machine(),
    }
    if any(told.get(name, "") != value for name, value in here.items()):
        return "elsewhere"
    if told.get("boot", "") != process_identity.boot():
        return "left behind"  # the machine was started anew since
    if told.get("namespace", "") != process_identity.namespace():
        return "elsewhere"  # another container of this machine
    process_id = told.get("pid", "")
    same = told.get("began", "") == process_identity.began(process_id)
    return "in use" if same and _lives(process_id) else "left behind"


def _lives(process_id: str) -> bool:
    """Whether there is such a process on this machine, and it has not died."""
    if not process_id.isdecimal() or len(process_id) > 10:
        return False
    try:
        os.kill(int(process_id), 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return not _is_zombie(process_id)


def _is_zombie(process_id: str) -> bool:
    """Whether it has died, and the process that started it has not asked how. Known on Linux only."""
    try:
        status = Path(f"/proc/{process_id}/stat").read_bytes()
    except OSError:
        return False
    # The state follows the name in parentheses, which may hold anything.
    return status.rpartition(b")")[2].split()[:1] == [b"Z"]
