"""A cell's time limit while the run is held: its clock stands still, and goes on with what was left."""

from __future__ import annotations

import time

import pytest
from dspy.primitives.code_interpreter import CodeExecutionError

from tests.contract.driver_process import DriverProcess
from tests.contract.sandboxes import Place, every_transport, sandbox


def test_a_stopped_clock_lets_the_cell_run_on_and_goes_on_with_what_was_left() -> None:
    with DriverProcess() as driver:
        cell = driver.start("import time\nprint('begun')\ntime.sleep(60)", timeout=0.4)
        driver.receive_type("output")
        driver.send({"type": "clock", "id": cell, "running": False})
        began = time.monotonic()
        time.sleep(0.8)
        assert driver.frames.empty()
        driver.send({"type": "clock", "id": cell, "running": True})
        assert driver.receive_type("done", 3)["status"] == "timeout"
        assert 0.8 <= time.monotonic() - began < 2.5


def test_a_clock_frame_for_another_cell_or_for_one_without_a_limit_came_late() -> None:
    with DriverProcess() as driver:
        driver.send({"type": "clock", "id": 99, "running": False})
        cell = driver.start("import time\ntime.sleep(0.3)")
        driver.send({"type": "clock", "id": cell, "running": True})
        assert driver.receive_type("done", 3)["status"] == "ok"
        assert driver.run("import time; time.sleep(5)", timeout=0.1).status == "timeout"


@every_transport
def test_the_time_in_which_the_run_is_held_is_not_the_cells(place: Place) -> None:
    def held(seconds: float) -> str:
        interpreter.hold_clock(True)
        time.sleep(seconds)
        interpreter.hold_clock(False)
        return "gone on"

    with sandbox(place, tools={"held": held}, cell_timeout=2.0) as interpreter:
        assert interpreter.execute("print(held(3.5))") == "gone on\n"
        with pytest.raises(CodeExecutionError, match=r"stopped at its time limit of 2 s"):
            interpreter.execute("import time\nheld(0.1)\ntime.sleep(60)")
