"""The look and manner that all dialogs share: a titled box in the middle, Esc shuts it."""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

from rich.console import RenderableType
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen

from rlm_tui.ui.key_groups import APPLICATION
from rlm_tui.ui.screens.left_once import LeftOnce
from rlm_tui.ui.widgets.backdrop import Backdrop

Answer = TypeVar("Answer")

BELOW_SECONDS = 1.0
"""The least time between two redraws of what stands behind a dialog. Each draws the whole screen: drawn with
every event of a run, it kept the dialog's keys waiting (`benchmarks/dialog_keys.py`).
"""


class Dialog(ModalScreen[Answer], LeftOnce[Answer]):
    """A modal screen whose box has the id `dialog`. Esc answers None.

    (Textual styles a class as the first of its bases.)
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape",
            "dismiss_dialog",
            "close",
            id="dialog.close",
            tooltip="Close without a change",
            group=APPLICATION,
        ),
    ]

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._backdrop = Backdrop()
        self._below_changed = False

    def render(self) -> RenderableType:
        """The screen below, dimmed."""
        below = super().render()
        return self._backdrop.over(below) if isinstance(below, BackgroundScreen) else below

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """As of any widget; regions are what changed in the screen below, which is drawn a little later."""
        if not regions or layout or recompose or not self.is_attached:
            return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        if not self._below_changed:
            self._below_changed = True
            self.set_timer(BELOW_SECONDS, self._draw_below)
        return self

    def action_dismiss_dialog(self) -> None:
        self.dismiss(None)

    def _draw_below(self) -> None:
        self._below_changed = False
        self.refresh()
