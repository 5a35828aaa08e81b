"""What a check is, and what it finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

Outcome = Literal["waiting", "ok", "missing", "failing", "skipped"]
Group = Literal["Planner", "Local sandbox", "Modal", "Machine"]
GROUPS: tuple[Group, ...] = ("Planner", "Local sandbox", "Modal", "Machine")
BAD: tuple[Outcome, ...] = ("missing", "failing")
_COMMAND = re.compile(r"`([^`]+)`")


class Finding(msgspec.Struct, frozen=True):
    """What a look found: one sentence, and `mend`, which names the command or setting that mends it."""

    outcome: Outcome
    words: str
    mend: str = ""


Tell = Callable[[str], None]
"""Takes what a check that takes long is doing, in a few words."""
Look = Callable[[Tell], Finding]


@dataclass(frozen=True)
class Check:
    """One thing to look at. `look` may block; after `seconds` it is given up.

    It waits until the checks named in `after` and `behind` are over, and is skipped when one of `after` is
    not ok. `needed` is whether the configured run fails without it.
    """

    name: str
    group: Group
    look: Look
    seconds: float = 10.0
    needed: bool = True
    after: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()


class CheckResult(msgspec.Struct, frozen=True):
    """What a person is told of a check: a finding without secrets. `seconds` is how long the look took."""

    name: str
    group: Group
    outcome: Outcome
    words: str = ""
    mend: str = ""
    seconds: float = 0.0
    needed: bool = True

    @property
    def command(self) -> str:
        """The command in `mend` that can be copied and run; all of `mend` where it has none."""
        found = _COMMAND.search(self.mend)
        return found[1] if found else self.mend


def all_well(results: Iterable[CheckResult]) -> bool:
    """Whether nothing is wrong that the configured run needs."""
    return not any(result.outcome in BAD and result.needed for result in results)


def summary(results: Iterable[CheckResult]) -> str:
    """All results in one sentence."""
    results = tuple(results)
    bad = [result.name for result in results if result.outcome in BAD and result.needed]
    other = [result.name for result in results if result.outcome in BAD and not result.needed]
    waiting = [result for result in results if result.outcome == "waiting"]
    if waiting:
        begun = ", ".join(result.name for result in waiting if result.words)
        return f"Still looking at: {begun}." if begun else "Still looking."
    also = f" Not needed for it: {', '.join(other)}." if other else ""
    if not bad:
        return f"Everything is there that a run needs.{also}"
    return f"To be mended: {', '.join(bad)}.{also}"


def as_object(results: Iterable[CheckResult]) -> dict[str, Any]:
    """The results as `rlm-tui check --json` prints them."""
    results = tuple(results)
    return {
        "ok": all_well(results),
        "checks": [
            {
                "group": result.group,
                "name": result.name,
                "outcome": result.outcome,
                "words": result.words,
                "mend": result.mend or None,
                "needed": result.needed,
                "seconds": round(result.seconds, 3),
            }
            for result in results
        ],
    }
