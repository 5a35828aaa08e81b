"""What the console has evaluated in one run, and how it does: apart from the trajectory, in a thread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from rlm_tui.ui.live_run import LiveRun

EVALUATE_SECONDS = 10.0
LOOK_UP_SECONDS = 2.0
MOST_ENTRIES = 200

EntryKind = Literal["evaluated", "inserted", "refused"]


class ConsoleEntry(NamedTuple):
    """What was typed, what it printed and gave, and in `problem` why it ended otherwise."""

    code: str
    kind: EntryKind
    text: str = ""
    problem: str = ""


@dataclass
class ConsoleSession:
    """The console of one run; it outlives its screen. `evaluate` and `look_up` wait: use a thread."""

    run: LiveRun
    entries: list[ConsoleEntry] = field(default_factory=list)
    draft: str = ""

    def add(self, entry: ConsoleEntry) -> None:
        """Keep what was evaluated last; of very many the oldest are dropped."""
        self.entries.append(entry)
        del self.entries[:-MOST_ENTRIES]

    def last_code(self) -> str:
        """The code that was evaluated last, "" before any was."""
        return next((entry.code for entry in reversed(self.entries) if entry.kind == "evaluated"), "")

    def evaluate(self, code: str) -> ConsoleEntry:
        """Run `code` in the sandbox (in a thread: it waits). Never raises."""
        from rlm_tui.engine.verbs import SessionError
        from rlm_tui.sandbox.errors import SandboxError

        session = self.run.session
        if session is None or not self.run.active:
            return ConsoleEntry(code, "refused", problem="The run is over, and its sandbox with it.")
        try:
            result = session.evaluate(code, timeout=EVALUATE_SECONDS)
        except (SessionError, SandboxError) as error:
            return ConsoleEntry(code, "refused", problem=str(error))
        return ConsoleEntry(code, "evaluated", result.text, "".join(_problem(result.status, result.error)))

    def look_up(self, code: str) -> str:
        """What `code` prints, for a completion (in a thread: it waits); "" where it can't be told."""
        from rlm_tui.engine.verbs import SessionError
        from rlm_tui.sandbox.errors import SandboxError

        session = self.run.session
        if session is None or not self.run.active:
            return ""
        try:
            return str(session.evaluate(code, timeout=LOOK_UP_SECONDS).text)
        except (SessionError, SandboxError):
            return ""

    def insert(self, code: str) -> None:
        """Have `code` run as a step of the run. Raises SessionError."""
        self.run.insert(code)
        self.add(ConsoleEntry(code, "inserted"))


def _problem(status: str, error: object) -> Iterator[str]:
    kind, message = getattr(error, "type", ""), getattr(error, "message", "")
    match status:
        case "ok" | "submitted":
            return
        case "timeout":
            yield f"It was stopped after {EVALUATE_SECONDS:g} seconds; what it had set is kept."
        case "interrupted":
            yield "You interrupted it; what it had set is kept."
        case _ if error is not None:
            yield f"{kind}: {message}" if message else kind
        case _:
            yield f"It ended otherwise: {status}."
