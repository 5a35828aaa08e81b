"""One iteration of an RLM: held, planned, held again, and run; or edited, skipped, sent back, ended.

What happens here is what the planner's history, the log and the next prompt hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_never

from dspy import Prediction
from dspy.predict.rlm import _strip_code_fences
from dspy.primitives.repl_types import REPLHistory, REPLVariable
from dspy.utils.exceptions import format_error_for_lm

from rlm_tui.core.events import CellAuthor, CellSkipped, ErrorDetail, IterationStarted, Remarked
from rlm_tui.core.history_words import PERSONS_STEP, REMARK_CODE, SENT_BACK, SKIPPED, TOLD
from rlm_tui.engine.cells import fail_cell, run_cell
from rlm_tui.engine.control import RunControl, RunStopped
from rlm_tui.engine.decisions import Before, Boundary, Finish, Go, Insert, Run, SendBack, Skip, Tell
from rlm_tui.engine.heal import RunningCall
from rlm_tui.engine.invocation import Invocation

if TYPE_CHECKING:
    from rlm_tui.engine.rlm import ExplorerRLM
    from rlm_tui.engine.run_setting import RunSetting
    from rlm_tui.sandbox.interpreter import DriverInterpreter


@dataclass
class Turn:
    """One iteration. `plan(history, number)` asks the planner; `execute(code)` runs code in the sandbox."""

    rlm: ExplorerRLM
    setting: RunSetting
    invocation: Invocation
    sandbox: DriverInterpreter
    variables: list[REPLVariable]
    history: REPLHistory
    n: int
    outputs: list[str]
    plan: Callable[[REPLHistory, str], Any]
    execute: Callable[[str], Any]

    def take(self) -> Any:
        """The planner's history after the iteration, or the prediction that ends the run."""
        invocation, recorder = self.invocation, self.setting.recorder
        invocation.control.check()
        invocation.iteration = recorder.span("iteration")
        invocation.n = self.n
        if invocation.depth == 0:
            self.setting.budget.iterations = self.n
            invocation.most_iterations = self.setting.budget.limits.max_iterations
        recorder.emit(
            IterationStarted,
            span=invocation.iteration,
            parent=invocation.span,
            n=self.n,
            of=invocation.most_iterations,
        )
        done: Any = self._before_plan()
        while done is None:
            done = self._plan_and_run()
        return done

    # Before the plan

    def _before_plan(self) -> Any:
        """Wait at the gate, and do what the person wants done here; gives a prediction that ends the run."""
        if not self._is_within_budget("plan"):
            return self._finish()
        while True:
            decision = self.setting.gate.before_plan(self._boundary, self.invocation.control)
            match decision:
                case Go():
                    return None
                case Tell(remark=remark):
                    self._tell(remark)
                case Insert(code=code):
                    ended = self._insert(code)
                    if ended is not None:
                        return ended
                case Finish():
                    return self._finish()
                case _:
                    assert_never(decision)

    def _plan_and_run(self) -> Any:
        """Plan and do what is decided on the code; None when the planner is sent back."""
        invocation, setting = self.invocation, self.setting
        try:
            action = self._ask_planner()
        except RunStopped:
            # Only this turn was stopped: what was found is what an answer is extracted from.
            if invocation.control.reason is None and setting.gate.finishing:
                return self._finish()
            raise
        if not self._is_within_budget("cell"):
            return self._finish()
        try:
            code = self._code_of(action)
        except SyntaxError as error:
            detail = ErrorDetail(kind="SyntaxError", message=str(error))
            fail_cell(invocation, setting.recorder, action.code, detail)
            return self._process(action, action.code, f"[Error] {format_error_for_lm(error)}")
        while True:
            decision = setting.gate.before_cell(self._boundary, code, invocation.control)
            match decision:
                case Run(code=wanted):
                    return self._run(action, wanted)
                case Skip(note=note):
                    return self._skip(action, code, note)
                case SendBack(remark=remark):
                    self._send_back(action, code, remark)
                    return None
                case Insert(code=inserted):
                    ended = self._insert(inserted)
                    if ended is not None:
                        return ended
                case Finish():
                    return self._finish()
                case _:
                    assert_never(decision)

    def _code_of(self, action: Any) -> str:
        return str(_strip_code_fences(action.code))

    def _ask_planner(self) -> Any:
        invocation = self.invocation
        invocation.plan_control = RunControl(invocation.control)
        return self.plan(self.history, f"{self.n}/{invocation.most_iterations}")

    # What becomes of the code

    def _run(self, action: Any, code: str) -> Any:
        result = self._run_cell(code, "planner")
        after = self._process(action, code, result)
        if isinstance(after, Prediction):
            return after
        self.history = after
        if self.setting.gate.finishing or not self.setting.budget.enforce_unasked():
            return self._finish()
        self.invocation.control.check()
        return after

    def _skip(self, action: Any, code: str, note: str) -> REPLHistory:
        recorder = self.setting.recorder
        recorder.emit(CellSkipped, span=self.invocation.iteration, text=recorder.text(note))
        self._remember(str(action.reasoning), code, f"{SKIPPED} {note}".strip())
        return self.history

    def _send_back(self, action: Any, code: str, remark: str) -> None:
        self._emit_remark(remark, sent_back=True)
        self._remember(str(action.reasoning), code, f"{SENT_BACK}{remark}")

    # What a person adds

    def _tell(self, remark: str) -> None:
        self._emit_remark(remark, sent_back=False)
        self._remember("", REMARK_CODE, f"{TOLD}{remark}")

    def _insert(self, code: str) -> Any:
        result = self._run_cell(code, "person")
        after = self._process(Prediction(reasoning=PERSONS_STEP, code=code), code, result)
        if isinstance(after, Prediction):
            return after
        self.history = after
        return None

    def _finish(self) -> Any:
        return self.rlm.finish(self.variables, self.history, self.outputs)

    # The ways to the sandbox and to the planner's history

    def _is_within_budget(self, before: Before) -> bool:
        """Whether the run may go on here; False: it ends with an answer that is extracted."""
        invocation = self.invocation
        goes_on = self.setting.budget.enforce(invocation.iteration, before, invocation.control)
        invocation.control.check()
        return goes_on

    def _run_cell(self, code: str, by: CellAuthor) -> Any:
        self.sandbox.cell_timeout = self.setting.budget.limits.cell_seconds

        def run() -> Any:
            return run_cell(
                self.invocation,
                self.setting.recorder,
                code,
                lambda: self.execute(code),
                self.setting.volume,
                self.sandbox,
                by=by,
            )

        try:
            return self.setting.healing.run(RunningCall(self.invocation, self.sandbox, self.execute), run)
        finally:
            result = self.invocation.listener.result
            if result is not None and result.status == "timeout":
                self.setting.budget.cell_ran_over()

    def _process(self, action: Any, code: str, result: Any) -> Any:
        processed = self.rlm._process_execution_result(action, code, result, self.history, self.outputs)
        assert isinstance(processed, Prediction | REPLHistory), "dspy gives one of the two"
        return processed

    def _remember(self, reasoning: str, code: str, output: str) -> None:
        self.history = self.history.append(reasoning=reasoning, code=code, output=output)

    def _emit_remark(self, text: str, *, sent_back: bool) -> None:
        recorder = self.setting.recorder
        recorder.emit(
            Remarked,
            span=self.invocation.iteration,
            text=recorder.text(text),
            by="person",
            sent_back=sent_back,
        )

    @property
    def _boundary(self) -> Boundary:
        invocation = self.invocation
        return Boundary(invocation.iteration, self.n, invocation.depth, rlm=invocation.span)
