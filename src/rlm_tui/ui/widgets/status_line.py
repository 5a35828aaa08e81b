"""The status line: which run, with what, and what it is doing now, in words, at any width."""

from __future__ import annotations

from typing import NamedTuple

from rich.style import Style

from rlm_tui.core.budget_use import BudgetUse
from rlm_tui.core.change import Change
from rlm_tui.core.events import RunStarted
from rlm_tui.core.text import human_cost, human_seconds, human_size, known_tokens, one_line
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.clock import Now
from rlm_tui.ui.widgets.budget_words import calls_part, share_part
from rlm_tui.ui.widgets.fork_words import forked_briefly, forked_line
from rlm_tui.ui.widgets.row import Line, Span, cut_line, line_width, progress_bar
from rlm_tui.ui.widgets.span_line import SpanLine

TICK_SECONDS = 0.2
BAR = 10
MIN_STATE = 12


class Part(NamedTuple):
    """A piece of the line. `short` stands for it where there is little room."""

    rank: int
    line: Line
    short: Line = ()


class StatusLine(SpanLine):
    """One line: on the left what runs, on the right what it does and has cost.

    What matters least goes first where there is little room; the words of the state always stay.
    """

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._trajectory: Trajectory | None = None
        self._now: Now = lambda: 0.0
        self._ticked_at = -1.0
        self._ready: tuple[str, ...] = ()
        self._remark = ""
        self._hold_comes = False

    def on_mount(self) -> None:
        self.set_interval(TICK_SECONDS, self._tick)

    def show(self, trajectory: Trajectory | None, now: Now | None = None) -> None:
        """Tell of this run from now on; None: there is none."""
        self._trajectory = trajectory
        self._now = now or (lambda: trajectory.now if trajectory is not None else 0.0)
        self._remark = ""
        self.refresh()

    def show_ready(self, *parts: str) -> None:
        """What would run (task, document, LM, sandbox), while nothing has run yet."""
        self._ready = parts
        self.refresh()

    def remark(self, words: str) -> None:
        """Say something in place of the state's words, until it is called with ""."""
        self._remark = words
        self.refresh()

    def set_held(self, held: bool, *, comes: bool = False) -> None:
        """Be in the colour of what is held while the run is; or say that it will be at its next boundary."""
        self._hold_comes = comes
        self.set_class(held, "-held")
        self.refresh()

    def apply(self, change: Change) -> None:
        """Take up a change. Several in a row cost one redraw."""
        self.stale()

    def _tick(self) -> None:
        if self._trajectory is None or self._trajectory.finished is not None:
            return
        if self._now() != self._ticked_at:  # at a moment of a saved run the time stands still
            self.refresh()

    def role_style(self, role: str) -> Style:
        return Style.null() if self.has_class("-held") else super().role_style(role)

    def line(self, width: int) -> Line:
        """What the line says in `width` cells."""
        self._ticked_at = self._now()
        return fit(self._left(), self._right(width), width)

    def _left(self) -> list[Part]:
        trajectory = self._trajectory
        started = trajectory.started if trajectory is not None else None
        parts = [Part(9, (("rlm-tui", "accent"),))]
        if started is None:
            return parts + [
                Part(rank, ((one_line(part, 60), "text"),)) for rank, part in enumerate(self._ready, 3)
            ]
        parts.append(_subject(started))
        if started.forked is not None:
            parts.append(Part(6, forked_line(started.forked), forked_briefly(started.forked)))
        if started.offline:
            parts.append(Part(0, (("offline demo", "busy"),), (("offline", "busy"),)))
        elif started.planner or not started.imported:
            parts.append(_models(started))
        if started.imported:
            parts.append(Part(0, ((f"imported from {one_line(started.imported, 30)}", "label"),)))
            return parts
        sandbox = started.sandbox
        if not sandbox.confined:
            parts.append(Part(0, (("unconfined", "busy"),)))
        where: list[Span] = [(one_line(sandbox.kind, 20), "good" if sandbox.confined else "text")]
        if sandbox.confined and sandbox.detail:
            where.append((f" {one_line(sandbox.detail.split(':')[0], 24)}", "dim"))
        parts.append(Part(10, tuple(where), tuple(where[:1])))
        if sandbox.volume:
            parts.append(Part(12, ((one_line(sandbox.volume, 30), "dim"),)))
        return parts

    def _right(self, width: int) -> list[Part]:
        trajectory = self._trajectory
        if trajectory is None:
            return [Part(0, (("○", "dim"), (f" {self._remark or 'ready'}", "dim")))]
        now = self._now()
        finished = trajectory.finished
        activity = trajectory.activity(now)
        role = state_role(activity.state)
        words = one_line(self._remark or activity.words, max(28, width * 2 // 5))
        parts = [Part(0, ((activity.sign, role), (f" {words}", role)))]
        if finished is None and self._hold_comes:
            parts.append(Part(1, (("‖ then held", "held"),)))
        if finished is None and (progress := trajectory.progress()) is not None and progress[1] > 1:
            parts.append(Part(11, progress_bar(progress[1], BAR, done=progress[0])))
        if trajectory.iterations:
            last = trajectory.iterations[-1]
            of: Line = (("iteration ", "dim"), (str(last.n), "strong"), (f"/{last.of}", "dim"))
            parts.append(Part(3, of, of[1:]))
        totals = trajectory.totals
        uses = {use.name: use for use in trajectory.budget_uses(now)}
        seconds = totals.seconds if finished is not None and totals.seconds else now
        parts.append(_budgeted(4, ((human_seconds(seconds), "text"),), uses["max_seconds"]))
        if finished is None and trajectory.calls:
            calls = uses["max_llm_calls"]
            parts.append(Part(2 if calls.is_short else 8, calls_part(calls)))
        tokens = known_tokens(totals.prompt_tokens + totals.completion_tokens, known=totals.tokens_known)
        spent: Line = ((tokens, "text"), (" tok", "dim"))
        parts.append(_budgeted(7, spent, uses["max_tokens"]))
        cost = human_cost(totals.cost_usd if totals.cost_known else None)
        parts.append(_budgeted(6, ((cost, "text"),), uses["max_cost_usd"]))
        return parts


def _budgeted(rank: int, amount: Line, use: BudgetUse) -> Part:
    """An amount with the part of its budget that is used; it stays longer where that is nearly all."""
    return Part(2 if use.is_short else rank, (*amount, *share_part(use)), amount)


def _subject(started: RunStarted) -> Part:
    """The task, and the document it works on."""
    task: Line = ((one_line(started.task, 40), "strong"),)
    what = list(task)
    documents = list(started.documents.values())
    for document in documents[:1]:
        name = one_line(document.name, 40)
        what += [(" on ", "dim"), (name, "strong"), (f" {human_size(document.size)}", "dim")]
    if len(documents) > 1:
        what.append((f" +{len(documents) - 1}", "dim"))
    return Part(5, tuple(what), task)


def _models(started: RunStarted) -> Part:
    planner: Line = ((short_model(started.planner), "text"),)
    if not started.sub_lm or started.sub_lm == started.planner:
        return Part(8, planner)
    return Part(8, (*planner, (" + ", "dim"), (short_model(started.sub_lm), "text")), planner)


def state_role(state: str) -> str:
    """The colour of the run's state; its words and its sign say the same."""
    roles = {
        "idle": "dim",
        "held": "held",
        "submitted": "good",
        "failed": "bad",
        "lost": "bad",
        "interrupted": "bad",
    }
    return roles.get(state, "busy")


def short_model(name: str) -> str:
    """A model's name without its provider: "openai/gpt-5-mini" is "gpt-5-mini"."""
    return one_line(name.rsplit("/", 1)[-1], 32)


def fit(left: list[Part], right: list[Part], width: int) -> Line:
    """Both sides in `width` cells. What has the greatest rank gets shorter first, then goes; rank 0 stays."""
    left, right = list(left), list(right)
    while True:
        one = _joined(left, (" │ ", "faint"))
        other = _joined(right, (" · ", "faint"))
        gap = 2 if one else 0
        if line_width(one) + gap + line_width(other) <= width:
            blank = " " * (width - line_width(one) - line_width(other))
            return (*one, (blank, "text"), *other)
        last = max((*left, *right), key=lambda part: (part.rank, bool(part.short)))
        if last.rank == 0 and not last.short:
            room = width - line_width(one) - gap
            return (
                (*one, ("  ", "text"), *cut_line(other, room)) if room > MIN_STATE else cut_line(other, width)
            )
        for parts in (left, right):
            if last in parts:
                shorter = [Part(last.rank, last.short)] if last.short else []
                at = parts.index(last)
                parts[at : at + 1] = shorter


def _joined(parts: list[Part], separator: Span) -> Line:
    line: list[Span] = []
    for part in parts:
        if line:
            line.append(separator)
        line.extend(part.line)
    return tuple(line)
