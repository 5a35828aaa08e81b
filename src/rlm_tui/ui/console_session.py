"""What the console has evaluated in one run, and how it does: apart from the trajectory, in a thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from rlm_tui.core.console_code import end_words
from rlm_tui.core.events import Variable
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

    @property
    def variables(self) -> Mapping[str, Variable]:
        """Those that the console sees: of the RLM that is held, of the run itself while it goes on."""
        trajectory = self.run.trajectory
        held = trajectory.held
        return trajectory.namespace(None if held is None else trajectory.iteration_of(held.span)).variables

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
        failed = "" if result.error is None else f"{result.error.type}: {result.error.message}"
        problem = end_words(result.status, failed, EVALUATE_SECONDS)
        return ConsoleEntry(code, "evaluated", result.text, problem)

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
