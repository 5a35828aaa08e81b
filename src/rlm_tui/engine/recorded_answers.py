"""What the calls of a cell were answered, to be given again when the cell is executed again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from rlm_tui.core.events import CallKind
from rlm_tui.core.recorded import RecordedCall
from rlm_tui.core.redaction import REDACTED
from rlm_tui.core.text import one_line
from rlm_tui.engine.calls import STOPPED

_SHOWN = 60


class RecordedAnswers:
    """What the calls of one cell were answered. Safe to share between threads.

    `origin` is the run whose record it is; `n` the iteration, for the sentences of `differed`. `counted`: the
    calls were counted in this run when they were made. `rest_is_live`: what is not recorded is asked, as it
    is of a cell that was lost before its end. `stopped` belongs to a cell that was stopped: it is set when a
    call is made again that had no answer then.
    """

    def __init__(
        self,
        calls: Iterable[RecordedCall],
        *,
        origin: str = "",
        n: int = 0,
        counted: bool = False,
        rest_is_live: bool = False,
        stopped: threading.Event | None = None,
    ) -> None:
        self.origin = origin
        self.stopped = stopped
        self.counted = counted
        self.rest_is_live = rest_is_live
        self._where = f"Iteration {n}: " if n else ""
        self._lock = threading.Lock()
        self._all = tuple(calls)
        self._left = list(self._all)
        self._differed: list[str] = []
        self._taken = 0

    @property
    def differed(self) -> list[str]:
        """What was asked otherwise than it is recorded, a sentence each."""
        with self._lock:
            return list(self._differed)

    @property
    def taken(self) -> int:
        """How many recorded answers were given."""
        with self._lock:
            return self._taken

    def take(self, kind: CallKind, name: str, text: str) -> RecordedCall | None:
        """The answer to exactly this, else the next of its kind and name; None if none is left."""
        return self.exact(kind, name, text) or self.next(kind, name, text)

    def exact(self, kind: CallKind, name: str, text: str) -> RecordedCall | None:
        """The first unused answer to exactly this."""
        with self._lock:
            return self._pop(lambda call: call.kind == kind and call.name == name and call.asked == text)

    def next(self, kind: CallKind, name: str, text: str) -> RecordedCall | None:
        """The first unused answer of that kind and name; that it was asked otherwise is noted."""
        with self._lock:
            found = self._pop(lambda call: call.kind == kind and call.name == name)
            if found is None:
                self._differed.append(
                    f"{self._where}{name} was asked “{one_line(text, _SHOWN)}”, "
                    "to which no answer was recorded."
                )
            else:
                self._differed.append(
                    f"{self._where}{name} was asked “{one_line(text, _SHOWN)}” "
                    f"where “{one_line(found.asked, _SHOWN)}” was recorded."
                )
            return found

    def note(self, sentence: str) -> None:
        """Something else that is not as it was."""
        with self._lock:
            self._differed.append(f"{self._where}{one_line(sentence, 3 * _SHOWN)}")

    def whole(self, answer: str, name: str) -> str:
        """`answer`, of which it is noted if the record has a part taken out."""
        if REDACTED in answer:
            self.note(f"what {name} gave has {REDACTED} where a secret was taken out of the record.")
        return answer

    def rewind(self) -> None:
        """The cell is run once more from its beginning: every answer is there again."""
        with self._lock:
            self._left = list(self._all)
            self._differed, self._taken = [], 0

    def leave(self) -> None:
        """The cell is over: note the answers that it did not ask for."""
        with self._lock:
            left = [call for call in self._left if call.kind != "llm_query_batched"]
            self._left = []
            if left:
                names = ", ".join(sorted({call.name for call in left}))
                noun = "call was" if len(left) == 1 else "calls were"
                self._differed.append(
                    f"{self._where}{len(left):,} recorded {noun} not made again ({one_line(names, _SHOWN)})."
                )

    def _pop(self, fits: Callable[[RecordedCall], bool]) -> RecordedCall | None:
        for index, call in enumerate(self._left):
            if fits(call):
                self._taken += call.kind != "llm_query_batched"
                return self._left.pop(index)
        return None


def was_stopped(call: RecordedCall) -> bool:
    """Whether it has no answer, because its cell was stopped or its sandbox lost before one came."""
    return call.error is not None and (call.error.kind == "Stopped" or STOPPED in call.error.message)
