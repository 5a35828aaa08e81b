"""Why a run can't be forked, in a sentence each."""

from __future__ import annotations


class ForkError(ValueError):
    """A fork that can't be begun as it was asked for. The message says what to do; nothing was started."""


class DocumentChanged(ForkError):
    """A document is not what the run read; it can be taken as it is now."""


class VolumeNotKept(ForkError):
    """The prefix wrote to the volume, and there is no copy of how it was: the person says what to begin with.

    `volume` is its name; `as it is` and `empty` are the answers.
    """

    def __init__(self, message: str, volume: str) -> None:
        super().__init__(message)
        self.volume = volume
