"""Saved runs as they are listed: in an order, each with its place, and what they take together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from rlm_tui.core.run_record import RunRecord

SORTS: dict[str, Callable[[RunRecord], tuple[bool, float | str]]] = {
    "newest first": lambda run: (False, ""),
    "longest first": lambda run: (run.seconds is None, -(run.seconds or 0.0)),
    "dearest first": lambda run: (run.cost_usd is None, -(run.cost_usd or 0.0)),
    "most calls first": lambda run: (run.llm_calls is None, -(run.llm_calls or 0)),
    "largest first": lambda run: (False, -float(run.size)),
    "by task": lambda run: (not run.task, run.task),
}


class RunListing(NamedTuple):
    """`places` says on which line each run stands, by its id; `size` is the bytes of all."""

    runs: Sequence[RunRecord] = ()
    places: Mapping[str, int] = {}
    size: int = 0


def listing_of(runs: Sequence[RunRecord], sort: str) -> RunListing:
    """These runs, the newest first, in another order of SORTS. The cost grows with them."""
    listed = sorted(runs, key=SORTS[sort])
    places = {run.run_id: at for at, run in enumerate(listed)}
    return RunListing(listed, places, sum(run.size for run in listed))
