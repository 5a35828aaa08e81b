"""Looks at everything at once: each check in a thread of its own, given up at its deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from rlm_tui.core.redaction import Redactor
from rlm_tui.core.text import human_seconds, one_line
from rlm_tui.engine.checks.check import Check, CheckResult, Finding

LONGEST = 400
LOOKING = "looking"
"""What is told of a check that has begun and has no phase of its own."""


class Checkup:
    """Runs checks and tells `on_result` of each: once or more while it waits, once when it is over.

    `on_result` is called from the checks' threads. Results hold no secret that `redactor` knows and no
    control character.
    """

    def __init__(
        self,
        checks: Sequence[Check],
        on_result: Callable[[CheckResult], None],
        redactor: Redactor,
        end: Callable[[], None] = lambda: None,
    ) -> None:
        """`end` ends what the checks started, whatever they are doing."""
        self._checks = tuple(checks)
        self._on_result = on_result
        self._redactor = redactor
        self._end = end
        self._left = threading.Event()
        self._lock = threading.RLock()
        self._over = {check.name: threading.Event() for check in self._checks}
        self._results = {
            check.name: CheckResult(check.name, check.group, "waiting", needed=check.needed)
            for check in self._checks
        }

    @property
    def results(self) -> tuple[CheckResult, ...]:
        """What is known now, in the order of the checks."""
        with self._lock:
            return tuple(self._results.values())

    def start(self) -> None:
        """Begin; returns at once."""
        for check in self._checks:
            threading.Thread(
                target=self._attend, args=(check,), name=f"check: {check.name}", daemon=True
            ).start()

    def leave(self) -> None:
        """End what the checks started, and look at nothing more: nobody waits for the rest."""
        self._left.set()
        self._end()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether every check is over, within `seconds` (None: as long as it takes)."""
        until = None if seconds is None else time.monotonic() + seconds
        for over in self._over.values():
            if not over.wait(None if until is None else max(0.0, until - time.monotonic())):
                return False
        return True

    def _attend(self, check: Check) -> None:
        """Wait for a check's turn, look, and tell what was found."""
        began = time.monotonic()
        try:
            for name in (*check.after, *check.behind):
                if name in self._over:
                    self._over[name].wait()
            began = time.monotonic()
            blocking = self._blocking(check)
            if self._left.is_set():
                return
            finding = blocking or self._looked(check)
            self._tell(check, finding, time.monotonic() - began)
        finally:
            self._over[check.name].set()

    def _blocking(self, check: Check) -> Finding | None:
        """Why a check is not looked at, if one that it builds upon is not well."""
        with self._lock:
            before = [self._results[name] for name in check.after if name in self._results]
        first = next((result for result in before if result.outcome != "ok"), None)
        return Finding("skipped", f'not looked at: see "{first.name}"') if first is not None else None

    def _looked(self, check: Check) -> Finding:
        found: list[Finding] = []
        finished = threading.Event()

        def tell(words: str) -> None:
            if not finished.is_set():
                self._tell(check, Finding("waiting", words), 0.0)

        def look() -> None:
            try:
                found.append(check.look(tell))
            except BaseException as error:
                found.append(Finding("failing", f"{type(error).__name__}: {error}"))
            finally:
                finished.set()

        self._tell(check, Finding("waiting", LOOKING), 0.0)
        threading.Thread(target=look, name=f"look: {check.name}", daemon=True).start()
        if finished.wait(check.seconds):
            return found[0]
        finished.set()
        return Finding("failing", f"no answer within {human_seconds(check.seconds)}", "Run the check again.")

    def _tell(self, check: Check, finding: Finding, seconds: float) -> None:
        result = CheckResult(
            check.name,
            check.group,
            finding.outcome,
            self._told(finding.words),
            self._told(finding.mend),
            seconds,
            check.needed,
        )
        with self._lock:
            # What comes from a look that was given up is too late.
            if self._results[check.name].outcome == "waiting":
                self._results[check.name] = result
                self._on_result(result)

    def _told(self, text: str) -> str:
        return one_line(self._redactor.text(text), LONGEST)
