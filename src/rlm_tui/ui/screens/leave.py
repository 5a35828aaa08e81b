"""Leaving while a run goes on: what is to become of it?"""

from __future__ import annotations

from typing import Literal

from rlm_tui.ui.screens.confirm import Choice, ConfirmScreen

LeaveAnswer = Literal["cancel", "headless", "stay"]


class LeaveScreen(ConfirmScreen):
    """Answers with a `LeaveAnswer`; Esc (None) is to stay."""

    def __init__(self, activity: str) -> None:
        super().__init__(
            "Leave",
            f"A run goes on: {activity}.\nWhat has been found so far is kept in either case.",
            [
                Choice("stay", "s", "Stay"),
                Choice("cancel", "c", "Cancel it and leave"),
                Choice("headless", "h", "Leave, let it go on in the terminal"),
            ],
        )
