"""The field of the filter of calls: it completes what is typed, and below it stands what can be typed."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.suggester import Suggester
from textual.widgets import Input, Static

from rlm_tui.core.call_filter_help import SYNTAX, completed, next_parts


class _Completion(Suggester):
    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        return completed(value)


class CallFilterField(Vertical):
    """An `Input` named `calls-filter`, which tells its changes itself."""

    DEFAULT_CSS = """
    CallFilterField { height: auto; display: none; }
    CallFilterField > Static { display: none; height: auto; max-height: 3; color: $text-muted; }
    CallFilterField.-typing > Static { display: block; }
    """

    def compose(self) -> ComposeResult:
        yield Input(
            placeholder='kind:batch error seconds>2 cost>0.01 "exact text" word -not',
            id="calls-filter",
            compact=True,
            select_on_focus=False,
            suggester=_Completion(),
        )
        yield Static(SYNTAX, markup=False, id="calls-syntax")

    def on_descendant_focus(self) -> None:
        self.add_class("-typing")

    def on_descendant_blur(self) -> None:
        self.remove_class("-typing")

    def on_input_changed(self, event: Input.Changed) -> None:
        parts = next_parts(event.value)
        words = f"→ completes: {' '.join(parts)}" if parts else SYNTAX
        self.query_one("#calls-syntax", Static).update(words)
