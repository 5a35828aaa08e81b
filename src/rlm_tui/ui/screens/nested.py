"""Nested RLMs: the tree of all RLMs of a run, what each used, and the trajectory of the one looked at."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from rlm_tui.core.nesting import Rlm, part_of, rlms
from rlm_tui.core.text import one_line
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.clock import Now
from rlm_tui.ui.screens.left_once import LeftOnce
from rlm_tui.ui.screens.nested_bindings import NESTED_BINDINGS
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.nesting_rows import summary
from rlm_tui.ui.widgets.rlm_tree import RlmTree
from rlm_tui.ui.widgets.run_messages import CallSelected, IterationSelected, MoreWanted
from rlm_tui.ui.widgets.runs_list import RunsWords
from rlm_tui.ui.widgets.trajectory_view import TrajectoryView

REFRESH_SECONDS = 0.5
MOST_OPENED = 20
"""Iterations of a nested RLM that are all shown open."""
SHARE = 4.0
"""A run that goes on is looked at again after so many times as long as looking took."""
HOLDS = "each row includes those below it"
EMPTY = "This RLM has not begun its first iteration."


class NestedScreen(LeftOnce[str]):
    """Answers with the span of an iteration or a call that is to be seen in the run, or None."""

    place = "Nested RLMs"
    AUTO_FOCUS = "#nested-tree"
    CSS_PATH = "../app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = NESTED_BINDINGS

    def __init__(
        self,
        trajectory: Callable[[], Trajectory],
        now: Now | None = None,
        span: str = "",
        open_call: Callable[[str], None] | None = None,
    ) -> None:
        """Opens at the nested RLM that the call `span` started. `now` counts the seconds of a live run,
        `open_call` shows the call of a span in full.
        """
        super().__init__()
        self._open_call = open_call
        self._trajectory = trajectory
        self._now = now or (lambda: trajectory().now)
        self._first = span
        self._rlms: list[Rlm] = []
        self._shown: str | None = None
        self._iteration = ""
        self._read_from: Trajectory | None = None
        self._seen: tuple[object, ...] = ()
        self._reading = False
        self._not_before = 0.0

    def compose(self) -> ComposeResult:
        yield RunsWords(id="nested-words")
        yield RlmTree()
        yield RunsWords(id="nested-heading")
        yield TrajectoryView(id="nested-trajectory", empty=EMPTY)
        yield KeyFooter()

    @property
    def tree_of_rlms(self) -> RlmTree:
        return self.query_one(RlmTree)

    def on_mount(self) -> None:
        self._read()
        self.set_interval(REFRESH_SECONDS, self._read_live)

    def _read_live(self) -> None:
        """Take up what has happened; once more after the end."""
        trajectory = self._trajectory()
        over = trajectory.finished is not None or trajectory.interrupted
        state = (id(trajectory), trajectory.last_seq, over)
        if state != self._seen and not self._reading and monotonic() >= self._not_before:
            self._seen = state
            self._read()
            self.query_one(TrajectoryView).look_again()
        elif not over:
            self.tree_of_rlms.tick(self._now())

    def _read(self) -> None:
        """Find the RLMs, in a thread: every call is looked at."""
        self._reading = True
        trajectory = self._trajectory()

        def read() -> None:
            began = monotonic()
            every = rlms(trajectory)
            self.app.call_from_thread(self._show_rlms, trajectory, every, monotonic() - began)

        self.run_worker(read, thread=True, group="rlms")

    def _show_rlms(self, trajectory: Trajectory, every: list[Rlm], took: float) -> None:
        self._reading = False
        self._not_before = monotonic() + SHARE * took
        if not self.is_attached:
            return
        before, self._rlms = self._rlms, every
        state = next((one.state for one in before if one.span == self._shown), None)
        self.tree_of_rlms.show(every, self._now())
        self.query_one("#nested-words", RunsWords).say(summary(every[0]), HOLDS)
        if not before and self._first:
            self.go_to(self._first)
        ended = state == "running" and self._of(self._shown or "").state != "running"
        if ended or trajectory is not self._read_from:
            self._shown = None
        self._read_from = trajectory
        self._look()

    def _of(self, span: str) -> Rlm:
        return next((one for one in self._rlms if one.span == span), self._rlms[0])

    def go_to(self, span: str) -> None:
        """Look at the RLM that the call `span` started, the run itself for ""."""
        self.tree_of_rlms.go_to(span)

    def on_rlm_tree_moved(self) -> None:
        self._look()

    def _look(self) -> None:
        """Show the trajectory of the RLM under the cursor."""
        rlm = self.tree_of_rlms.highlighted
        if rlm is None or rlm.span == self._shown:
            return
        self._shown, self._iteration = rlm.span, ""
        self.refresh_bindings()
        trajectory = self._trajectory()
        part = trajectory if rlm.call is None else part_of(trajectory, rlm.call)
        started = rlm.started_at
        view = self.query_one(TrajectoryView)
        view.show(part, lambda: self._now() - (started if part.finished else 0.0))
        if rlm.call is not None and len(rlm.iterations) <= MOST_OPENED:
            view.open_all()
        path = [one_line(rlm.name, 40)]
        while rlm.call is not None:
            rlm = self._of(rlm.parent)
            path.insert(0, one_line(rlm.name, 40))
        self.query_one("#nested-heading", RunsWords).say(" › ".join(path), "Tab reads it")

    # What the person does

    def on_rlm_tree_chosen(self) -> None:
        self.query_one(TrajectoryView).focus()

    def action_other_part(self) -> None:
        view = self.query_one(TrajectoryView)
        (self.tree_of_rlms if view.has_focus else view).focus()

    def action_up(self) -> None:
        rlm = self.tree_of_rlms.highlighted
        if rlm is not None and rlm.call is not None:
            self.go_to(rlm.parent)

    def action_down(self) -> None:
        rlm = self.tree_of_rlms.highlighted
        inner = [one for one in self._rlms if rlm is not None and one.call and one.parent == rlm.span]
        if inner:
            self.go_to(inner[0].span)

    def on_iteration_selected(self, event: IterationSelected) -> None:
        event.stop()
        self._iteration = event.span

    def on_call_selected(self, event: CallSelected) -> None:
        event.stop()
        call = self._trajectory().call(event.span)
        if call is not None and call.kind != "sub_rlm":
            self.dismiss(event.span)

    def on_more_wanted(self, event: MoreWanted) -> None:
        event.stop()
        self.dismiss(event.span)

    def action_go(self) -> None:
        if not self._rlms:
            return
        iterations = self._of(self._shown or "").iterations
        self.dismiss(self._iteration or (iterations[0].span if iterations else ""))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action != "in_full":
            return True
        rlm = self.tree_of_rlms.highlighted if self.is_attached and self._rlms else None
        return self._open_call is not None and rlm is not None and rlm.call is not None

    def action_in_full(self) -> None:
        rlm = self.tree_of_rlms.highlighted
        if rlm is not None and self._open_call is not None:
            self._open_call(rlm.span)

    def action_back(self) -> None:
        if self.query_one(TrajectoryView).has_focus:
            self.tree_of_rlms.focus()
        else:
            self.dismiss(None)
