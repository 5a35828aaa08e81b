"""How the start of a sandbox is told, phase by phase."""

from __future__ import annotations

from typing import Protocol


class TellPhase(Protocol):
    """Takes a phase as it begins; again, with the bytes done and in all, while something is transferred."""

    def __call__(self, phase: str, done: int = 0, total: int = 0) -> None: ...


def tell_nobody(phase: str, done: int = 0, total: int = 0) -> None:
    """Nobody listens."""
