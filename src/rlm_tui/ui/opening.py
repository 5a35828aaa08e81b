"""What is opened behind the first frame: the settings, the tasks, the Explore screen, and then the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic, sleep

from rlm_tui.core.settings import Settings, UISettings
from rlm_tui.core.tasks import TaskRegistry
from rlm_tui.ui.garbage import leave_alone
from rlm_tui.ui.options import settings_with
from rlm_tui.ui.run_control import StartSession, bubblewrap_usable, start_engine_session
from rlm_tui.ui.screens.explore import ExploreScreen

FIRST_TASK = "architecture"
LONGEST_WAIT, WAIT_SECONDS = 10.0, 0.05


def open_explore(
    settings: Settings | None,
    registry: TaskRegistry | None,
    task: str | None,
    documents: Sequence[str],
    directory: Path | None,
    start_session: StartSession | None,
) -> tuple[ExploreScreen, UISettings]:
    """The Explore screen for what was asked, and how it is to look. Raises SettingsError, UnknownTask."""
    settings = settings or settings_with({})
    registry = registry or TaskRegistry.with_own(directory)
    explore = ExploreScreen(
        settings,
        registry,
        registry.get(task if task is not None else FIRST_TASK),
        documents,
        directory or Path.cwd(),
        start_session or start_engine_session,
    )
    return explore, settings.ui


def warm_up(tell_confinement: Callable[[bool], object], reading: Callable[[], bool]) -> None:
    """Probe bubblewrap, and import the engine with dspy, which takes seconds, and more (in a thread).

    While the app is `reading` a log, it waits: a run that was asked for is to be seen before another is made.
    """
    tell_confinement(bubblewrap_usable())
    late = monotonic() + LONGEST_WAIT
    while reading() and monotonic() < late:
        sleep(WAIT_SECONDS)
    import rlm_tui.engine.rlm
    import rlm_tui.ui.screens.calls
    import rlm_tui.ui.screens.replay
    import rlm_tui.ui.screens.runs  # noqa: F401

    leave_alone()
