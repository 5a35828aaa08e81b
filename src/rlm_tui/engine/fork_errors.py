"""Why a run can't be forked, in a sentence each."""

from __future__ import annotations


class ForkError(ValueError):
    """A fork that can't be begun as it was asked for; nothing was started.

    The message says what to do. `words` is the message without the `flags` of the command that do it, for
    whoever has no use for them.
    """

    def __init__(self, words: str, flags: str = "") -> None:
        super().__init__(f"{words} ({flags})" if flags else words)
        self.words = words


class DocumentChanged(ForkError):
    """A document is not what the run read; it can be taken as it is now."""


class VolumeNotKept(ForkError):
    """The prefix wrote to the volume, and there is no copy of how it was: the person says what to begin with.

    `volume` is its name; `as it is` and `empty` are the answers.
    """

    def __init__(self, words: str, flags: str, volume: str) -> None:
        super().__init__(words, flags)
        self.volume = volume
