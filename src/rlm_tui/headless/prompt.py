"""A plain prompt for a held run: it says where the run is held, reads commands, and has them done.

It never waits for a line while something happens: `heard` is called after each event, and now and then while
none comes.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Protocol, TextIO, assert_never

from rlm_tui.core.breakpoints import BreakpointError
from rlm_tui.core.events import AnyEvent, Held, PlanReady, Released, RunFinished
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.headless.command_lines import CommandLines
from rlm_tui.headless.editor import EditorError, edited, own_editor
from rlm_tui.headless.held_actions import CodeVerb, GoesOn, HeldActions, Outcome, Said, Writes
from rlm_tui.headless.held_commands import CommandError, parse_command
from rlm_tui.headless.held_looks import Look

if TYPE_CHECKING:
    from collections.abc import Callable

    from rlm_tui.engine.session import Session

ASKS = "held> "
MORE = "  | "
LOOK_SECONDS = 0.1
STUCK_SECONDS = 0.5
LONG_SECONDS = 2.0
"""Until a person is told how what they evaluate can be stopped."""
END_OF_CODE = "."


class LiveLine(Protocol):
    """Something that is renewed at the bottom of the terminal, and has to make room for a prompt."""

    def stand_aside(self) -> None: ...

    def come_back(self) -> None: ...


class HeldPrompt:
    """Asks on `stream` and reads from `lines` while `session` is held; `live` stands aside meanwhile."""

    def __init__(
        self,
        session: Session,
        trajectory: Trajectory,
        lines: CommandLines,
        stream: TextIO,
        live: LiveLine | None = None,
    ) -> None:
        self._session = session
        self._trajectory = trajectory
        self._actions = HeldActions(session, trajectory)
        self._lines = lines
        self._stream = stream
        self._live = live
        self._is_aside = False
        self._held: Held | None = None
        self._is_asking = False
        self._left_at = 0.0
        self._is_open = False  # the cursor may stand behind something: "held> ", or "^C"
        self._look: Look | None = None
        self._writing: CodeVerb | None = None
        self._written: list[str] = []
        self._drafts: dict[CodeVerb, str] = {}
        self._code_shown_for = ""
        self._is_alone = False
        self._wants_stop = False
        self._tell_long_at = 0.0

    @property
    def patience(self) -> float:
        """Seconds that whoever calls `heard` may wait for an event."""
        return 0.02 if self._is_asking or self._look is not None else 0.2

    def spares(self) -> bool:
        """Whether a Ctrl-C is meant for what the console evaluates, which it stops, and not for the run."""
        if self._look is None or self._look.stop is None or self._wants_stop:
            return False
        self._wants_stop = True  # done in `heard`: a signal may come while a lock is held
        return True

    def make_room(self) -> None:
        """Something is going to be printed."""
        if self._is_open:
            self._is_open = False
            self._stream.write("\n")
            self._stream.flush()

    def heard(self, event: AnyEvent | None) -> None:
        """Take notice of an event that was printed; None: none has come for `patience` seconds."""
        match event:
            case None:
                self._idle()
            case Held():
                self._begin(event)
            case Released() if self._held is not None and event.span == self._held.span:
                self._end()
            case PlanReady():
                self._code_shown_for = event.span
            case RunFinished():
                self._end()
            case _:
                pass

    def _begin(self, held: Held) -> None:
        self._held = held
        if self._is_alone:
            self._let_go()
            return
        self._step_aside()
        self._is_asking = True
        if held.before == "cell" and self._code_shown_for != held.span:
            self._say(self._actions.code_lines(held))
        self._code_shown_for = ""
        if held.why == "budget":
            amount = "AMOUNT" if held.needs is None else f"{held.needs:.10g}"
            self._say(
                f"raise {held.budget or 'NAME'} {amount} goes on with more; finish extracts an answer; "
                "cancel ends the run."
            )
        self._say("prompt shows what the planner was asked; help lists the commands.")

    def _end(self) -> None:
        self.make_room()
        if self._writing is not None:
            self._say("The run goes on: what was written is not used.")
        self._held, self._writing, self._is_asking, self._look = None, None, False, None
        if self._is_aside and self._live is not None:
            self._live.come_back()
        self._is_aside = False

    def _step_aside(self) -> None:
        if self._live is not None and not self._is_aside:
            self._live.stand_aside()
        self._is_aside = True

    def _idle(self) -> None:
        if self._look is not None:
            self._wait_for(self._look)
        elif self._is_asking:
            self._take_line()
        elif self._session.is_held:
            # Another RLM of the run is held as well, or the verb was not what it waits for.
            held = self._trajectory.held
            if held is not None and time.monotonic() - self._left_at > STUCK_SECONDS:
                self._begin(held)
        elif self._held is None and self._lines.is_terminal:
            self._take_line_of_a_run_that_goes_on()

    def _wait_for(self, look: Look) -> None:
        if look.text is not None:
            self._look = None
            self._is_open = False
            self._say(look.text)
            if self._held is None:
                self._end()
        elif look.stop is None:
            return
        elif self._wants_stop:
            look.stop()
            look.stop = None
        elif self._lines.is_terminal and time.monotonic() > self._tell_long_at:
            self._tell_long_at = math.inf
            self._say("It takes a while: Ctrl-C stops it, and the run keeps its state.")

    def _take_line(self) -> None:
        asks = ASKS if self._writing is None else MORE
        if self._lines.is_terminal and not self._is_open:
            self._stream.write(asks)
            self._stream.flush()
            self._is_open = True
        line = self._lines.take(LOOK_SECONDS)
        if line is None:
            if self._lines.ended:
                self._input_ended()
            return
        self._is_open = False
        if not self._lines.is_terminal:
            self._say(asks + line)
        self._do_line(line)

    def _take_line_of_a_run_that_goes_on(self) -> None:
        line = self._lines.take(0.0)
        if line is not None and line.strip():
            self._step_aside()
            self._do_line(line)
            if self._look is None:
                self._end()

    def _do_line(self, line: str) -> None:
        if self._writing is None:
            self._do(lambda: self._actions.do(parse_command(line), self._held))
        elif line.strip() != END_OF_CODE:
            self._written.append(line)
        else:
            verb, self._writing = self._writing, None
            self._use_code(verb, "\n".join(self._written))

    def _do(self, action: Callable[[], Outcome]) -> bool:
        from rlm_tui.engine.session import SessionError

        try:
            outcome = action()
            self._after(outcome)
        except (CommandError, BreakpointError, EditorError, SessionError) as error:
            self._say(str(error))
            return False
        return True

    def _after(self, outcome: Outcome) -> None:
        match outcome:
            case Said(text=text):
                if text:
                    self._say(text)
            case GoesOn():
                self._is_asking = False
                self._left_at = time.monotonic()
            case Writes(verb=verb, before=before):
                self._begin_code(verb, before)
            case Look():
                self._look = outcome
                self._wants_stop, self._tell_long_at = False, time.monotonic() + LONG_SECONDS
                self._is_open = self._lines.is_terminal  # a Ctrl-C shows there
            case _:
                assert_never(outcome)

    def _begin_code(self, verb: CodeVerb, before: str) -> None:
        command = own_editor() if self._lines.is_terminal else None
        if command is None:
            self._writing, self._written = verb, []
            self._say(f"Write the code; a line with {END_OF_CODE} alone ends it.")
        else:
            self._use_code(verb, edited(self._drafts.pop(verb, before), command))

    def _use_code(self, verb: CodeVerb, code: str) -> None:
        if not self._do(lambda: self._actions.use_code(verb, code, self._held)) and code.strip():
            self._drafts[verb] = code  # what could not be used comes back with the next try

    def _input_ended(self) -> None:
        self.make_room()
        self._writing = None
        self._is_alone = True
        self._say("The input has ended: the run goes on and is not held again.")
        self._let_go()

    def _let_go(self) -> None:
        """Nobody is there any more."""
        self._is_asking = False
        self._left_at = time.monotonic()
        self._session.set_breakpoints([])
        self._session.leave()

    def _say(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()
