"""Choose one of the saved runs: a list of them with a field that filters it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from rlm_tui.core.text import human_age, one_line, visible
from rlm_tui.store.listing import RunSummary

_SIGNS = {
    "submitted": ("✓", "$text-success"),
    "extracted": ("✓", "$text-success"),
    "failed": ("✗", "$text-error"),
    "unreadable": ("✗", "$text-error"),
    "running": ("▶", "$text-warning"),
}
_STOPPED = ("■", "$text-warning")
TASK_CELLS = 16


class RunChoice(Vertical):
    """`show` it runs; `chosen` is the highlighted one, and `Chosen` tells of another."""

    DEFAULT_CSS = """
    RunChoice { height: auto; }
    RunChoice > OptionList {
        height: 1fr; min-height: 3; border: none; padding: 0; background: transparent;
        text-wrap: nowrap; text-overflow: ellipsis; scrollbar-size-vertical: 1;
    }
    RunChoice > OptionList > .option-list--option { padding: 0; }
    RunChoice > .run-words {
        height: 2; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis;
    }
    """

    class Chosen(Message):
        """Another run is chosen; None: none is there."""

        def __init__(self, run: RunSummary | None) -> None:
            super().__init__()
            self.run = run

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.chosen: RunSummary | None = None
        self._runs: tuple[RunSummary, ...] = ()
        self._listed: tuple[RunSummary, ...] = ()
        self._now = datetime.now(UTC)

    def compose(self) -> ComposeResult:
        yield Input(
            placeholder="filter: task, status, document, id",
            id="run-filter",
            compact=True,
            select_on_focus=False,
        )
        yield OptionList(id="run-list", compact=True, markup=False)
        yield Static("", markup=False, classes="run-words")

    @property
    def run_list(self) -> OptionList:
        """The list itself."""
        return self.query_one(OptionList)

    def show(self, runs: Sequence[RunSummary]) -> None:
        """List these runs, the first of them chosen."""
        self._runs = tuple(runs)
        self._now = datetime.now(UTC)
        self._fill()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._fill()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.run_list.focus()

    def _fill(self) -> None:
        wanted = self.query_one(Input).value.lower().split()
        self._listed = tuple(run for run in self._runs if all(word in _searched(run) for word in wanted))
        ids = [run.run_id for run in self._listed]
        at = ids.index(self.chosen.run_id) if self.chosen and self.chosen.run_id in ids else 0
        rows = self.run_list
        with self.prevent(OptionList.OptionHighlighted):
            rows.clear_options()
            rows.add_options(Option(run_line(run, self._now)) for run in self._listed)
            rows.highlighted = at if self._listed else None
        self._choose(self._listed[at] if self._listed else None)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option_index < len(self._listed):
            self._choose(self._listed[event.option_index])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()

    def _choose(self, run: RunSummary | None) -> None:
        words = run_words(run) if run is not None else "No run matches." if self._runs else ""
        self.query_one(".run-words", Static).update(Content(words))
        if run is not self.chosen:
            self.chosen = run
            self.post_message(self.Chosen(run))


def _searched(run: RunSummary) -> str:
    started = run.started
    words = [run.run_id, run.status]
    if started is not None:
        words += [started.task, started.planner, *(item.name for item in started.documents.values())]
        words.append("fork" if started.forked is not None else "")
    return " ".join(words).lower()


def run_line(run: RunSummary, now: datetime) -> Content:
    """A run in one line: its task, how it ended, its iterations, its age, and whether it is a fork."""
    sign, colour = _SIGNS.get(run.status, _STOPPED)
    task = one_line(run.started.task if run.started is not None else run.run_id, TASK_CELLS)
    totals = run.totals
    iterations = "" if totals is None else f"{totals.iterations} it."
    parts: list[tuple[str, str]] = [
        (f"{sign} ", colour),
        (f"{task:<{TASK_CELLS}} ", "bold"),
        (f"{run.status:<11} ", colour),
        (f"{iterations:>6} {_age(run, now):>6}", "$text-muted"),
    ]
    if run.started is not None and run.started.forked is not None:
        parts.append((f"  ↳ at {run.started.forked.at}", "$text-accent"))
    return Content.assemble(*parts)


def run_words(run: RunSummary) -> str:
    """What the line has no room for: the run's id, its documents and models; or why it can't be read."""
    if run.problem:
        return visible(run.problem)
    words: list[str] = []
    if (started := run.started) is not None:
        if (forked := started.forked) is not None:
            words.append(f"fork of {one_line(forked.run_id, 60)} at {forked.at}")
        words += [one_line(item.name, 40) for item in started.documents.values()][:2]
        words += ["offline demo" if started.offline else one_line(started.planner, 40), started.sandbox.kind]
    return f"{run.run_id}\n{' · '.join(word for word in words if word)}"


def _age(run: RunSummary, now: datetime) -> str:
    if run.started is None or not run.started.started:
        return ""
    try:
        began = datetime.fromisoformat(run.started.started)
        return human_age((now - began).total_seconds())
    except (ValueError, TypeError):
        return ""
