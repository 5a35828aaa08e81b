"""The iterations of a run told from its record: an answer can be extracted without a sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dspy import Prediction

from rlm_tui.core.recorded import RecordedCell
from rlm_tui.engine.invocation import current_invocation
from rlm_tui.engine.prefix import Prefix
from rlm_tui.engine.recorded_turn import RecordedTurn

if TYPE_CHECKING:
    from dspy.primitives.repl_types import REPLHistory, REPLVariable

    from rlm_tui.engine.rlm import ExplorerRLM
    from rlm_tui.engine.run_setting import RunSetting


@dataclass(kw_only=True)
class ToldTurn(RecordedTurn):
    """An iteration of which nothing is executed: events and history are as the record has them."""

    def _result_again(self, cell: RecordedCell) -> Any:
        return self._result_told(cell)

    def _compare_variables(self) -> None:
        """There are none."""


def told_iterations(
    rlm: ExplorerRLM,
    setting: RunSetting,
    prefix: Prefix,
    variables: list[REPLVariable],
    history: REPLHistory,
    outputs: list[str],
) -> Any:
    """The planner's history after the recorded iterations, none of which is executed: there is no sandbox.

    Gives a prediction if the person ended the run meanwhile.
    """
    no_sandbox: Any = None
    told: Any = history
    for n in range(1, prefix.at):
        told = ToldTurn(
            rlm=rlm,
            setting=setting,
            invocation=current_invocation(),
            sandbox=no_sandbox,
            variables=variables,
            history=told,
            n=n,
            outputs=outputs,
            plan=_nobody,
            execute=_nobody,
            prefix=prefix,
        ).take()
        if isinstance(told, Prediction):
            break
    return told


def _nobody(*_arguments: Any) -> Any:
    raise AssertionError("nothing is planned and nothing is executed here")
