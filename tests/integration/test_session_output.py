"""Cells that print a great deal, or oddly: what is told stays whole, bounded and readable."""

from __future__ import annotations

import time

import msgspec
import pytest

from rlm_tui.core.event_codec import decode, encode
from rlm_tui.core.events import CellFinished, CellOutput, VariablesChanged
from tests.integration.session_runs import SUBMIT, WatchedRun, request, run
from tests.lm_server import planner_script
from tests.lm_server.fixtures import StartLM


@pytest.mark.slow
def test_a_hundred_megabytes_are_capped_and_counted(loopback_lm: StartLM) -> None:
    code = "line = 'x' * 99 + '\\n'\nfor _ in range(1000):\n    print(line * 1000, end='')"
    server = loopback_lm(planner_script([("Flood.", code), SUBMIT]))
    began = time.monotonic()
    watched = run(request(server=server))
    assert watched.finished().status == "submitted"
    cell = watched.all(CellFinished)[0]
    told = sum(len(event.text) for event in watched.all(CellOutput))
    assert told + cell.dropped == 100_000_000
    assert 1_000_000 < told < 20_000_000
    assert len(watched.all(CellOutput)) < 20 * (time.monotonic() - began) + 50
    assert max(len(item.prompt) for item in server.requests) < 50_000


def test_odd_text_comes_through_whole(loopback_lm: StartLM) -> None:
    odd = "\x1b[31mred\x1b[0m \u202egnp.exe \ud800 ümlaut 日本語 \x00 [bold]not markup[/bold]"
    server = loopback_lm(planner_script([("Print.", f"text = {odd!r}\nprint(text)"), SUBMIT]))
    watched = run(request(server=server))
    assert watched.finished().status == "submitted"
    told = "".join(event.text for event in watched.all(CellOutput))
    assert "ümlaut 日本語" in told
    assert "\ud800" not in told
    for event in watched.events:
        assert decode(encode(event)) == event
        msgspec.json.encode(event)


def test_values_that_json_has_no_form_for(loopback_lm: StartLM) -> None:
    code = "big = 10 ** 40\nnan = float('nan')\nprint(big, nan)"
    submit = "SUBMIT(answer=str(big) + str(nan))"
    server = loopback_lm(planner_script([("Compute.", code), ("Submit.", submit)]))
    watched = run(request(server=server))
    finished = watched.finished()
    assert finished.outputs == {"answer": f"{10**40}nan"}
    assert {item.name for item in watched.all(VariablesChanged)[0].changed} >= {"big", "nan"}


def test_crumbs_are_told_together(loopback_lm: StartLM) -> None:
    code = "import time\nfor n in range(100):\n    print(n, flush=True)\n    time.sleep(0.003)"
    server = loopback_lm(planner_script([("Drip.", code), SUBMIT]))
    watched = run(request(server=server))
    output = watched.all(CellOutput)
    assert "".join(event.text for event in output) == "".join(f"{n}\n" for n in range(100))
    assert 3 <= len(output) <= 30


def test_both_streams_keep_their_order(loopback_lm: StartLM) -> None:
    code = "import sys\nprint('one')\nprint('two', file=sys.stderr)\nprint('three')"
    server = loopback_lm(planner_script([("Print.", code), SUBMIT]))
    watched = run(request(server=server))
    assert [(event.stream, event.text) for event in watched.all(CellOutput)] == [
        ("stdout", "one\n"),
        ("stderr", "two\n"),
        ("stdout", "three\n"),
    ]


def test_a_running_sandbox_can_be_looked_into(loopback_lm: StartLM) -> None:
    cells = [("Set.", "words = ['a', 'b']\nkey = 'loopback-key-' + '4711-not-a-real-one'"), SUBMIT]
    server = loopback_lm(planner_script(cells))
    with WatchedRun(request(server=server)) as watched:
        watched.session.hold()
        watched.session.step()
        _step_until_variables(watched)
        names = {item.name: item for item in watched.session.inspect()}
        assert names["words"].type.startswith("list")
        assert "[redacted]" in watched.session.inspect("key")[0].preview
        result = watched.session.evaluate("print(len(words))\nkey")
        assert result.text.startswith("2\n")
        assert "[redacted]" in result.text
        watched.session.release()
        assert watched.finished().status == "submitted"


def _step_until_variables(watched: WatchedRun) -> None:
    until = time.monotonic() + 10
    while not watched.all(VariablesChanged):
        assert time.monotonic() < until
        if watched.session.is_held:
            watched.session.step()
        time.sleep(0.02)
