"""What the timeline and the tree of nested RLMs of a long run cost: to make them, to open them, one key.

    uv run python benchmarks/timeline.py [CALLS]

Half of the calls are items of batches, and every hundredth starts an RLM of its own. A run of a hundred calls
is measured beside it: what does not grow with the run takes as long there.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from rlm_tui.core import events as e
from rlm_tui.core.nesting import rlms
from rlm_tui.core.settings import Settings
from rlm_tui.core.time_spent import time_spent
from rlm_tui.core.timeline import bars
from rlm_tui.core.timeline_listing import Folding, list_timeline
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.store.exporters.web_timeline import timeline
from rlm_tui.ui.app import RlmTui
from rlm_tui.ui.screens.nested import NestedScreen
from rlm_tui.ui.screens.timeline import TimelineScreen

FEW, CALLS = 100, 10_000
BATCH, OF_ONE_CELL = 50, 200


def long_run(count: int) -> Trajectory:
    """`count` calls in cells of up to 200, told event by event."""
    events: list[e.AnyEvent] = [
        e.RunStarted(span="run", run_id="benchmark", task="basic", signature="question -> answer")
    ]
    made = 0
    while made < count:
        n = made // OF_ONE_CELL + 1
        begin_turn(events, f"it-{n}", "run", n)
        for _ in range(OF_ONE_CELL // (2 * BATCH)):
            made += some_calls(events, made, f"cell-it-{n}")
        events.append(e.CellFinished(span=f"cell-it-{n}", status="ok", seconds=1.0))
    trajectory = Trajectory()
    for number, event in enumerate(events):
        trajectory.apply(msgspec.structs.replace(event, seq=number, at=number / 100))
    return trajectory


def begin_turn(events: list[e.AnyEvent], span: str, parent: str, n: int) -> None:
    """An iteration up to the start of its cell."""
    events.append(e.IterationStarted(span=span, parent=parent, n=n, of=n))
    events.append(e.PlanStarted(span=span))
    words = e.Value("pass", 4)
    events.append(
        e.PlanReady(span=span, reasoning=words, code=words, seconds=0.01, usage=e.Usage(100, 10, 0.001))
    )
    events.append(e.CellStarted(span=f"cell-{span}", parent=span, code=e.Value("pass", 4)))


def some_calls(events: list[e.AnyEvent], made: int, cell: str) -> int:
    """A batch of 50, then 49 calls and an RLM that asks once."""
    text = e.Value("prompt about the sky " * 12, 252)
    batch = f"batch-{made}"
    events.append(e.CallStarted(span=batch, parent=cell, kind="llm_query_batched", name="batch", size=BATCH))
    for index in range(2 * BATCH):
        span, is_item = f"call-{made + index}", index < BATCH
        is_last = index == 2 * BATCH - 1
        events.append(
            e.CallStarted(
                span=span, parent=batch if is_item else cell, kind="sub_rlm" if is_last else "llm_query",
                name="call", batch=batch if is_item else "", index=index if is_item else None, prompt=text,
            )
        )  # fmt: skip
        if is_last:
            begin_turn(events, f"inner-{span}", span, 1)
            events.append(e.CellFinished(span=f"cell-inner-{span}", status="submitted", seconds=0.02))
        events.append(e.CallFinished(span=span, usage=e.Usage(made % 700, 9, 0.001), seconds=0.5))
        if index == BATCH - 1:
            events.append(e.CallFinished(span=batch, seconds=1.0))
    return 2 * BATCH


def milliseconds(act: Callable[[], object], times: int = 5) -> float:
    """The median of several runs."""
    each = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        each.append(1000 * (time.perf_counter() - began))
    return statistics.median(each)


async def taken(act: Callable[[], Awaitable[object]], times: int = 9) -> float:
    """The median of several runs of what has to be awaited, in milliseconds."""
    each = []
    for _ in range(times):
        began = time.perf_counter()
        await act()
        each.append(1000 * (time.perf_counter() - began))
    return statistics.median(each)


async def screens(trajectory: Trajectory) -> dict[str, float]:
    """Open both, then use them."""
    folder = Path(tempfile.mkdtemp())
    app = RlmTui(Settings(), directory=folder, documents=(), warm_up=False, start_session=None)  # type: ignore[arg-type]
    rows: dict[str, float] = {}
    async with app.run_test(size=(120, 36)) as pilot:
        while not app.is_open:
            await pilot.pause(0.01)
        shown = TimelineScreen(lambda: trajectory)

        async def until(is_so: Callable[[], bool]) -> None:
            while not is_so():
                await asyncio.sleep(0.001)
            await pilot._wait_for_screen()

        began = time.perf_counter()
        app.push_screen(shown)
        await until(lambda: shown.is_mounted and bool(shown.view.listing.lines))
        rows["open the timeline"] = 1000 * (time.perf_counter() - began)
        for words, keys in (
            ("a key: down", ("down",)),
            ("a key: end, and home", ("end", "home")),
            ("zoom in and out", ("plus", "minus")),
            ("move on and back", ("right", "left")),
        ):
            rows[words] = await taken(lambda keys=keys: pilot.press(*keys))

        async def fold() -> None:
            before = len(shown.view.listing.lines)
            await pilot.press("o")
            await until(lambda: len(shown.view.listing.lines) != before)

        rows["open all batches or shut them, until it is seen"] = await taken(fold)
        app.pop_screen()
        nested = NestedScreen(lambda: trajectory)
        began = time.perf_counter()
        app.push_screen(nested)
        await until(lambda: nested.is_mounted and len(nested.tree_of_rlms.listed) > 0)
        rows["open the tree of nested RLMs"] = 1000 * (time.perf_counter() - began)
        rows["in the tree: down to an RLM, and up to the run"] = await taken(
            lambda: pilot.press("home", "right")
        )
    return rows


def figures(trajectory: Trajectory) -> dict[str, float]:
    """Every row of the table for one run."""
    found = list(bars(trajectory))
    rows = asyncio.run(screens(trajectory))
    rows["in the thread: make the bars"] = milliseconds(lambda: list(bars(trajectory)))
    rows["in the thread: what the time went into"] = milliseconds(lambda: time_spent(found, trajectory.now))
    rows["in the thread: all of the listing"] = milliseconds(
        lambda: list_timeline(trajectory, folding=Folding(batches=True))
    )
    rows["in the thread: the tree of RLMs"] = milliseconds(lambda: rlms(trajectory))
    rows["the picture of the exported page"] = milliseconds(lambda: "".join(timeline(trajectory)))
    return rows


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    short, long = long_run(FEW), long_run(count)
    few, many = figures(short), figures(long)
    spans = [len(list(bars(run))) for run in (short, long)]
    print(f"in ms{'':<41} {spans[0]:>9,} {spans[1]:>9,} bars")
    for words, figure in many.items():
        print(f"{words:<46} {few[words]:>9,.1f} {figure:>9,.1f}")


if __name__ == "__main__":
    main()
