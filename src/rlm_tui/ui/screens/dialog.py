"""The look and manner that all dialogs share: a titled box in the middle, Esc shuts it."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from rlm_tui.ui.key_groups import APPLICATION

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A modal screen whose box has the id `dialog`. Esc answers None."""

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

    def action_dismiss_dialog(self) -> None:
        self.dismiss(None)
