"""What breakpoints see in a call that is over: how long it took, how much it was, what it cost."""

from __future__ import annotations

from rlm_tui.core.breakpoints import Breakpoint, CallDearer, CallLonger, CallSlower, breakpoint_words
from rlm_tui.core.iterations import Call
from rlm_tui.core.text import human_cost, human_seconds, one_line

CALL_KINDS = (CallSlower, CallLonger, CallDearer)
"""The breakpoints at a call that is over."""
_NAME_WIDTH = 30


def held_by_call(point: Breakpoint, call: Call, held_seconds: float) -> str:
    """Why the breakpoint holds after this call, in words; "" when it doesn't.

    `held_seconds` is how long the run was held meanwhile, which is no time of the call's. A cost that
    nobody told holds nothing.
    """
    match point:
        case CallSlower(seconds=limit):
            seconds = call.seconds - held_seconds
            found = human_seconds(seconds) if seconds > limit else ""
        case CallLonger(characters=limit):
            characters = call.prompt.length + call.answer.length
            found = f"{characters:,}" if characters > limit else ""
        case CallDearer(usd=limit):
            usage = call.spent() if call.contains else call.usage
            cost = None if usage is None else usage.cost_usd
            found = human_cost(cost) if cost is not None and cost > limit else ""
        case _:
            return ""
    return f"{breakpoint_words(point)}: {_name(call)}, {found}" if found else ""


def _name(call: Call) -> str:
    name = one_line(call.name or call.kind, _NAME_WIDTH)
    if call.index is not None and call.parent is not None:
        return f"item {call.index + 1} of call {call.parent.number} ({name})"
    return f"call {call.number} ({name})"


class HeldTime:
    """How long a run was held while a call went on: a nested RLM waits for a person in the middle of one."""

    def __init__(self) -> None:
        self._places: set[str] = set()
        self._since = self._seconds = 0.0
        self._before: dict[str, float] = {}

    def held(self, span: str, now: float) -> None:
        """The run is held in one more place."""
        if not self._places:
            self._since = now
        self._places.add(span)

    def released(self, span: str, now: float) -> None:
        """The run is held in one place less."""
        if span in self._places:
            self._places.remove(span)
            if not self._places:
                self._seconds += now - self._since

    def call_began(self, span: str) -> None:
        """A call with this span has started."""
        self._before[span] = self._seconds

    def call_ended(self, span: str) -> float:
        """How long the run was held since that call began, in seconds."""
        return self._seconds - self._before.pop(span, self._seconds)
