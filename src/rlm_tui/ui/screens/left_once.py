"""A screen is left once: Textual's `dismiss` takes away whichever is on top, also for one that is gone."""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import Screen

Answer = TypeVar("Answer")


class LeftOnce(Screen[Answer]):
    """A screen that is dismissed twice, by a key and a timer of its own, is left once.

    One that is dismissed while another stands over it is left as soon as that is.
    """

    _answer_waits: tuple[Answer | None] | None = None

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """As of any screen. What is answered first counts."""
        screens = self.app.screen_stack
        if screens[-1:] == [self]:
            return super().dismiss(result)
        if self in screens and self._answer_waits is None:
            self._answer_waits = (result,)
        return AwaitComplete()

    def on_screen_resume(self) -> None:
        if self._answer_waits is not None:
            waits, self._answer_waits = self._answer_waits, None
            self.dismiss(*waits)
