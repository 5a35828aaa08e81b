"""Breakpoints of a real run: each kind holds it where it should, once, and says which one it was."""

from __future__ import annotations

import re
import time

import msgspec
import pytest

from rlm_tui.core.breakpoints import SetBreakpoint, parse_breakpoint
from rlm_tui.core.events import Held
from rlm_tui.core.settings import DebuggerSettings
from rlm_tui.core.trajectory import fold
from rlm_tui.engine.session import RunRequest
from rlm_tui.sandbox.errors import SandboxError
from tests.integration.session_runs import KEY, SUBMIT, WatchedRun, request
from tests.lm_server import LoopbackLM, planner_script
from tests.lm_server.fixtures import StartLM

CELLS = [
    ("Look.", "found = 'first'"),
    ("Ask.", "found = llm_query('Why? ' * 20)"),
    ("Fail.", "open('/no/such/file')"),
    ("I have it.", "SUBMIT(answer=found)"),
]
NESTED = [
    ("Divide.", "import dspy\nfound = dspy.RLM('part -> found')(part='a').found"),
    SUBMIT,
]
INNER = [("Fail.", "1 / 0"), ("Found.", "SUBMIT(found='here')")]


def points(*lines: str) -> tuple[SetBreakpoint, ...]:
    return tuple(SetBreakpoint(parse_breakpoint(line)) for line in lines)


def asked(server: LoopbackLM, *lines: str, hold: bool = False, hold_nested: bool = True) -> RunRequest:
    asked = request(server=server)
    settings = msgspec.structs.replace(asked.settings, debugger=DebuggerSettings(hold_nested=hold_nested))
    return msgspec.structs.replace(asked, settings=settings, breakpoints=points(*lines), hold=hold)


def holds(watched: WatchedRun) -> list[tuple[str, str, int, str]]:
    trajectory = fold(watched.events)
    return [
        (event.why, event.before, trajectory.iterations_by_span[event.span].n, event.detail)
        for event in watched.all(Held)
    ]


def to_the_end(watched: WatchedRun, *, times: int = 1) -> None:
    """Release the run as often as it is held, and wait for its end."""
    seen: list[Held] = []
    while len(seen) < times:
        seen.append(watched.wait_for(Held, lambda event: event not in seen))
        watched.session.release()
    assert watched.finished().status == "submitted"


@pytest.mark.parametrize(
    ("line", "before", "n", "detail"),
    [
        ("code=/no/such", "cell", 3, r"the code contains /no/such"),
        ("regex=^found = l", "cell", 2, r"the code matches \^found = l"),
        ("llm-query", "cell", 2, r"the cell calls llm_query"),
        ("submit", "cell", 4, r"the cell submits"),
        ("error", "plan", 4, r"a cell failed: FileNotFoundError: .*/no/such/file.*"),
        ("call-seconds=0.0001", "plan", 3, r"a call took more than 0.0001 s: call 1 \(llm_query\), .* m?s"),
        (
            "call-characters=100",
            "plan",
            3,
            r"a call has more than 100 characters: call 1 \(llm_query\), 10\d",
        ),
        ("call-cost=0.005", "plan", 3, r"a call cost more than \$0.005: call 1 \(llm_query\), \$0.010"),
        ("iteration=3", "plan", 3, r"iteration 3"),
        ("variable=found", "plan", 2, r"the variable found exists"),
        ("change=found", "plan", 3, r"the variable found changed"),
    ],
)
def test_each_kind_holds_once_and_says_which_it_is(
    loopback_lm: StartLM, monkeypatch: pytest.MonkeyPatch, line: str, before: str, n: int, detail: str
) -> None:
    from rlm_tui.lm import meter

    priced = meter.usage_of
    # No loopback model has a price in dspy's tables.
    monkeypatch.setattr(meter, "usage_of", lambda entry, price=None: priced(entry, 0.01))
    server = loopback_lm(planner_script(CELLS, sub_answer=lambda _prompt: "Because."))
    with WatchedRun(asked(server, line)) as watched:
        to_the_end(watched)
        ((why, *place, words),) = holds(watched)
    assert (why, place) == ("breakpoint", [before, n])
    assert re.fullmatch(detail, words), words
    activity = fold(event for event in watched.events if event.seq <= watched.all(Held)[0].seq).activity()
    place_words = f"{'the cell of ' if before == 'cell' else ''}iteration {n}"
    assert activity.words == f"held: {words}, before {place_words}"


def test_they_are_set_switched_and_taken_away_while_the_run_is_held(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script(CELLS, sub_answer=lambda _prompt: "Because."))
    with WatchedRun(asked(server, "error", hold=True)) as watched:
        watched.wait_for(Held)
        off = SetBreakpoint(parse_breakpoint("error"), on=False)
        watched.session.set_breakpoints([off, *points("llm-query", "iteration=3")])
        assert [item.on for item in watched.session.breakpoints] == [False, True, True]
        watched.session.release()
        watched.wait_for(Held, lambda event: event.before == "cell")
        watched.session.set_breakpoints([off])
        watched.session.release()
        assert watched.finished().status == "submitted"
        assert [(why, before, n) for why, before, n, _ in holds(watched)] == [
            ("hold", "plan", 1),
            ("breakpoint", "cell", 2),
        ]


def test_a_call_holds_before_the_next_one_of_its_cell(loopback_lm: StartLM) -> None:
    cells = [
        ("Ask.", "found = [llm_query('a' * size) for size in (1, 300, 2, 400, 3)]"),
        SUBMIT,
    ]
    server = loopback_lm(planner_script(cells, sub_answer=lambda _prompt: "Yes."))

    def sub_calls() -> int:
        return sum(asked.kind.value != "planner" for asked in server.requests)

    with WatchedRun(asked(server, "call-characters=300")) as watched:
        first = watched.wait_for(Held)
        assert (first.before, sub_calls()) == ("call", 2), "nothing more is paid for"
        assert (
            fold(watched.events)
            .activity()
            .words.endswith("call 2 (llm_query), 304, before a call of iteration 1")
        )
        with pytest.raises(SandboxError, match="A cell is running"):
            watched.session.evaluate("1")
        watched.session.release()
        second = watched.wait_for(Held, lambda event: event is not first)
        assert (second.before, sub_calls()) == ("call", 4)
        watched.session.step()
        third = watched.wait_for(Held, lambda event: event not in (first, second))
        assert (third.before, third.why, sub_calls()) == ("plan", "step", 5)
        watched.session.release()
        assert watched.finished().status == "submitted"
    assert len(watched.all(Held)) == 3


def test_many_threads_at_a_breakpoint_make_one_hold(loopback_lm: StartLM) -> None:
    cells = [("Ask.", "found = llm_query_batched(['a' * (400 - n) for n in range(40)])"), SUBMIT]
    server = loopback_lm(planner_script(cells, sub_answer=lambda _prompt: "Yes.", delay=0.05))
    asking = request(server=server, workers=4)
    with WatchedRun(msgspec.structs.replace(asking, breakpoints=points("call-characters=403"))) as watched:
        held = watched.wait_for(Held)
        assert held.before == "call"
        time.sleep(0.3)
        answered = sum(asked.kind.value != "planner" for asked in server.requests)
        assert answered < 12, "what was on its way is answered, and nothing more is asked"
        watched.session.release()
        assert watched.finished().status == "submitted"
    assert len(watched.all(Held)) == 1


def test_a_run_that_is_held_before_a_call_can_be_finished(loopback_lm: StartLM) -> None:
    cells = [("Ask.", "found = [llm_query('a' * 300) for _ in range(3)]"), SUBMIT]
    server = loopback_lm(planner_script(cells, sub_answer=lambda _prompt: "Yes."))
    with WatchedRun(asked(server, "call-characters=300")) as watched:
        watched.wait_for(Held)
        watched.session.finish()
        assert watched.finished().status == "extracted"
    assert sum(asked.kind.value == "query" for asked in server.requests) <= 1


def test_each_item_of_a_batch_is_looked_at(loopback_lm: StartLM) -> None:
    cells = [("Ask.", "found = llm_query_batched(['a', 'b' * 300, 'c'])"), SUBMIT]
    server = loopback_lm(planner_script(cells, sub_answer=lambda _prompt: "Yes."))
    with WatchedRun(asked(server, "call-characters=300")) as watched:
        to_the_end(watched)
        ((_, before, n, detail),) = holds(watched)
    assert (before, n) == ("plan", 2)
    assert detail == "a call has more than 300 characters: item 2 of call 1 (llm_query), 304"


@pytest.mark.parametrize("hold_nested", [True, False], ids=["held", "let run"])
def test_a_nested_run_is_held_too_or_let_run(loopback_lm: StartLM, hold_nested: bool) -> None:
    server = loopback_lm(planner_script(NESTED, nested={("part",): INNER}))
    failed = ("breakpoint", "plan", 2, "a cell failed: ZeroDivisionError: division by zero")
    submits = ("breakpoint", "cell", 2, "the cell submits")
    with WatchedRun(asked(server, "error", "submit", hold_nested=hold_nested)) as watched:
        to_the_end(watched, times=3 if hold_nested else 2)
        assert holds(watched) == ([failed, submits, submits] if hold_nested else [failed, submits])
        depths = [fold(watched.events).iterations_by_span[held.span].depth for held in watched.all(Held)]
    assert depths == ([1, 1, 0] if hold_nested else [0, 0])


def test_the_key_is_in_no_event_also_when_a_breakpoint_looks_for_it(loopback_lm: StartLM) -> None:
    cells = [("Print.", f"print('{KEY}')"), SUBMIT]
    server = loopback_lm(planner_script(cells))
    with WatchedRun(asked(server, f"code={KEY}")) as watched:
        to_the_end(watched)
        ((_, before, n, detail),) = holds(watched)
    assert (before, n) == ("cell", 1)
    assert "the code contains" in detail
    assert KEY not in msgspec.json.encode(watched.events).decode()
