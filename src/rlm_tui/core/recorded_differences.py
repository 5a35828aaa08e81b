"""What came out otherwise when a record was executed again: of a cell, and of the variables it left."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct

from rlm_tui.core.events import Variable
from rlm_tui.core.recorded import RecordedCell
from rlm_tui.core.text import one_line

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
# The directory of an unconfined sandbox: `/tmp` in a confined one.
_SCRATCH = re.compile(r"[^\s'\"]*/rlm-tui-sandbox-\w+")
# Their errors are the words of whatever stopped them.
_STOPPED = ("interrupted", "timeout")
_SHOWN = 60
_BEFORE = 20
_VOLUME = "/data"


class Comparison(Struct, frozen=True):
    """Compares with the record. No difference are addresses in memory, nor where sandbox and volume lie.

    `was_volume` and `volume` are its directories then and now.
    """

    was_volume: str = ""
    volume: str = ""

    def cell(self, n: int, was: RecordedCell, now: RecordedCell) -> list[str]:
        """What a cell of iteration `n` did otherwise than the record says, in a sentence each."""
        found = []
        if was.status != now.status:
            ended = f"ended as {now.status or 'unfinished'}{_because(now)}"
            found.append(
                f"Iteration {n}: {ended} where {was.status or 'no end'}{_because(was)} was recorded."
            )
        elif was.status not in _STOPPED and not self._alike(_error_text(was), _error_text(now)):
            found.append(
                f"Iteration {n}: failed with {_quoted(_error_text(now))} "
                f"where {_quoted(_error_text(was))} was recorded."
            )
        if not self._alike(was.text, now.text):
            old, new = self._first_difference(was.text, now.text)
            found.append(f"Iteration {n}: printed {_quoted(new)} where {_quoted(old)} was recorded.")
        elif not self._alike(was.value or "", now.value or ""):
            found.append(
                f"Iteration {n}: its value is {_quoted(now.value or '')} "
                f"where {_quoted(was.value or '')} was recorded."
            )
        return found

    def variables(
        self, names: Iterable[str], was: Mapping[str, Variable], now: Mapping[str, Variable], n: int = 0
    ) -> list[str]:
        """Which of the variables `names` are not as they were recorded, in a sentence each.

        Their types, lengths and beginnings are compared. `n` is the iteration, 0: it is not said.
        """
        where = f"Iteration {n}: the variable" if n else "The variable"
        found = []
        for name in sorted(set(names)):
            old, new = was.get(name), now.get(name)
            words = self._otherwise(old, new)
            if words:
                found.append(f"{where} {one_line(name, _SHOWN)} {words}")
        return found

    def _otherwise(self, old: Variable | None, new: Variable | None) -> str:
        """How the one is not the other; "" if it is."""
        if old is None or new is None:
            if old is not None:
                return f"is missing where {_quoted(old.preview)} was recorded."
            return "" if new is None else f"is {_quoted(new.preview)} where none was recorded."
        if old.type != new.type:
            return f"is of type {new.type} where {old.type} was recorded."
        if not self._alike(old.preview, new.preview):
            before, after = _apart(old.preview, new.preview)
            return f"is {_quoted(after)} where {_quoted(before)} was recorded."
        if old.size != new.size and old.preview == new.preview:
            return f"has the length {_count(new.size)} where {_count(old.size)} was recorded."
        return ""

    def _alike(self, was: str, now: str) -> bool:
        return was == now or _comparable(was, self.was_volume) == _comparable(now, self.volume)

    def _first_difference(self, was: str, now: str) -> tuple[str, str]:
        """The first line that is not the same, of each."""
        old, new = was.splitlines(), now.splitlines()
        for number in range(max(len(old), len(new))):
            before, after = (lines[number] if number < len(lines) else "" for lines in (old, new))
            if not self._alike(before, after):
                return _apart(before, after)
        return was, now


def _comparable(text: str, volume: str) -> str:
    text = _SCRATCH.sub("/tmp", _ADDRESS.sub("0x…", text))
    return text.replace(volume, _VOLUME) if volume else text


def _apart(was: str, now: str) -> tuple[str, str]:
    """Both from a little before where they part, if that is too far behind to be shown."""
    parts = next(
        (index for index, (old, new) in enumerate(zip(was, now, strict=False)) if old != new),
        min(len(was), len(now)),
    )
    if parts < _SHOWN - _BEFORE:
        return was, now
    return "…" + was[parts - _BEFORE :], "…" + now[parts - _BEFORE :]


def _error_text(cell: RecordedCell) -> str:
    return "" if cell.error is None else f"{cell.error.kind}: {cell.error.message}"


def _because(cell: RecordedCell) -> str:
    words = _error_text(cell)
    return f" ({one_line(words, _SHOWN)})" if words else ""


def _quoted(text: str) -> str:
    shown = one_line(text, _SHOWN)
    return f"“{shown}”" if shown else "nothing"


def _count(size: int | None) -> str:
    return "none" if size is None else f"{size:,}"
