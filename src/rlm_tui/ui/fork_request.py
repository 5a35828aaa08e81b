"""From what a person asked of a fork to a request that can be started."""

from __future__ import annotations

from pathlib import Path

from rlm_tui.ui.fork_plan import ForkAsked, ForkReady


def prepare_fork(asked: ForkAsked, directory: Path) -> ForkReady:
    raise NotImplementedError
