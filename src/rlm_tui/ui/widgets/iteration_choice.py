"""Choose the iteration from which a saved run goes on otherwise."""

from __future__ import annotations

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from rlm_tui.ui.saved_runs import SavedRun

_COLOURS = {"good": "$text-success", "bad": "$text-error", "held": "$text-accent", "busy": "$text-warning"}


class IterationChoice(OptionList):
    """`show` it a run; `at` is the number of the chosen iteration, 0 while there is none."""

    DEFAULT_CSS = """
    IterationChoice {
        height: 1fr; min-height: 3; border: none; padding: 0; background: transparent;
        text-wrap: nowrap; text-overflow: ellipsis; scrollbar-size-vertical: 1;
    }
    IterationChoice > .option-list--option { padding: 0; }
    """

    class Chosen(Message):
        """Another iteration is chosen."""

        def __init__(self, at: int) -> None:
            super().__init__()
            self.at = at

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, compact=True, markup=False)
        self.at = 0

    def show(self, run: SavedRun | None, at: int = 0) -> None:
        """List the iterations of a run, number `at` chosen; 0: the last. None: there are none."""
        with self.prevent(OptionList.OptionHighlighted):
            self.clear_options()
            if run is not None:
                self.add_options(Option(line) for line in iteration_lines(run))
                last = max(1, len(run.iterations))
                self.highlighted = (at if 0 < at <= self.option_count else last) - 1
        self._choose(0 if self.highlighted is None or run is None else self.highlighted + 1)

    def say(self, words: str) -> None:
        """Say something in place of iterations, which there are none of."""
        self.show(None)
        self.add_option(Option(Content(words), disabled=True))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._choose(event.option_index + 1)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()

    def _choose(self, at: int) -> None:
        if at != self.at or at == 0:
            self.at = at
            self.post_message(self.Chosen(at))


def iteration_lines(run: SavedRun) -> list[Content]:
    """A line for each iteration: how it ended, its number, its title; the last line is what would follow.

    Nothing follows an iteration that submitted.
    """
    width = len(str(run.after_last))
    lines = [
        Content.assemble(
            (f"{item.sign[0]} ", _COLOURS.get(item.sign[1], "$text-muted")),
            (f"{item.n:>{width}}  ", "bold"),
            (f"{item.word:<12}", "$text-muted"),
            (item.title, ""),
        )
        for item in run.iterations
    ]
    if run.iterations and run.iterations[-1].submitted:
        return lines
    after = "after the last" if run.iterations else "from the beginning: no iteration has ended"
    if run.planned is not None:
        after = f"{'has no end':<12}{run.planned.title}"
    number = (f"{run.after_last:>{width}}  ", "bold")
    return [*lines, Content.assemble(("+ ", "$text-muted"), number, (after, ""))]
