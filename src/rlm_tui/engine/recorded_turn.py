"""Iterations of a fork that are taken from a record: planned by nobody, and executed again or only told."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, assert_never

from dspy import Prediction
from dspy.predict.rlm import _strip_code_fences

from rlm_tui.core.events import (
    CodeEdited,
    ErrorDetail,
    PlanReady,
    PlanStarted,
    Remarked,
)
from rlm_tui.core.history_words import PERSONS_STEP
from rlm_tui.core.recorded import (
    Planned,
    Ran,
    RecordedCell,
    RecordedIteration,
    SentBack,
    Skipped,
    Told,
)
from rlm_tui.core.recorded_differences import Comparison
from rlm_tui.core.redaction import REDACTED
from rlm_tui.engine.calls import NOTHING_SPENT
from rlm_tui.engine.cells_again import STOPPED_STATUS, stopped_again
from rlm_tui.engine.decisions import Boundary, Finish
from rlm_tui.engine.prefix import Prefix
from rlm_tui.engine.recorded_answers import RecordedAnswers
from rlm_tui.engine.told_cells import tell_cell
from rlm_tui.engine.turn import Turn


@dataclass(kw_only=True)
class PlannedTurn(Turn):
    """An iteration whose plan may come from the record."""

    prefix: Prefix

    def _plan_again(self, plan: Planned) -> Prediction:
        """The recorded plan, as if the planner had just written it."""
        recorder, invocation = self.setting.recorder, self.invocation
        span = invocation.iteration
        recorder.emit(PlanStarted, span=span, parent=invocation.span, streaming=False)
        recorder.emit(
            PlanReady,
            span=span,
            parent=invocation.span,
            reasoning=recorder.value(plan.reasoning),
            code=recorder.value(plan.code),
            prompt=recorder.value(self.prefix.resolve(plan.prompt)),
            usage=NOTHING_SPENT,
            cached=True,
            remark=plan.remark,
            origin=self.prefix.origin,
        )
        invocation.bad_answers = invocation.bad_answers + 1 if plan.remark else 0
        if plan.remark:
            recorder.emit(Remarked, span=span, text=plan.remark)
        return Prediction(reasoning=plan.reasoning, code=plan.code)

    def _tell_edit(self, before: str, after: str) -> None:
        if before != after:
            value = self.setting.recorder.value
            self.setting.recorder.emit(
                CodeEdited, span=self.invocation.iteration, before=value(before), after=value(after)
            )


@dataclass(kw_only=True)
class OpeningTurn(PlannedTurn):
    """The first live iteration of a fork: begun with a remark, with other code than was planned, or with a
    person's step where nothing was planned.
    """

    is_open: bool = False

    def _before_plan(self) -> Any:
        if self.prefix.hold:
            self.setting.gate.hold()
        if self.prefix.fork.remark:
            self._tell(self.prefix.fork.remark)
        done = super()._before_plan()
        code = self.prefix.fork.code
        if done is None and code is not None and self.prefix.plan is None:
            done = self._insert(code)
            return super()._before_plan() if done is None else done
        return done

    def _ask_planner(self) -> Any:
        plan = self.prefix.plan
        if self.is_open or self.prefix.fork.code is None or plan is None:
            self.is_open = True
            return super()._ask_planner()
        return self._plan_again(plan)

    def _code_of(self, action: Any) -> str:
        code = self.prefix.fork.code
        if self.is_open or code is None:
            return super()._code_of(action)
        self.is_open = True
        self._tell_edit(str(action.code), code)
        return code


@dataclass(kw_only=True)
class RecordedTurn(PlannedTurn):
    """An iteration before the live ones: its cells are executed again, with the recorded answers."""

    def _before_plan(self) -> Any:
        prefix = self.prefix
        prefix.begin()
        try:
            done = self._again(prefix.iterations[self.n - 1])
        except BaseException:
            prefix.tell(self.setting.recorder, self.n - 1)
            raise
        if isinstance(done, Prediction) or self.n == prefix.at - 1:
            prefix.tell(self.setting.recorder, self.n)
        return done

    @property
    def _boundary(self) -> Boundary:
        return Boundary(self.invocation.iteration, self.n, self.invocation.depth, recorded=True)

    def _again(self, record: RecordedIteration) -> Any:
        """Do what the record says; the planner's history after it, or the prediction that ends the run."""
        gate, control = self.setting.gate, self.invocation.control
        if isinstance(gate.before_plan(self._boundary, control), Finish):
            return self._finish()
        action = Prediction(reasoning="", code="")
        last = len(record.steps) - 1
        for index, step in enumerate(record.steps):
            control.check()
            match step:
                case Planned():
                    action = self._plan_again(step)
                case Told(text=text):
                    self._tell(text)
                case SentBack(text=text):
                    self._send_back(action, str(action.code), text)
                case Skipped(note=note):
                    self._skip(action, str(action.code), note)
                case Ran(cell=cell):
                    if cell.status == "lost" and index < last:
                        continue  # it was run again, in a sandbox that took the place of the lost one
                    ended = self._cell_again(action, cell)
                    if ended is not None:
                        return ended
                case _:
                    assert_never(step)
        self._compare_variables()
        return self._finish() if gate.finishing else self.history

    def _compare_variables(self) -> None:
        volume = self.sandbox.description.volume
        self.setting.recorder.read(
            lambda trajectory: self.prefix.compare_variables(self.n, trajectory, volume)
        )

    def _cell_again(self, action: Any, cell: RecordedCell) -> Any:
        """Execute a cell again; gives the prediction that ends the run, if it submitted."""
        gate = self.setting.gate
        if cell.by == "person":
            action = Prediction(reasoning=PERSONS_STEP, code=cell.code)
        else:
            decision = gate.before_cell(self._boundary, cell.code, self.invocation.control)
            if isinstance(decision, Finish):
                return self._finish()
            self._tell_edit(str(action.code), cell.code)
        self.prefix.cells += 1
        result = self._result_again(cell)
        after = self._process(action, cell.code, result)
        if isinstance(after, Prediction):
            return after
        self.history = after
        return None

    def _result_again(self, cell: RecordedCell) -> Any:
        """What dspy is given for the cell. One that cost its sandbox is not run again."""
        if cell.status == "lost":
            self.prefix.differed.append(
                f"Iteration {self.n}: its cell ended with the sandbox, and was not run again."
            )
            return self._result_told(cell)
        if _is_no_python(cell):
            return self._result_told(cell)
        if REDACTED in cell.code:
            self.prefix.differed.append(
                f"Iteration {self.n}: its code has {REDACTED} where a secret was taken out of the record."
            )
        invocation = self.invocation
        cut_short = threading.Event() if cell.status in STOPPED_STATUS else None
        answers = RecordedAnswers(cell.calls, origin=self.prefix.origin, n=self.n, stopped=cut_short)
        invocation.answers = answers
        try:
            with stopped_again(self.sandbox, cell, cut_short):
                result = self._run_cell(cell.code, cell.by)
        finally:
            invocation.answers = None
            answers.leave()
            self.prefix.calls += answers.taken
            self.prefix.differed += answers.differed
        comparison = Comparison(self.prefix.volume, self.sandbox.description.volume)
        self.prefix.differed += comparison.cell(self.n, cell, self._as_recorded(cell))
        return result

    def _as_recorded(self, cell: RecordedCell) -> RecordedCell:
        """What came out now, in the form of the record."""
        found = self.invocation.listener.result
        if found is None:
            return RecordedCell(cell.code, cell.by)
        recorder, error = self.setting.recorder, found.error
        return RecordedCell(
            cell.code,
            cell.by,
            text=recorder.text(found.text),
            value=None if found.value is None else recorder.text(found.value),
            status=found.status,
            error=None if error is None else recorder.error(ErrorDetail(error.type, error.message)),
        )

    def _result_told(self, cell: RecordedCell) -> Any:
        return tell_cell(cell, self.invocation, self.setting.recorder, self.prefix)


def _is_no_python(cell: RecordedCell) -> bool:
    """Whether it never reached a sandbox, as code in a fence of another language does not."""
    if cell.error is None or cell.error.kind != "SyntaxError":
        return False
    try:
        _strip_code_fences(cell.code)
    except SyntaxError:
        return True
    return False
