"""What can be looked at of a run, live or saved: found texts, the timeline, nested RLMs; and its exports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from textual.screen import Screen

from rlm_tui.core.events import Value
from rlm_tui.core.text import human_size, visible
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.clock import Now
from rlm_tui.ui.pane_layout import INSPECTOR
from rlm_tui.ui.widgets.inspector import Inspector
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.pane import PaneGrid
from rlm_tui.ui.widgets.targets import CallLine
from rlm_tui.ui.widgets.trajectory_view import TrajectoryView

if TYPE_CHECKING:
    from rlm_tui.ui.screens.export import Exported
    from rlm_tui.ui.screens.find import Found


class LookedAt(NamedTuple):
    """The run of a screen. `text` resolves long texts; `folder` is where it is saved, if it is."""

    trajectory: Callable[[], Trajectory]
    text: Callable[[Value], str]
    now: Now
    folder: Path | None


class RunLooks(Screen):  # type: ignore[type-arg]
    """The verbs; the screen that it is mixed into says which run is `looked_at`."""

    _found: Found | None = None

    @property
    def looked_at(self) -> LookedAt | None:
        """The run that is shown."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "find" | "timeline" | "nested":
                return self.looked_at is not None
            case "export":
                return (run := self.looked_at) is not None and run.folder is not None
            case "next_hit":
                return self._found is not None
            case _:
                return super().check_action(action, parameters)

    def go_to_span(self, span: str | None) -> None:
        """Show an iteration, or a call."""
        run = self.looked_at
        if not span or run is None:
            return
        if run.trajectory().call(span) is None:
            self.query_one(TrajectoryView).open_iteration(span, go=True)
            return
        self.query_one(Inspector).select_call(span)
        self.query_one(PaneGrid).focus_pane(INSPECTOR)

    # Find

    def action_find(self) -> None:
        from rlm_tui.ui.screens.find import FindScreen, source_text

        if (run := self.looked_at) is None:
            return
        screen = FindScreen(run.trajectory(), source_text(run.text), self._found)
        self.app.push_screen(screen, self.show_found)

    def show_found(self, found: Found | None) -> None:
        """Show a hit: its iteration in the trajectory, and the text with the place marked."""
        run = self.looked_at
        if found is None or run is None:
            return
        self._found = found
        hit = found.hit
        inspector = self.query_one(Inspector)
        if run.trajectory().call(hit.span) is None and hit.span:
            self.query_one(TrajectoryView).open_iteration(hit.span, go=True)
        inspector.show_found(hit.span, found.tab, hit.found, found.occurrence)
        self.query_one(PaneGrid).focus_pane(INSPECTOR)
        self.query_one(KeyFooter).say(found.words, 6.0)
        self.refresh_bindings()

    def action_next_hit(self, step: int) -> None:
        if self._found is not None:
            self.show_found(self._found.moved(step))

    # The timeline, nested RLMs

    def action_timeline(self) -> None:
        from rlm_tui.ui.screens.timeline import TimelineScreen

        if (run := self.looked_at) is not None:
            screen = TimelineScreen(run.trajectory, run.now, self._open_calls)
            self.app.push_screen(screen, self.go_to_span)

    def _open_calls(self, span: str) -> None:
        """Show all calls in full, this one first."""
        raise NotImplementedError

    def action_nested(self) -> None:
        from rlm_tui.ui.screens.nested import NestedScreen

        if (run := self.looked_at) is None:
            return
        row = self.query_one(TrajectoryView).current_row
        target = None if row is None else row.target
        span = target.span if isinstance(target, CallLine) and target.opens else ""
        self.app.push_screen(NestedScreen(run.trajectory, run.now, span, self._open_calls), self.go_to_span)

    # Exports

    def action_export(self) -> None:
        from rlm_tui.ui.screens.export import ExportScreen

        if (run := self.looked_at) is not None and run.folder is not None:
            picture = self.app.export_screenshot(title=run.folder.name)
            self.app.push_screen(ExportScreen(run.folder, picture), self._say_exported)

    def _say_exported(self, exported: Exported | None) -> None:
        if exported is not None:
            words = f"Written to {visible(str(exported.path))} ({human_size(exported.size)})"
            self.query_one(KeyFooter).say(words, 6.0)
