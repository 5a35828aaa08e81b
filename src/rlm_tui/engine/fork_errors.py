"""Why a run can't be forked, in a sentence each."""

from __future__ import annotations


class ForkError(ValueError):
    """A fork that can't be begun as it was asked for. The message says what to do; nothing was started.

    `words` is the message without the flags of the command, for a screen.
    """

    def __init__(self, message: str, words: str = "") -> None:
        super().__init__(message)
        self.words = words or message


class DocumentChanged(ForkError):
    """A document is not what the run read; it can be taken as it is now."""


class VolumeNotKept(ForkError):
    """The prefix wrote to the volume, and there is no copy of how it was: the person says what to begin with.

    `volume` is its name; `as it is` is an answer, and `empty` unless `only_as_it_is`.
    """

    def __init__(self, message: str, volume: str, words: str = "", *, only_as_it_is: bool = False) -> None:
        super().__init__(message, words)
        self.volume = volume
        self.only_as_it_is = only_as_it_is
