"""Calls of cells that are executed again: answered from the record, and never asked of an LM or a tool."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Any, NoReturn

from rlm_tui.core.events import CallKind, ErrorDetail
from rlm_tui.core.recorded import RecordedCall, arguments_text
from rlm_tui.engine.calls import ARGUMENT_CHARACTERS, STOPPED, CallRecord, recorded_call
from rlm_tui.engine.plain import shortened
from rlm_tui.engine.recorded_answers import RecordedAnswers, was_stopped
from rlm_tui.engine.recorder import Recorder

if TYPE_CHECKING:
    from rlm_tui.engine.invocation import Invocation

STOP_SECONDS = 30.0
"""How long a call waits at most for the stop that its cell was given then."""


class NotRecordedError(RuntimeError):
    """A cell that is executed again asked something that the record has no answer to."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The record of the run has no answer to this call of {name}; nothing is asked while it is "
            "executed again."
        )


class CallsAgain:
    """The host's calls of one RLM call, while `invocation.answers` is set.

    `reserve(n)` is what counts LM calls and raises at their limit.
    """

    def __init__(self, invocation: Invocation, recorder: Recorder, reserve: Callable[[int], None]) -> None:
        self._invocation = invocation
        self._recorder = recorder
        self._reserve = reserve

    def query(self, prompt: str, model: str, live: Callable[[], str]) -> str:
        """The recorded answer to an `llm_query`. Raises its recorded error, the limit's, NotRecordedError.

        `live` asks, where the rest is live.
        """
        answers = self._answers
        found = answers.exact("llm_query", "llm_query", self._text(prompt))
        if found is None and answers.rest_is_live:
            return live()
        if found is None:
            self._reserve(1)
            found = answers.next("llm_query", "llm_query", self._text(prompt))
        else:
            self._count(1)
        with self._told(kind="llm_query", name="llm_query", prompt=prompt, model=model) as call:
            self._wait_for_stop(found)
            call.answer = answers.whole(_answer(found, "llm_query").answer, "llm_query")
        return call.answer

    def kept(self, prompts: Sequence[str]) -> list[RecordedCall | None]:
        """The recorded answers to those items of a live batch that have one."""
        answers = self._invocation.answers
        if answers is None:
            return [None] * len(prompts)
        return [answers.exact("llm_query", "llm_query", self._text(prompt)) for prompt in prompts]

    def query_all(self, prompts: Sequence[str], model: str) -> list[str]:
        """The recorded answers to a batch. Raises its recorded error, or the limit's."""
        answers, texts = self._answers, [self._text(prompt) for prompt in prompts]
        batch = answers.exact("llm_query_batched", "llm_query_batched", texts[0])
        found = [answers.exact("llm_query", "llm_query", text) for text in texts]
        missing = found.count(None)
        if missing and not self._is_cut_short(batch):
            self._reserve(missing)
            found = [
                call or answers.next("llm_query", "llm_query", text)
                for call, text in zip(found, texts, strict=True)
            ]
        self._count(len(prompts) - missing)
        with self._told(
            kind="llm_query_batched", name="llm_query_batched", model=model, size=len(prompts)
        ) as record:
            given = [
                self.item(index, prompt, call, record.span, model)
                for index, (prompt, call) in enumerate(zip(prompts, found, strict=True))
                if call is not None or not self._is_cut_short(batch)
            ]
            self._wait_for_stop(batch)
            if batch is not None and batch.error is not None:
                raise_again(batch.error)
        return given

    def other(self, kind: CallKind, name: str, arguments: dict[str, Any], live: Callable[[], Any]) -> Any:
        """What a tool, a predictor or a nested RLM gave. Raises its recorded error, or NotRecordedError.

        `live` asks, where the rest is live.
        """
        known = shortened(self._recorder.plain(arguments), ARGUMENT_CHARACTERS)
        asked = (kind, self._text(name), arguments_text(known))
        found = self._answers.exact(*asked)
        if self._answers.rest_is_live and (found is None or not (found.result or found.error)):
            return live()
        found = found or self._answers.next(*asked)
        with self._told(kind=kind, name=name, arguments=arguments) as call:
            if found is not None and kind in ("predict", "sub_rlm"):
                self._count(found.requests)
            self._wait_for_stop(found)
            answer = _answer(found, name)
            if not answer.result:
                self._answers.note(f"what {name} gave is not in the record.")
                raise NotRecordedError(name)
            call.answer, call.result = answer.answer, self._answers.whole(answer.result, name)
        return json.loads(answer.result)

    def item(self, index: int, prompt: str, found: RecordedCall | None, batch: str, model: str) -> str:
        """The recorded answer to an item of the batch whose span is `batch`."""
        with self._told(
            kind="llm_query", name="llm_query", prompt=prompt, model=model, batch=batch, index=index
        ) as item:
            if found is None:
                missing = NotRecordedError("llm_query")
                item.error = ErrorDetail(kind=type(missing).__name__, message=str(missing))
            elif found.error is not None:
                item.error = found.error
            else:
                item.answer = self._answers.whole(found.answer, "llm_query")
        return item.answer if item.error is None else f"[ERROR] {item.error.message}"

    def _is_cut_short(self, call: RecordedCall | None) -> bool:
        """Whether the cell was stopped before that call had its answer."""
        return self._answers.stopped is not None and call is not None and was_stopped(call)

    def _wait_for_stop(self, call: RecordedCall | None) -> None:
        """Let a call that was cut short be so again, by the stop of its cell."""
        if not self._is_cut_short(call):
            return
        assert self._answers.stopped is not None
        ended = threading.Event()
        with self._invocation.cell_control.on_stop(ended.set):
            self._answers.stopped.set()
            ended.wait(STOP_SECONDS)
        raise RuntimeError(STOPPED)

    def _told(self, **call: Any) -> AbstractContextManager[CallRecord]:
        invocation = self._invocation
        return recorded_call(
            self._recorder,
            parent=call.get("batch") or invocation.cell,
            origin=self._answers.origin,
            silent=invocation.silent,
            **call,
        )

    @property
    def _answers(self) -> RecordedAnswers:
        answers = self._invocation.answers
        assert answers is not None, "asked only while there is a record"
        return answers

    def _text(self, text: str) -> str:
        return self._recorder.text(text)

    def _count(self, calls: int) -> None:
        """Count calls that are answered whatever the limit: live calls begin where the record's ended."""
        if self._answers.counted:
            return
        with suppress(RuntimeError):
            for _ in range(calls):
                self._reserve(1)


def answered_again(
    tool: Callable[..., Any], name: str, invocation: Invocation, again: CallsAgain
) -> Callable[..., Any]:
    """A host tool, not called while a record answers in its place. It takes its arguments by name."""

    @functools.wraps(tool)
    def invoke(**arguments: Any) -> Any:
        if invocation.answers is not None:
            return again.other("tool", name, arguments, lambda: tool(**arguments))
        return tool(**arguments)

    return invoke


def raise_again(error: ErrorDetail) -> NoReturn:
    """Raise a recorded error: an exception of its name and with its words."""
    raise type(error.kind, (RuntimeError,), {})(error.message)


def _answer(found: RecordedCall | None, name: str) -> RecordedCall:
    if found is None:
        raise NotRecordedError(name)
    if found.error is not None:
        raise_again(found.error)
    return found
