"""What the commands of a held run do: each is a verb of the session, or a look at what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, assert_never

import msgspec

from rlm_tui.core.breakpoints import SetBreakpoint, breakpoint_text, parse_breakpoint
from rlm_tui.core.events import Held
from rlm_tui.core.text import visible
from rlm_tui.core.trajectory import Call, Trajectory
from rlm_tui.core.trajectory_state import TrajectoryState
from rlm_tui.headless.held_commands import (
    FORMS,
    AddBreakpoint,
    Command,
    CommandError,
    DeleteBreakpoint,
    Evaluate,
    ListBreakpoints,
    Plain,
    PlainVerb,
    Raise,
    Remark,
    Show,
    ShowPrompt,
    Skip,
    SwitchBreakpoint,
)
from rlm_tui.headless.held_looks import PAGE_CHARACTERS, Look, evaluated, page, variable, variables
from rlm_tui.headless.held_words import budget_lines

if TYPE_CHECKING:
    from rlm_tui.engine.session import Session

CodeVerb = Literal["edit", "insert"]


class Said(msgspec.Struct, frozen=True):
    """The command is done; `text` is for the person."""

    text: str


class GoesOn(msgspec.Struct, frozen=True):
    """The run goes on: nothing is asked before it is held again."""


class Writes(msgspec.Struct, frozen=True):
    """The person is to write code; `before` is what it begins with."""

    verb: CodeVerb
    before: str


Outcome = Said | GoesOn | Writes | Look


class HeldActions:
    """Does commands. `held` is where the run is held; None while it goes on. Methods raise CommandError,
    BreakpointError or SessionError, whose message is a sentence for the person.
    """

    def __init__(self, session: Session, trajectory: Trajectory) -> None:
        self._session = session
        self._trajectory = trajectory

    def do(self, command: Command, held: Held | None) -> Outcome:
        """Do `command`; what the prompt does then."""
        session = self._session
        match command:
            case Plain(verb=verb):
                return self._plain(verb, held)
            case Skip(note=note):
                _need(held)
                session.skip(note)
                return GoesOn()
            case Remark(text=text):
                _need(held)
                session.remark(text)
                return GoesOn()
            case Show(name=name, start=start):
                return Look(lambda: variable(session.inspect(name, start, PAGE_CHARACTERS), name))
            case ShowPrompt(start=start):
                return Said(self._prompt_of_planner(start, held))
            case Evaluate(code=code):
                _need(held)
                return Look(lambda: evaluated(session, code), session.interrupt)
            case ListBreakpoints():
                return self._breakpoints()
            case AddBreakpoint(text=text):
                session.set_breakpoints([*session.breakpoints, SetBreakpoint(parse_breakpoint(text))])
                return self._breakpoints()
            case DeleteBreakpoint(number=number):
                return self._change_breakpoint(number, None)
            case SwitchBreakpoint(number=number, on=on):
                return self._change_breakpoint(number, on)
            case Raise(name=name, amount=amount):
                session.raise_budget(name, amount)
                return GoesOn() if held is not None and held.why == "budget" else Said(f"{name} is raised.")
            case _:
                assert_never(command)

    def use_code(self, verb: CodeVerb, code: str, held: Held | None) -> Outcome:
        """Put what the person wrote in the place of the planner's code, or run it as a step."""
        if not code.strip():
            raise CommandError("Nothing was written: nothing is changed.")
        if verb == "insert":
            self._session.insert(code)
            return GoesOn()
        if code.rstrip() == self.code(held).rstrip():
            return Said("The code is as it was.")
        self._session.edit(code)
        return Said("")

    def code(self, held: Held | None) -> str:
        """The code that would run; "" where the run is not held before a cell."""
        iteration = None if held is None or held.before != "cell" else self._trajectory.iteration(held.span)
        return "" if iteration is None else self._session.blobs.text(iteration.code_value)

    def code_lines(self, held: Held | None) -> str:
        """The code that would run, indented; a sentence where there is none."""
        code = self.code(held)
        if not code:
            return "There is no code here yet: step goes on to the next cell."
        return "\n".join(f"    {line}" for line in visible(code).rstrip("\n").split("\n"))

    def _plain(self, verb: PlainVerb, held: Held | None) -> Outcome:
        session = self._session
        match verb:
            case "hold":
                if held is not None:
                    return Said("It is held already.")
                session.hold()
                return Said("It is held at its next plan or cell.")
            case "step":
                _need(held)
                session.step()
            case "next":
                _need(held)
                session.step_iteration()
            case "go":
                _need(held)
                session.release()
            case "edit":
                if _need(held).before != "cell":
                    raise CommandError("There is no code to edit here: step goes on to the next cell.")
                return Writes("edit", self.code(held))
            case "insert":
                _need(held)
                return Writes("insert", "")
            case "vars":
                marks = self._namespace(held).variable_marks
                return Look(lambda: variables(session.inspect(), marks))
            case "code":
                return Said(self.code_lines(held))
            case "budgets":
                return Said(budget_lines(self._trajectory.budget_uses(self._trajectory.now)))
            case "finish":
                session.finish()
            case "interrupt":
                session.interrupt()
                return Said("The cell that runs now is interrupted, if there is one.")
            case "cancel":
                session.cancel()
            case "help":
                return Said("\n".join(f"  {form.form:<20} {form.does}" for form in FORMS))
            case _:
                assert_never(verb)
        return GoesOn()

    def _namespace(self, held: Held | None) -> TrajectoryState | Call:
        """What has the variables of the RLM that is held; of the run itself while it goes on."""
        trajectory = self._trajectory
        return trajectory.namespace(None if held is None else trajectory.iteration_of(held.span))

    def _prompt_of_planner(self, start: int, held: Held | None) -> str:
        here = None if held is None else self._trajectory.iteration(held.span)
        asked = [*([here] if here is not None else []), *reversed(self._trajectory.iterations)]
        newest = next((iteration for iteration in asked if iteration.prompt.length), None)
        if newest is None:
            return "The planner was not asked yet: step lets it plan."
        text = self._session.blobs.text(newest.prompt)
        return f"The prompt of iteration {newest.n}:\n{page(text[start:], start, len(text), 'prompt')}"

    def _breakpoints(self) -> Said:
        points = self._session.breakpoints
        if not points:
            return Said("There are no breakpoints: break TEXT adds one, as in break iteration=4.")
        lines = [
            f"  {number}  {visible(breakpoint_text(point.breakpoint))}{'' if point.on else '  (off)'}"
            for number, point in enumerate(points, 1)
        ]
        return Said("\n".join(lines))

    def _change_breakpoint(self, number: int, on: bool | None) -> Said:
        """Switch it on or off; None takes it away."""
        points = list(self._session.breakpoints)
        if not 1 <= number <= len(points):
            raise CommandError(f"There is no breakpoint {number}: break alone lists them.")
        if on is None:
            del points[number - 1]
        else:
            points[number - 1] = msgspec.structs.replace(points[number - 1], on=on)
        self._session.set_breakpoints(points)
        return self._breakpoints()


def _need(held: Held | None) -> Held:
    if held is None:
        raise CommandError("The run is not held now: hold holds it at its next plan or cell.")
    return held
