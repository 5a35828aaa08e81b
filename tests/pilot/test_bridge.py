"""The bridge: everything posted is applied, in order, on the UI's thread, without keeping keys waiting."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence

from textual import events as ui_events
from textual.app import App, ComposeResult

from rlm_tui.core.change import Change
from rlm_tui.core.trajectory import fold
from rlm_tui.ui.bridge import Bridge
from rlm_tui.ui.clock import RunClock
from rlm_tui.ui.widgets.trajectory_view import TrajectoryView
from tests.pilot.recorded import RunBuilder, finished_run


class Watching(App[None]):
    """Counts what the bridge hands over, and when keys arrive."""

    def __init__(self) -> None:
        super().__init__()
        self.view = TrajectoryView()
        self.seen: list[Change] = []
        self.calls = 0
        self.threads: set[int] = set()
        self.keys: asyncio.Queue[float] = asyncio.Queue()
        self.bridge = Bridge(self, self.consume)

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.show(self.bridge.trajectory, self.bridge.clock.now)

    def consume(self, changes: Sequence[Change]) -> None:
        self.calls += 1
        self.threads.add(threading.get_ident())
        self.seen.extend(changes)
        for change in changes:
            self.view.apply(change)

    def on_key(self, event: ui_events.Key) -> None:
        self.keys.put_nowait(time.perf_counter())


async def applied(app: Watching, count: int) -> None:
    late = time.monotonic() + 60
    while len(app.seen) < count:
        assert time.monotonic() < late, f"{len(app.seen)} of {count} events were applied in a minute"
        await asyncio.sleep(0.01)


def printing_run(lines: int) -> RunBuilder:
    run = RunBuilder().start()
    span = run.iteration(1)
    run.plan(span, "Print.", "for i in range(10_000):\n    print(i)")
    cell = run.cell(span, "x")
    for number in range(lines):
        run.output(cell, f"line {number}\n")
    return run


async def test_events_of_another_thread_arrive_whole_and_in_order() -> None:
    events = finished_run().events
    app = Watching()
    async with app.run_test() as pilot:

        def send() -> None:
            for event in events:
                app.bridge.post(event)

        sender = threading.Thread(target=send)
        sender.start()
        await applied(app, len(events))
        sender.join()
        await pilot.pause()
        assert [change.event.seq for change in app.seen] == [event.seq for event in events]
        assert app.threads == {threading.get_ident()}
        assert app.bridge.trajectory.totals == fold(events).totals
        assert app.bridge.waiting == 0
        assert app.bridge.clock.now() == app.bridge.trajectory.now


async def test_a_flood_is_joined_into_few_redraws_and_costs_the_sender_nothing() -> None:
    events = printing_run(10_000).events
    app = Watching()
    async with app.run_test():
        began = time.thread_time()
        for event in events:
            app.bridge.post(event)
        posting = time.thread_time() - began
        await applied(app, len(events))
        assert app.calls < len(events) / 20
        assert posting < 0.2


async def test_a_key_gets_its_turn_while_a_flood_is_applied() -> None:
    events = printing_run(20_000).events
    app = Watching()
    async with app.run_test() as pilot:
        await pilot.pause()
        for event in events:
            app.bridge.post(event)
        await asyncio.sleep(0)
        app.post_message(ui_events.Key("x", "x"))
        await asyncio.wait_for(app.keys.get(), 60)
        left = len(events) - len(app.seen)
        assert left > 0, "the key waited until the last event was applied"
        await applied(app, len(events))


async def test_events_that_come_after_a_pause_wake_it_again() -> None:
    events = printing_run(30).events
    app = Watching()
    async with app.run_test():
        for end in (3, 7, len(events)):
            for event in events[len(app.seen) : end]:
                app.bridge.post(event)
            await applied(app, end)


async def test_a_closed_bridge_drops_what_comes() -> None:
    app = Watching()
    async with app.run_test() as pilot:
        app.bridge.close()
        app.bridge.post(finished_run().events[0])
        await pilot.pause(0.1)
        assert app.seen == []
        assert app.bridge.waiting == 0


def test_the_clock_goes_on_between_events_and_stands_still_at_the_end() -> None:
    machine = [100.0]
    clock = RunClock(lambda: machine[0])
    clock.seen(2.0)
    machine[0] += 1.5
    assert clock.now() == 3.5
    clock.seen(3.0)  # it took a while to get here: time does not go back
    assert clock.now() == 3.5
    clock.stop(4.0)
    machine[0] += 10
    assert clock.now() == 4.0
