"""What is marked is ended whole, also while it forks."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from rlm_tui.sandbox import processes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def test_what_forks_while_it_is_ended_leaves_nothing() -> None:
    script = "i=0; while [ $i -lt 60 ]; do setsid sleep 4712.5 & i=$((i+1)); done; wait"
    for _ in range(3):
        shell = subprocess.Popen(
            ["sh", "-c", script], env={"MARK_OF_THIS_TEST": "7f3a", "PATH": "/usr/bin:/bin"}
        )
        time.sleep(0.01)
        processes.end_marked("MARK_OF_THIS_TEST", "7f3a", patience=5)
        shell.wait(5)
        time.sleep(0.05)
        assert processes.living(processes.marked("MARK_OF_THIS_TEST", "7f3a")) == []
