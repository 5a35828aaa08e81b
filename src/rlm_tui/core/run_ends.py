"""What can still be had from a run that ended without an answer."""

from __future__ import annotations

from rlm_tui.core.trajectory import Trajectory

WITHOUT_ANSWER = ("cancelled", "failed", "budget")
"""The ends of a run that an answer can be extracted from afterwards."""


def leaves_an_answer(trajectory: Trajectory) -> bool:
    """Whether the run ended without an answer, and a cell of it ran: one can be extracted from that."""
    finished = trajectory.finished
    if finished is None or finished.status not in WITHOUT_ANSWER:
        return False
    return any(iteration.cell is not None for iteration in trajectory.iterations)
