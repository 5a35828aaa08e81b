"""One turn of the planner: streamed, recorded, forgiven when its answer is of no use."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dspy
from dspy.predict.rlm import _strip_code_fences
from dspy.utils.exceptions import AdapterParseError, LMUnsupportedFeatureError

from rlm_tui.core.events import PlanReady, PlanStarted, Remarked
from rlm_tui.engine.invocation import Invocation
from rlm_tui.engine.place import PLACE, Place
from rlm_tui.engine.planner_stream import can_stream, predict_streaming, predict_whole
from rlm_tui.engine.recorder import Recorder

FORGIVEN_ANSWERS = 3
_SHOWN_ANSWER = 2_000


class PlannerAnswerError(Exception):
    """The planner's answers in a row could not be used; the last one's fault is in the message."""


class WatchedPlanner(dspy.Module):
    """Wraps RLM's `generate_action`: what comes out here goes into history, log and the next prompt."""

    def __init__(
        self,
        predict: Any,
        *,
        invocation: Callable[[], Invocation],
        recorder: Recorder,
        streaming: bool,
    ) -> None:
        super().__init__()
        self.predict = predict
        self._invocation = invocation
        self._recorder = recorder
        self._streaming = streaming

    @property
    def signature(self) -> Any:
        """RLM refreshes the planner's instructions from here."""
        return self.predict.signature

    def forward(self, **arguments: Any) -> Any:
        """Plan one iteration: a prediction with `reasoning` and `code`, of which neither is None."""
        invocation = self._invocation()
        span = invocation.iteration
        streaming = self._streaming and can_stream(self.predict.lm or dspy.settings.lm)
        self._recorder.emit(PlanStarted, span=span, parent=invocation.span, streaming=streaming)
        place = Place(span)
        token = PLACE.set(place)
        began = time.monotonic()
        answer = _Answer()
        try:
            answer = self._answer(invocation, arguments, streaming)
            if answer.remark:
                invocation.bad_answers += 1
            else:
                invocation.bad_answers = 0
        finally:
            PLACE.reset(token)
            self._recorder.end_streams(span)
            # A turn that failed after a request was paid for is told too, or its tokens would be lost.
            if answer.is_given or place.spending.usage is not None:
                self._tell(invocation, place, answer, round(time.monotonic() - began, 4))
        if invocation.bad_answers > FORGIVEN_ANSWERS:
            raise PlannerAnswerError(
                f"The planner's answers could not be used {invocation.bad_answers} times in a row. "
                f"The last fault: {answer.remark.replace('Your last answer', 'its answer')}"
            )
        if answer.remark:
            self._recorder.emit(Remarked, span=span, text=answer.remark)
        return dspy.Prediction(reasoning=answer.reasoning, code=answer.code)

    def _tell(self, invocation: Invocation, place: Place, answer: _Answer, seconds: float) -> None:
        recorder, spending = self._recorder, place.spending
        recorder.emit(
            PlanReady,
            span=place.span,
            parent=invocation.span,
            reasoning=recorder.value(answer.reasoning),
            code=recorder.value(shown_code(answer.code)),
            prompt=recorder.value(spending.prompt),
            usage=spending.usage,
            seconds=seconds,
            cached=spending.cached,
            remark=answer.remark,
        )

    def _answer(self, invocation: Invocation, arguments: dict[str, Any], streaming: bool) -> _Answer:
        """Ask, and make of an answer that is of no use a cell that says so, which the planner will see."""
        try:
            prediction = self._ask(invocation, arguments, streaming)
        except AdapterParseError as error:
            words = str(error.lm_response or "").strip()
            fault = (
                "Your last answer was not in the form that was asked for, so no code was found in it."
                if words
                else "Your last answer was empty."
            )
            return _Answer(words[:_SHOWN_ANSWER], _empty_cell(fault), fault, is_given=True)
        reasoning, code = _text(prediction, "reasoning"), _text(prediction, "code")
        if not shown_code(code).strip():
            fault = "Your last answer had no code."
            return _Answer(reasoning, _empty_cell(fault), fault, is_given=True)
        return _Answer(reasoning, code, is_given=True)

    def _ask(self, invocation: Invocation, arguments: dict[str, Any], streaming: bool) -> Any:
        span, control = invocation.iteration, invocation.plan_control

        def abandoned() -> None:
            self._recorder.note(
                "warning",
                "The planner's answer in flight was abandoned: a request to a provider can't be taken back.",
                span=span,
            )

        if streaming:
            try:
                return predict_streaming(
                    self.predict,
                    arguments,
                    lambda name, text: self._recorder.plan_delta(span, name, text),
                    control,
                    abandoned,
                )
            except LMUnsupportedFeatureError as error:
                self._streaming = False
                self._recorder.note("info", f"The planner's answers don't stream here: {error}", span=span)
        return predict_whole(self.predict, arguments, control, abandoned)


@dataclass(frozen=True)
class _Answer:
    """What a turn brought. `remark` is what was wrong with it; then `code` is a comment that says so."""

    reasoning: str = ""
    code: str = ""
    remark: str = ""
    is_given: bool = False


def _empty_cell(fault: str) -> str:
    return f"# {fault}\n# Nothing was run. Answer with the fields `reasoning` and `code` (Python)."


def _text(prediction: Any, name: str) -> str:
    value = getattr(prediction, name, None)
    return value if isinstance(value, str) else "" if value is None else str(value)


def shown_code(code: str) -> str:
    """The code of an answer as it will run: without its fence, or as it stands if that is not Python's."""
    try:
        return str(_strip_code_fences(code))
    except SyntaxError:
        return code
