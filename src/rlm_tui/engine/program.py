"""What a session's thread runs once dspy is imported: models, sandbox and RLM, and how they ended."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import dspy

from rlm_tui.core.events import ErrorDetail
from rlm_tui.engine.budget import RunBudget
from rlm_tui.engine.control import RunControl, RunStopped, Stop
from rlm_tui.engine.gate import Gate
from rlm_tui.engine.heal import Healing
from rlm_tui.engine.heal_volume import VolumeAgain
from rlm_tui.engine.host_tools import resolve_tools
from rlm_tui.engine.invocation import Invocation
from rlm_tui.engine.lm_callbacks import RunCallback
from rlm_tui.engine.outcome import Outcome, described, failed
from rlm_tui.engine.output_types import ExtractionError
from rlm_tui.engine.place import current_place
from rlm_tui.engine.planner import PlannerAnswerError
from rlm_tui.engine.prefix import load_prefix
from rlm_tui.engine.recorder import Recorder
from rlm_tui.engine.remote_volume_watch import RemoteVolumeWatch
from rlm_tui.engine.rlm import ExplorerRLM
from rlm_tui.engine.run_documents import RunDocuments
from rlm_tui.engine.run_setting import RunSetting
from rlm_tui.engine.sandboxes import SandboxFactory
from rlm_tui.engine.signatures import build_signature
from rlm_tui.engine.start import local_volume
from rlm_tui.engine.volume_copy import VolumeCopy
from rlm_tui.engine.volume_watch import LocalVolumeWatch
from rlm_tui.lm.failures import explain
from rlm_tui.lm.models import build_models
from rlm_tui.store.answers import RememberedAnswers

if TYPE_CHECKING:
    from rlm_tui.engine.session import RunRequest

# dspy's threads for streamed planners: each nested RLM that plans holds one, an abandoned answer too.
_STREAMING_THREADS = 256
INTERRUPT_SECONDS = 0.05


class Program:
    """One run, from its request to its outcome. Making it raises what is wrong with the request.

    Cells wait for `kept`, the copy of the volume as it is before the first.
    """

    def __init__(
        self,
        request: RunRequest,
        documents: RunDocuments,
        *,
        recorder: Recorder,
        control: RunControl,
        gate: Gate,
        budget: RunBudget,
        run_id: str,
        kept: VolumeCopy | None = None,
    ) -> None:
        settings, budgets = request.settings, request.settings.budgets
        self._recorder = recorder
        self._control = control
        is_local = settings.sandbox.kind == "local"
        self._signature = build_signature(request.task)
        self._models = build_models(settings, pace=request.pace)
        self._budget = budget
        self.sandboxes = SandboxFactory(
            settings,
            documents=documents.files,
            run_id=run_id,
            cell_seconds=budget.limits.cell_seconds,
            recorder=recorder,
        )
        gate.on_held = self.sandboxes.hold_clocks
        volume = LocalVolumeWatch(local_volume(settings), kept) if is_local else RemoteVolumeWatch()
        self._rlm = ExplorerRLM(
            self._signature,
            RunSetting(
                recorder=recorder,
                control=control,
                gate=gate,
                sandboxes=self.sandboxes,
                budget=self._budget,
                workers=settings.sandbox.batch_workers,
                streaming=True,
                remembered=self._remembered(run_id) if settings.debugger.remember_answers else None,
                volume=volume,
                healing=Healing(
                    recorder,
                    gate,
                    VolumeAgain(
                        recorder,
                        gate,
                        self.sandboxes,
                        volume,
                        attended=request.attended,
                        copy=lambda: None if kept is None else kept.fresh(),
                    ),
                    enabled=settings.debugger.heal,
                    run_id=run_id,
                ),
                prefix=None if request.fork is None else load_prefix(request.fork, hold=request.hold),
            ),
            max_iters=budgets.max_iterations,
            max_llm_calls=budgets.max_llm_calls,
            sub_lm=self._models.sub,
            tools=resolve_tools(request.task.tools),
        )
        self._inputs: dict[str, Any] = {**request.inputs, **documents.inputs}

    def run(self) -> Outcome:
        """Run to the end, whatever it is. Nothing is raised."""
        self._models.retries.on_retry = self._tell_retry
        callback = RunCallback(self._recorder, self._models.meter, self._budget, self._control)
        try:
            with (
                self._control.on_stop(self._models.stop),
                dspy.context(
                    lm=self._models.planner,
                    callbacks=[callback],
                    async_max_workers=_STREAMING_THREADS,
                    max_history_size=0,
                ),
                self._budget.clock(),
            ):
                self._control.check()
                prediction = self._rlm(**self._inputs)
        except RunStopped as stopped:
            return Outcome(stopped.stop.status, error=stopped.stop.error)
        except BaseException as error:
            reason = self._control.reason
            # What a stop breaks on its way is not what ended the run.
            return Outcome(reason.status, error=reason.error) if reason is not None else self._failed(error)
        finally:
            self.kill()
        self._models.close()
        return self._ended(prediction)

    def _remembered(self, run_id: str) -> RememberedAnswers:
        return RememberedAnswers(partial(self._recorder.note, "warning"), own_run=run_id)

    def _tell_retry(self, sentence: str) -> None:
        self._recorder.note("warning", sentence, span=current_place().span)

    def stop_turn(self) -> None:
        """Stop what the run waits for now, a plan or a cell, and not the run."""
        invocation = self._rlm.invocation
        if invocation is None:
            return
        ended = Stop("cancelled")
        invocation.plan_control.stop(ended)
        invocation.cell_control.stop(ended)
        if cell := invocation.cell:
            threading.Thread(
                target=self._interrupt, args=(invocation, cell), name="rlm-finish", daemon=True
            ).start()

    def _interrupt(self, invocation: Invocation, cell: str) -> None:
        """Interrupt the cell until it is over: one that is only just begun hears nothing yet."""
        while invocation.cell == cell and (sandbox := self.sandboxes.outermost) is not None:
            sandbox.interrupt()
            time.sleep(INTERRUPT_SECONDS)

    def kill(self) -> None:
        """End every sandbox that still lives."""
        self.sandboxes.end_all()

    def _ended(self, prediction: Any) -> Outcome:
        invocation = self._rlm.invocation
        assert invocation is not None, "a prediction comes from an invocation"
        if invocation.listener.lost and not invocation.extracted:
            return Outcome(
                "failed", error=ErrorDetail(kind="SandboxLostError", message=invocation.listener.lost)
            )
        outputs = {
            # By key: an output may be called items, keys or get, as the prediction's own methods are.
            name: self._recorder.plain(prediction[name])
            for name in self._signature.output_fields
        }
        return Outcome("extracted" if invocation.extracted else "submitted", outputs)

    def _failed(self, error: BaseException) -> Outcome:
        if isinstance(error, PlannerAnswerError):
            return Outcome(
                "failed",
                error=ErrorDetail(
                    kind="LMBadAnswer",
                    message=str(error),
                    hint="Try another model, or give it room for a whole answer (DSPY_LM_MAX_TOKENS).",
                ),
            )
        if isinstance(error, ExtractionError):
            found = {name: self._recorder.plain(value) for name, value in error.found.items()}
            return Outcome("failed", found, described(error))
        if isinstance(error, dspy.LMError):
            return Outcome("failed", error=explain(error))
        return failed(error)
