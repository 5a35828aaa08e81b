"""A run on a terminal: the lines scroll by, and one live line below says what it is doing now."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.syntax import Syntax
from rich.text import Text

from rlm_tui.core import events
from rlm_tui.core.text import human_cost, human_count, human_seconds, one_line, visible
from rlm_tui.headless.lines import prefix_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from rlm_tui.core.trajectory import Trajectory


class LivePrinter:
    """Prints with Rich; nothing that came from a model, a document or a sandbox is ever read as markup."""

    def __init__(self, trajectory: Trajectory, clock: Callable[[], float]) -> None:
        self._trajectory = trajectory
        self._clock = clock
        self._console = Console(file=sys.stdout, highlight=False)
        self._spinner = Spinner("dots", style="yellow")
        self._live = Live(
            console=self._console,
            get_renderable=self._status,
            refresh_per_second=10,
            transient=True,
            redirect_stdout=False,
        )

    def __enter__(self) -> LivePrinter:
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.__exit__(None, None, None)

    def print_event(self, event: events.AnyEvent, trajectory: Trajectory) -> None:
        """Print what `event` adds above the live line."""
        match event:
            case events.RunStarted():
                offline = " · answers come from the offline demo, no LM is called" if event.offline else ""
                self._text(f"{event.task} · {event.planner}{offline}", "bold")
            case events.SandboxReady():
                confinement = event.detail or ("confined" if event.confined else "unconfined")
                self._text(f"sandbox {event.kind} · {confinement}", "dim" if event.confined else "yellow")
            case events.PlanReady():
                self._plan(event, trajectory)
            case events.CellOutput():
                self._text(event.text.rstrip("\n"), "red" if event.stream == "stderr" else "")
            case events.CellFinished() if event.error is not None:
                self._text(f"{event.status}: {event.error.kind}: {event.error.message}", "red")
            case events.SandboxLost():
                self._text(f"sandbox lost: {event.reason}", "bold red")
            case events.PrefixReplayed():
                self._console.print()
                self._text(prefix_words(event), "bold")
                for sentence in event.differed:
                    self._text(f"  differs: {sentence}", "yellow")
            case events.Note():
                self._text(event.text, {"info": "dim", "warning": "yellow", "error": "red"}[event.level])
            case events.RunFinished():
                self._finish(event)
            case _:
                pass

    def idle(self) -> None:
        """The live line renews itself."""

    def _plan(self, event: events.PlanReady, trajectory: Trajectory) -> None:
        iteration = trajectory.iteration(event.span)
        number = f"{iteration.n}/{iteration.of}" if iteration else "?"
        self._console.print()
        title = one_line(event.reasoning.text or event.remark or "no reasoning", 400)
        self._text(f"▶ {number}  {title}", "cyan")
        if event.code.text.strip():
            self._print(Syntax(visible(event.code.text).rstrip(), "python", background_color="default"))

    def _finish(self, event: events.RunFinished) -> None:
        totals = event.totals
        good = event.status in ("submitted", "extracted")
        self._console.print()
        cost = human_cost(totals.cost_usd) if totals.cost_known else "cost unknown"
        tokens = human_count(totals.prompt_tokens + totals.completion_tokens)
        self._text(
            f"{'✓' if good else '✗'} {event.status} · {totals.iterations} iterations"
            f" · {totals.llm_calls} calls"
            f" · {tokens} tokens · {cost} · {human_seconds(totals.seconds)}",
            "bold green" if good else "bold red",
        )
        for name, value in event.outputs.items():
            self._text(name, "bold")
            for item in value if isinstance(value, list) else [value]:
                self._text(f"  {'• ' if isinstance(value, list) else ''}{item}", "")
        if event.error is not None:
            self._text(event.error.message, "red")
            if event.error.hint:
                self._text(event.error.hint, "")

    def _status(self) -> RenderableType:
        trajectory = self._trajectory
        totals = trajectory.totals
        activity = trajectory.activity(self._clock())
        cost = human_cost(totals.cost_usd) if totals.cost_known else "cost unknown"
        tokens = human_count(totals.prompt_tokens + totals.completion_tokens)
        seconds = human_seconds(self._clock())
        self._spinner.update(text=Text(f"{activity.words} · {seconds} · {tokens} tokens · {cost}"))
        return self._spinner

    def _text(self, text: str, style: str) -> None:
        self._print(Text(visible(text), style=style))

    def _print(self, renderable: RenderableType) -> None:
        self._console.print(renderable)
