"""Asked before a model's code runs on this machine with nothing to confine it."""

from __future__ import annotations

from rlm_tui.ui.screens.confirm import Choice, ConfirmScreen

RUN = "run"


class UnconfinedScreen(ConfirmScreen):
    """Answers with `RUN` to go on; anything else is no."""

    def __init__(self) -> None:
        super().__init__(
            "Unconfined",
            "The model writes Python that runs on this machine, and nothing confines it here: it could read "
            "your files and use the network.\nRun it unconfined?",
            [Choice("stay", "n", "Don't run"), Choice(RUN, "r", "Run unconfined")],
        )
