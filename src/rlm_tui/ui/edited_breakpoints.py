"""A list of breakpoints that a person changes: each stands in it once."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from rlm_tui.core.breakpoints import Breakpoint, SetBreakpoint


class EditedBreakpoints:
    """The list as it is now; `changing` is the place of the one that is being written anew."""

    def __init__(self, breakpoints: Sequence[SetBreakpoint]) -> None:
        self._before = tuple(breakpoints)
        self._items = list(breakpoints)
        self.changing: int | None = None

    @property
    def now(self) -> tuple[SetBreakpoint, ...]:
        """All of them, in their order."""
        return tuple(self._items)

    @property
    def are_changed(self) -> bool:
        """Whether they are others than at the beginning."""
        return self.now != self._before

    def switch(self, at: int) -> None:
        """Switch the one in this place on or off."""
        self._items[at] = replace(self._items[at], on=not self._items[at].on)

    def delete(self, at: int) -> None:
        """Take the one in this place away; none is being changed then."""
        self.changing = None
        del self._items[at]

    def put(self, found: Breakpoint) -> int:
        """Put it in the place of the one that is being changed, else at the end; the place that it has then.

        One that is there already is switched on.
        """
        at, self.changing = self.changing, None
        places = [item.breakpoint for item in self._items]
        if at is not None:
            self._items[at] = replace(self._items[at], breakpoint=found)
            self._items = [
                item for place, item in enumerate(self._items) if place == at or item.breakpoint != found
            ]
        elif found in places:
            self._items[places.index(found)] = SetBreakpoint(found)
        else:
            self._items.append(SetBreakpoint(found))
        return [item.breakpoint for item in self._items].index(found)
