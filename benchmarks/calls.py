"""What ten thousand calls cost on the screen: to open, filter and sort them, and what one key takes.

    uv run python benchmarks/calls.py

The pane of Explore, which lists them without filter or order, is measured beside the screen.
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
from textual.app import App
from textual.widgets import Input

from rlm_tui.core import events as e
from rlm_tui.core.call_filter import Look, parse_filter
from rlm_tui.core.call_listing import Order, list_calls
from rlm_tui.core.settings import Settings
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.app import RlmTui
from rlm_tui.ui.run_calls import RunCalls
from rlm_tui.ui.screens.calls import CallsScreen
from rlm_tui.ui.widgets.calls_view import CallsView

FEW, CALLS = 100, 10_000
BATCH = 50
FILTERS = ("", "seconds>90", "error", "kind:batch cost>0.01", "needle", '-"prompt 77"')


def long_run(count: int) -> Trajectory:
    """`count` calls, half of them items of batches, told event by event."""
    events: list[e.AnyEvent] = [
        e.RunStarted(span="run", run_id="benchmark", task="basic", signature="question -> answer")
    ]
    events.append(e.IterationStarted(span="it", parent="run", n=1, of=1))
    events.append(e.CellStarted(span="cell", parent="it", code=e.Value("pass", 4)))
    made = 0
    while made < count:
        number = len(events)
        is_batch = made % (2 * BATCH) == 0
        batch = f"batch-{made}" if is_batch else ""
        if batch:
            events.append(
                e.CallStarted(span=batch, parent="cell", kind="llm_query_batched", name="batch", size=BATCH)
            )
        for index in range(BATCH):
            span, text = f"call-{made}", f"prompt {made} about the sky " * 12
            events.append(
                e.CallStarted(
                    span=span, parent=batch or "cell", kind="llm_query", name="llm_query", batch=batch,
                    index=index if batch else None, prompt=e.Value(text, len(text)),
                )
            )  # fmt: skip
            failed = e.ErrorDetail("LMTimeout", "no answer in 30 s") if made % 97 == 0 else None
            usage = None if failed else e.Usage(made % 700, made % 90, made % 7 / 1000)
            answer = e.Value("the needle" if made % 1000 == 1 else "hay", 10)
            events.append(
                e.CallFinished(span=span, answer=answer, usage=usage, seconds=made % 97, error=failed)
            )
            made += 1
        if batch:
            events.append(e.CallFinished(span=batch, seconds=4.0))
        assert len(events) > number
    trajectory = Trajectory()
    for number, event in enumerate(events):
        trajectory.apply(msgspec.structs.replace(event, seq=number, at=number / 100))
    return trajectory


def milliseconds(act: Callable[[], object], times: int = 5) -> float:
    """The median of several runs."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


async def taken(act: Callable[[], Awaitable[object]], times: int = 9) -> float:
    """The median of several runs of what has to be awaited, in milliseconds."""
    each = []
    for _ in range(times):
        began = time.perf_counter()
        await act()
        each.append(1000 * (time.perf_counter() - began))
    return statistics.median(each)


class Pane(App[None]):
    """The pane of Explore alone."""

    def compose(self):  # type: ignore[no-untyped-def]
        yield CallsView()


async def pane(trajectory: Trajectory) -> float:
    """Until the pane has painted the run."""
    app = Pane()
    async with app.run_test(size=(120, 36)) as pilot:
        began = time.perf_counter()
        app.query_one(CallsView).show(trajectory)
        await pilot.pause()
        return 1000 * (time.perf_counter() - began)


async def screen(trajectory: Trajectory) -> dict[str, float]:
    """Open the screen, then use it."""
    source = RunCalls(
        trajectory=lambda: trajectory,
        now=lambda: trajectory.now,
        text=lambda value: value.text,
        folder=lambda: None,
        settings=Settings(),
    )
    folder = Path(tempfile.mkdtemp())
    app = RlmTui(Settings(), directory=folder, documents=(), warm_up=False, start_session=None)  # type: ignore[arg-type]
    rows: dict[str, float] = {}
    async with app.run_test(size=(120, 36)) as pilot:
        while not app.is_open:
            await pilot.pause(0.01)
        shown = CallsScreen(source)

        async def settled() -> None:
            while shown._making or shown._stale or not shown.listing.of:
                await asyncio.sleep(0.001)
            await pilot._wait_for_screen()

        began = time.perf_counter()
        app.push_screen(shown)
        await settled()
        rows["open the screen"] = 1000 * (time.perf_counter() - began)
        rows["a key: down"] = await taken(lambda: pilot.press("down"))
        rows["a key: end, and home"] = await taken(lambda: pilot.press("end", "home"))

        async def sort() -> None:
            shown.action_sort_by(1)
            await settled()

        rows["sort by the next column, until it is seen"] = await taken(sort)

        async def find() -> None:
            field = shown.query_one("#calls-filter", Input)
            field.value = "" if field.value else "seconds>90"
            await pilot.pause()
            await settled()

        rows["filter, until it is seen"] = await taken(find)
    return rows


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    few, many = figures(long_run(FEW)), figures(long_run(count))
    print(f"half of them in batches of {BATCH}, in ms{'':<17} {FEW:>9,} {count:>9,} calls")
    for words, figure in many.items():
        print(f"{words:<46} {few[words]:>9,.1f} {figure:>9,.1f}")


def figures(trajectory: Trajectory) -> dict[str, float]:
    """Every row of the table for one run."""
    look = Look(trajectory.now, lambda value: value.text)
    rows = {"beside it: the pane of Explore opens": asyncio.run(pane(trajectory))}
    rows |= asyncio.run(screen(trajectory))
    for text in FILTERS:
        wanted = parse_filter(text)
        rows[f"in the thread: filter {text or '(none)'}"] = milliseconds(
            lambda wanted=wanted: list_calls(trajectory.calls, look, wanted=wanted)
        )
    for column in ("cost", "asked"):
        order = Order(column, descending=True)  # type: ignore[arg-type]
        rows[f"in the thread: sort by {column}"] = milliseconds(
            lambda order=order: list_calls(trajectory.calls, look, order=order)
        )
    return rows


if __name__ == "__main__":
    main()
