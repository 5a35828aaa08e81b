"""The start of a sandbox: phases as they were told, with their seconds and what was transferred."""

from __future__ import annotations

from rlm_tui.core import events
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.widgets.start_rows import BAR_CELLS, start_rows


class Start:
    """Tells a trajectory the phases of a start."""

    def __init__(self) -> None:
        self.trajectory = Trajectory()
        self._told = 0

    def tell(self, phase: str, at: float, done: int = 0, total: int = 0) -> None:
        event = events.SandboxStarting(
            seq=self._told, at=at, span="sandbox", kind="modal", phase=phase, done=done, total=total
        )
        self._told += 1
        self.trajectory.apply(event)

    def lines(self, now: float) -> list[str]:
        rows = start_rows(self.trajectory.sandbox, now)
        return ["".join(text for text, _ in line) for row in rows for line in row.layout(100)]


def test_phases_stand_with_their_seconds_and_the_last_goes_on() -> None:
    start = Start()
    start.tell("connecting to Modal", 1.0)
    start.tell("building the image", 1.5)
    assert start.lines(9.5)[1:] == ["✓ connecting to Modal  0.50 s", "▶ building the image  8.0 s"]
    assert start.trajectory.activity().words == "starting sandbox (building the image) 0 s"


def test_a_transfer_has_a_bar_and_takes_one_line() -> None:
    start = Start()
    for done in (0, 500_000, 1_000_000):
        start.tell("uploading notes.txt", 1.0 + done / 1e6, done, 2_000_000)
    (_, line) = start.lines(3.0)
    assert line.endswith("━" * BAR_CELLS + "  1 MB of 2 MB  2.0 s")
    phase = start.trajectory.sandbox.phases[-1]
    assert (phase.at, phase.done, phase.total) == (1.0, 1_000_000, 2_000_000)
    assert start.trajectory.activity().words == "starting sandbox (uploading notes.txt 50%) 1.0 s"
    start.tell("looking up the app", 4.0)
    assert start.lines(4.0)[1] == "✓ uploading notes.txt  2 MB  3.0 s"


def test_a_start_without_phases_and_one_with_very_many() -> None:
    start = Start()
    assert start.lines(0.0) == ["The sandbox is starting."]
    for number in range(500):
        start.tell(f"document {number} is in the volume already", number / 100)
    assert len(start.trajectory.sandbox.phases) == 100
    assert start.trajectory.sandbox.phases[-1].words == "document 499 is in the volume already"


def test_a_ready_sandbox_has_none_left() -> None:
    start = Start()
    start.tell("starting the driver", 1.0)
    start.trajectory.apply(
        events.SandboxReady(seq=1, at=2.0, span="sandbox", kind="modal", confined=True, seconds=1.0)
    )
    assert start.trajectory.sandbox.phases == ()
