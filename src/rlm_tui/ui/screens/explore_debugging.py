"""What a person does to a run while it goes on: hold, release, step, edit, skip, send back, tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events

from rlm_tui.core.change import Change, HoldChanged
from rlm_tui.core.events import Held
from rlm_tui.core.trajectory import Iteration
from rlm_tui.ui.live_run import LiveRun
from rlm_tui.ui.pane_layout import DECK, INSPECTOR, TRAJECTORY
from rlm_tui.ui.screens.ask import AskScreen
from rlm_tui.ui.screens.explore_views import ExploreViews
from rlm_tui.ui.widgets.held_bar import HeldBar, HeldVerb
from rlm_tui.ui.widgets.held_words import COMING, held_words
from rlm_tui.ui.widgets.inspector import Inspector
from rlm_tui.ui.widgets.status_line import StatusLine
from rlm_tui.ui.widgets.trajectory_view import TrajectoryView

HELD_ACTIONS = (
    "release", "step", "step_iteration", "edit_cell", "skip_cell", "remark", "console", "interrupt",
    "budgets", "finish",
)  # fmt: skip
"""The verbs that the bar of a held run offers, the most needed first."""


class ExploreDebugging(ExploreViews):
    """The verbs of the debugger, and the held run in sight."""

    _hold_shown: Held | None = None

    # The held run in sight

    def show_run(self, run: LiveRun) -> None:
        super().show_run(run)
        self.show_hold()

    def show_changes(self, run: LiveRun, changes: Sequence[Change]) -> None:
        super().show_changes(run, changes)
        if not run.active or any(
            isinstance(kind, HoldChanged) for change in changes for kind in change.kinds
        ):
            self.show_hold()

    def show_hold(self) -> None:
        """Say everywhere whether the run is held, or will be at its next boundary."""
        run = self.run
        held = run.trajectory.held if run is not None and run.active else None
        comes = run is not None and run.hold_comes
        self.grid.set_held(held is not None)
        self.query_one(StatusLine).set_held(held is not None, comes=comes)
        words = COMING if comes else None
        if run is not None and held is not None:
            words = held_words(run.trajectory, held)
        self.query_one(HeldBar).show(words, self._held_verbs())
        if held is not self._hold_shown:
            self._hold_shown = held
            self._show_held_place(held)
        self.refresh_bindings()

    def _held_verbs(self) -> list[HeldVerb]:
        """The verbs that can be used now, with the keys that the person has for them."""
        bindings = {binding.action: binding for _, binding in self._bindings}
        for active in self.active_bindings.values():
            if active.node is self:
                bindings[active.binding.action] = active.binding
        return [
            HeldVerb(action, self.app.get_key_display(bindings[action]), bindings[action].description)
            for action in HELD_ACTIONS
            if self.check_action(action, ())
        ]

    def _show_held_place(self, held: Held | None) -> None:
        """Open what the run is held before, with the prompt that led to a cell, unless the person reads."""
        inspector = self.query_one(Inspector)
        before_cell = held is not None and held.before == "cell"
        inspector.suggest_tab("prompt" if before_cell else "variables")
        if held is not None:
            self.query_one(TrajectoryView).open_iteration(held.span)
        if before_cell and self.grid.active not in DECK:
            self.grid.reveal(INSPECTOR)

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.query_one(HeldBar).set_rows(event.size.height)

    async def on_held_bar_verb_chosen(self, event: HeldBar.VerbChosen) -> None:
        await self.app.run_action(event.action, self)

    def on_held_bar_place_chosen(self) -> None:
        self.grid.focus_pane(TRAJECTORY)
        if self._hold_shown is not None:
            self.query_one(TrajectoryView).open_iteration(self._hold_shown.span, go=True)

    # The verbs

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        run = self.run if self.run is not None and self.run.active and not self.run.cancelled else None
        held = None if run is None else run.trajectory.held
        match action:
            case "hold":
                return run is not None and held is None and not run.hold_comes
            case "release":
                return held is not None or (run is not None and run.hold_comes)
            case "step" | "step_iteration":
                return held is not None
            case "edit_cell" | "skip_cell":
                return held is not None and held.before == "cell"
            case "remark":
                return held is not None and held.before in ("plan", "cell")
            case _:
                return super().check_action(action, parameters)

    def action_hold(self) -> None:
        self._use(LiveRun.hold, "holding before the next plan or cell")

    def action_release(self) -> None:
        self._use(LiveRun.release)

    def action_step(self) -> None:
        self._use(LiveRun.step)

    def action_step_iteration(self) -> None:
        self._use(LiveRun.step_iteration)

    def action_skip_cell(self) -> None:
        n = self._held_number
        sentence = (
            f"The cell of iteration {n} is not run. The planner reads your note, if you write one, and the "
            "run is held before its next plan."
        )

        def answered(note: str | None) -> None:
            if note is not None:
                self._use(lambda run: run.skip(note), "the cell is not run")

        self.app.push_screen(AskScreen("Skip the cell", sentence, verb="skips", needed=False), answered)

    def action_remark(self) -> None:
        held = self._hold_shown
        if held is None:
            return
        if held.before == "cell":
            title, verb, done = "Send the planner back", "sends back", "sent back"
            sentence = (
                f"The cell of iteration {self._held_number} is not run. The planner reads what you write and "
                "plans again; the run is held before its new cell."
            )
        else:
            title, verb, done = "Tell the planner", "tells", "told"
            sentence = "The planner reads what you write before its plan; the run stays held."

        def answered(text: str | None) -> None:
            if text is not None:
                self._use(lambda run: run.remark(text), f"the planner is {done}")

        self.app.push_screen(AskScreen(title, sentence, verb=verb), answered)

    def action_edit_cell(self) -> None:
        from rlm_tui.ui.screens.edit_cell import EditCellScreen

        run, iteration = self.run, self._held_iteration
        if run is None or iteration is None or self._hold_shown is None:
            return
        goes_on = self._hold_shown.why == "breakpoint"

        def kept(code: str) -> None:
            run.edit(code)
            self.footer.say("the edited code is what will run", 4.0)

        def ran(code: str) -> None:
            run.edit(code)
            self._use(LiveRun.release if goes_on else LiveRun.step)

        prompt = self.query_one(Inspector).text_of(iteration.prompt)
        self.app.push_screen(EditCellScreen(iteration, prompt, kept, ran, goes_on=goes_on))

    @property
    def _held_iteration(self) -> Iteration | None:
        if self.run is None or self._hold_shown is None:
            return None
        return self.run.trajectory.iteration_of(self._hold_shown.span)

    @property
    def _held_number(self) -> str:
        iteration = self._held_iteration
        return "" if iteration is None else str(iteration.n)

    def _use(self, verb: Callable[[LiveRun], None], done: str = "") -> None:
        """Do something with the run, and say so; or say why it can't be done now."""
        from rlm_tui.engine.verbs import SessionError

        if self.run is None:
            return
        try:
            verb(self.run)
        except SessionError as error:
            self.footer.say(str(error), 6.0)
        else:
            if done:
                self.footer.say(done, 3.0)
        self.show_hold()
