"""The doctor's way of looking: order, deadlines, failures, secrets; and what it says in all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from rlm_tui.core.redaction import Redactor
from rlm_tui.engine.checks.check import Check, CheckResult, Finding, all_well, as_object, summary
from rlm_tui.engine.checks.checkup import LOOKING, Checkup

KEY = "planted-4711-of-no-known-shape"
OK = Finding("ok", "well")


def looked(*checks: Check, seconds: float = 10) -> tuple[dict[str, CheckResult], list[CheckResult]]:
    """The results by name, and all that was told in order."""
    told: list[CheckResult] = []
    checkup = Checkup(checks, told.append, Redactor([KEY]))
    checkup.start()
    assert checkup.wait(seconds)
    return {result.name: result for result in checkup.results}, told


def check(name: str, look: Callable[[], Finding] = lambda: OK, **options: object) -> Check:
    return Check(name, "Machine", lambda _tell: look(), **options)  # type: ignore[arg-type]


def test_independent_checks_run_at_the_same_time() -> None:
    meet = threading.Barrier(3, timeout=5)

    def together() -> Finding:
        meet.wait()
        return OK

    results, _ = looked(*(check(name, together) for name in "abc"))
    assert [result.outcome for result in results.values()] == ["ok"] * 3


@pytest.mark.parametrize("outcome", ["missing", "failing", "skipped"])
def test_what_builds_on_something_that_is_not_well_is_skipped_and_says_why(outcome: str) -> None:
    asked: list[str] = []

    def last() -> Finding:
        asked.append("last")
        return OK

    results, _ = looked(
        check("last", last, after=("middle",)),
        check("middle", last, after=("first",)),
        check("first", lambda: Finding(outcome, "so it is")),  # type: ignore[arg-type]
        check("other", behind=("first",)),
    )
    assert results["middle"].outcome == results["last"].outcome == "skipped"
    assert results["middle"].words == 'not looked at: see "first"'
    assert results["other"].outcome == "ok", "it only waits for the first to be over"
    assert asked == []


def test_a_check_waits_for_what_it_builds_on() -> None:
    order: list[str] = []

    def slow() -> Finding:
        time.sleep(0.1)
        order.append("slow")
        return OK

    def quick() -> Finding:
        order.append("quick")
        return OK

    results, told = looked(check("quick", quick, after=("slow",)), check("slow", slow))
    assert order == ["slow", "quick"]
    assert results["slow"].seconds >= 0.1 > results["quick"].seconds
    assert [(one.name, one.outcome) for one in told] == [
        ("slow", "waiting"),
        ("slow", "ok"),
        ("quick", "waiting"),
        ("quick", "ok"),
    ]
    assert told[0].words == LOOKING


def test_a_look_that_hangs_is_given_up_and_what_it_says_later_is_not_heard() -> None:
    go = threading.Event()
    told: list[CheckResult] = []

    def hang(tell: Callable[[str], None]) -> Finding:
        tell("connecting")
        go.wait(10)
        tell("too late")
        return OK

    checkup = Checkup([Check("slow", "Modal", hang, seconds=0.1)], told.append, Redactor())
    checkup.start()
    assert checkup.wait(5)
    go.set()
    time.sleep(0.1)
    (result,) = checkup.results
    assert (result.outcome, result.words) == ("failing", "no answer within 0.10 s")
    assert [one.words for one in told] == [LOOKING, "connecting", "no answer within 0.10 s"]


def test_a_look_that_breaks_is_a_finding() -> None:
    def broken() -> Finding:
        raise ZeroDivisionError("nobody thought of it")

    def leaves() -> Finding:
        raise SystemExit(3)

    results, _ = looked(check("broken", broken), check("leaves", leaves))
    assert results["broken"].outcome == results["leaves"].outcome == "failing"
    assert results["broken"].words == "ZeroDivisionError: nobody thought of it"


def test_no_secret_and_no_control_character_leaves_a_check() -> None:
    def leak(tell: Callable[[str], None]) -> Finding:
        tell(f"asking with {KEY}")
        return Finding(
            "failing", f"\x1b[31mthe key {KEY}\nis wrong", f"Try `login {KEY}`, or sk-{'4f8a' * 10}."
        )

    results, told = looked(Check("leak", "Planner", leak))
    assert results["leak"].words == "␛[31mthe key [redacted] is wrong"
    assert results["leak"].mend == "Try `login [redacted]`, or [redacted]."
    assert KEY not in repr(told)


def result(outcome: str, *, needed: bool = True, mend: str = "") -> CheckResult:
    return CheckResult(f"{outcome} one", "Modal", outcome, "words", mend, 0.12345, needed)  # type: ignore[arg-type]


def test_only_what_a_run_needs_makes_it_unwell() -> None:
    assert all_well([result("ok"), result("skipped"), result("missing", needed=False)])
    assert not all_well([result("ok"), result("missing")])
    assert not all_well([result("failing")])
    assert summary([result("ok"), result("failing", needed=False)]) == (
        "Everything is there that a run needs. Not needed for it: failing one."
    )
    assert summary([result("failing"), result("missing")]) == "To be mended: failing one, missing one."
    assert summary([result("waiting"), result("failing")]) == "Still looking at: waiting one."


def test_the_object_says_everything() -> None:
    assert as_object([result("missing", mend="Run `it`.")]) == {
        "ok": False,
        "checks": [
            {
                "group": "Modal",
                "name": "missing one",
                "outcome": "missing",
                "words": "words",
                "mend": "Run `it`.",
                "needed": True,
                "seconds": 0.123,
            }
        ],
    }


def test_the_command_to_copy_stands_between_backquotes() -> None:
    assert result("missing", mend="Run `modal token new`, or set `X`.").command == "modal token new"
    assert result("missing", mend="Wait a little.").command == "Wait a little."


def test_one_who_leaves_has_ended_what_was_started_and_begins_nothing_more() -> None:
    looking, ended = threading.Event(), threading.Event()
    asked: list[str] = []

    def start() -> Finding:
        looking.set()
        assert ended.wait(10)
        return OK

    def later() -> Finding:
        asked.append("later")
        return OK

    checks = (check("start", start), check("later", later, after=("start",)))
    checkup = Checkup(checks, lambda _: None, Redactor(), ended.set)
    checkup.start()
    assert looking.wait(10)
    checkup.leave()
    assert checkup.wait(10)
    assert asked == []
