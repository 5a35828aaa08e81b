"""Forks of saved runs on the Explore screen: the dialog, and the run that comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rlm_tui.ui.live_run import LiveRun
from rlm_tui.ui.screens.confirm import Choice, ConfirmScreen
from rlm_tui.ui.screens.explore_views import ExploreViews
from rlm_tui.ui.widgets.trajectory_view import TrajectoryView

if TYPE_CHECKING:
    from rlm_tui.engine.session import RunRequest
    from rlm_tui.ui.fork_plan import ForkReady


class ExploreFork(ExploreViews):
    """Forks the run on the screen, or any saved one; the screen it is mixed into starts what comes of it."""

    _fork_waits: tuple[LiveRun, ForkReady] | None = None
    """The run that was cancelled, and what is started when it has ended."""

    def launch_asked(self, request: RunRequest, *, unconfined: bool) -> None:
        """Start the run, asked first where a model's code would be `unconfined`."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        run = self.run
        ended = run is not None and not run.active and bool(run.trajectory.iterations)
        match action:
            case "fork_shown":
                return ended and self._fork_offer()[0] is not None
            case "fork":
                return not self.check_action("fork_shown", ())
            case _:
                return super().check_action(action, parameters)

    def action_fork_shown(self) -> None:
        self.action_fork()

    def action_fork(self) -> None:
        self.fork_from(*self._fork_offer())

    def fork_from(self, run: Path | None, at: int) -> None:
        """Ask what is to be forked; the run in the folder `run` is offered first, at its iteration `at`."""
        from rlm_tui.ui.fork_request import prepare_fork
        from rlm_tui.ui.screens.fork import ForkScreen

        settings = self.run_settings
        screen = ForkScreen(settings, lambda asked: prepare_fork(asked, self.directory), run, at)
        self.app.push_screen(screen, self._fork_answered)

    def _fork_offer(self) -> tuple[Path | None, int]:
        """The folder of the run on the screen, and the number of the iteration that is looked at there."""
        run = self.run
        session = None if run is None else run.session
        if run is None or session is None or session.events_path is None:
            return None, 0
        iteration = run.trajectory.iteration_of(self.query_one(TrajectoryView).selected)
        while iteration is not None and (call := run.trajectory.rlm_of(iteration)) is not None:
            iteration = call.iteration
        return session.events_path.parent, 0 if iteration is None else iteration.n

    def _fork_answered(self, ready: ForkReady | None) -> None:
        if ready is None:
            return
        run = self.run
        if run is None or not run.active:
            self.launch_asked(ready.request, unconfined=ready.unconfined)
            return

        def answered(answer: str | None) -> None:
            if answer == "cancel":
                self._fork_after(run, ready)

        self.app.push_screen(
            ConfirmScreen(
                "A run goes on",
                "The run on the screen has not ended. Cancelled, it keeps what it found so far.",
                [Choice("stay", "n", "Don't fork"), Choice("cancel", "c", "Cancel it and start the fork")],
            ),
            answered,
        )

    def _fork_after(self, run: LiveRun, ready: ForkReady) -> None:
        if not run.active:
            self.launch_asked(ready.request, unconfined=ready.unconfined)
            return
        self._fork_waits = run, ready
        run.cancel()
        self.footer.say("cancelling: then the fork starts", 6.0)

    def on_explore_screen_run_ended(self) -> None:
        waits, self._fork_waits = self._fork_waits, None
        if waits is not None and waits[0] is self.run:
            self.launch_asked(waits[1].request, unconfined=waits[1].unconfined)
