"""From what a person asked of a fork to a request that can be started."""

from __future__ import annotations

from pathlib import Path

import msgspec

from rlm_tui.ui.fork_plan import ForkAsked, ForkReady
from rlm_tui.ui.options import settings_with
from rlm_tui.ui.run_control import OFFLINE_PACE_SECONDS, would_run_unconfined


def prepare_fork(asked: ForkAsked, directory: Path) -> ForkReady:
    """Check all that is asked and make the request (in a thread: it reads the log and the documents).

    Raises SettingsError, and ForkError with its kinds.
    """
    from rlm_tui.engine.fork import fork_request

    request = fork_request(
        asked.run,
        asked.at,
        settings_with(asked.overrides, directory),
        code=asked.code,
        remark=asked.remark,
        finish=asked.finish,
        accept_changes=asked.accept_changes,
        volume=asked.volume,
    )
    offline = request.settings.lm is None
    request = msgspec.structs.replace(
        request, hold=asked.hold, attended=True, pace=OFFLINE_PACE_SECONDS if offline else 0.0
    )
    return ForkReady(request, not offline and would_run_unconfined(request.settings))
