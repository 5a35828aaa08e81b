"""Runs to be forked, and their forks, for tests."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from rlm_tui.core.events import Event
from rlm_tui.core.settings import LMSettings, Secret, Settings
from rlm_tui.core.settings_sources import COMMAND_LINE
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.engine.fork import fork_request
from rlm_tui.store.run_log import RunLog, open_run
from tests.integration.session_runs import KEY, WatchedRun, request, run
from tests.lm_server import LoopbackLM

Kind = TypeVar("Kind", bound=Event)


def settings(server: LoopbackLM | None = None, **chosen: Any) -> Settings:
    """What is configured where a fork is begun; `chosen` are fields as if given on the command line."""
    lm = None
    if server is not None:
        lm = LMSettings(model="openai/test-model", api_base=server.api_base, api_key=Secret(KEY))
    found = Settings(lm=lm)
    for name, value in chosen.items():
        section, _, field = name.partition("__")
        found = msgspec.structs.replace(
            found,
            **{section: msgspec.structs.replace(getattr(found, section), **{field: value})},
            source={**found.source, f"{section}.{field}": COMMAND_LINE},
        )
    return found


def saved(server: LoopbackLM | None, **options: Any) -> tuple[RunLog, Trajectory]:
    """A run that was made and kept."""
    watched = run(request(server=server, **options), keep=True)
    assert watched.session.events_path is not None
    log = open_run(watched.session.events_path)
    return log, log.trajectory()


def forked(log: RunLog, at: int, configured: Settings, **options: Any) -> WatchedRun:
    """A fork, run to its end."""
    watched = run(fork_request(log.path, at, configured, **options))
    watched.finished()
    return watched


def one(watched: WatchedRun, kind: type[Kind]) -> Kind:
    """The only event of that kind."""
    (event,) = watched.all(kind)
    return event
