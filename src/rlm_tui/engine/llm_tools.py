"""`llm_query` and `llm_query_batched` as cells call them: counted, recorded, numbered, and stoppable."""

from __future__ import annotations

import contextvars
import itertools
import threading
from collections.abc import Callable
from typing import Any

import dspy
from dspy.utils.exceptions import format_error_for_lm

from rlm_tui.core.recorded import RecordedCall
from rlm_tui.engine.abandon import abandonable
from rlm_tui.engine.calls import STOPPED, error_of, recorded_call
from rlm_tui.engine.calls_from_record import CallsAgain
from rlm_tui.engine.control import RunStopped
from rlm_tui.engine.invocation import Invocation
from rlm_tui.engine.recorder import Recorder
from rlm_tui.store.answers import RememberedAnswer, RememberedAnswers

Query = Callable[[str], str]
Known = RecordedCall | RememberedAnswer | None
"""An answer that is there already: of this run's lost cell, or of an earlier run."""


def make_llm_tools(
    query: Query,
    reserve: Callable[[int], None],
    *,
    invocation: Invocation,
    recorder: Recorder,
    workers: int,
    model: Callable[[], str],
    hold: Callable[[], None],
    remembered: RememberedAnswers | None = None,
) -> dict[str, Callable[..., Any]]:
    """The two tools over `query`, which asks the sub-LM once; `reserve(n)` raises at the limit of calls, and
    `hold` waits while a call is held.

    What `remembered` knows is neither asked nor reserved.
    """

    def ask(prompt: str) -> str:
        try:
            return abandonable(lambda: query(prompt), invocation.cell_control)
        except RunStopped:
            raise RuntimeError(STOPPED) from None

    def recall(prompts: list[str]) -> list[RememberedAnswer | None]:
        if remembered is None:
            return [None] * len(prompts)
        try:
            # The first look brings an index up to date, which may take seconds.
            return abandonable(
                lambda: [_recalled(remembered, recorder, model(), prompt) for prompt in prompts],
                invocation.cell_control,
            )
        except RunStopped:
            raise RuntimeError(STOPPED) from None

    def wait() -> None:
        try:
            hold()
        except RunStopped:
            raise RuntimeError(STOPPED) from None

    def count(calls: int) -> None:
        try:
            reserve(calls)
        except RunStopped:
            raise RuntimeError(STOPPED) from None

    again = CallsAgain(invocation, recorder, count)

    def llm_query(prompt: str) -> str:
        """Query the LLM with a prompt string."""
        _check_prompt(prompt, "llm_query: the prompt")
        if invocation.answers is not None:
            return again.query(prompt, model(), lambda: asked(prompt))
        return asked(prompt)

    def asked(prompt: str) -> str:
        [known] = recall([prompt])
        if known is None:
            wait()
            count(1)
        with recorded_call(
            recorder,
            parent=invocation.cell,
            kind="llm_query",
            name="llm_query",
            prompt=prompt,
            model=model(),
            origin=_origin(known),
        ) as call:
            call.answer = ask(prompt) if known is None else known.text
        return call.answer

    def llm_query_batched(prompts: list[str]) -> list[str]:
        """Query prompts concurrently; the answer of one that fails is "[ERROR] …"."""
        prompts = list(prompts)
        for index, prompt in enumerate(prompts):
            _check_prompt(prompt, f"llm_query_batched: prompt {index}")
        if not prompts:
            return []
        if invocation.answers is not None and not invocation.answers.rest_is_live:
            return again.query_all(prompts, model())
        known: list[Known] = [*again.kept(prompts)]
        if None in known:
            known = [kept or remembered for kept, remembered in zip(known, recall(prompts), strict=True)]
        if asked := known.count(None):
            wait()
            count(asked)
        with recorded_call(
            recorder,
            parent=invocation.cell,
            kind="llm_query_batched",
            name="llm_query_batched",
            model=model(),
            size=len(prompts),
        ) as batch:
            return _ask_all(prompts, known, batch.span)

    def _ask_all(prompts: list[str], known: list[Known], batch: str) -> list[str]:
        answers: dict[int, str] = {}
        faults: list[BaseException] = []
        numbers = itertools.count()
        control = invocation.cell_control

        def work() -> None:
            while not faults and control.reason is None and (index := next(numbers)) < len(prompts):
                try:
                    answers[index] = ask_item(index, prompts[index], known[index], batch)
                except BaseException as error:
                    faults.append(error)

        workers_here = [
            threading.Thread(
                target=contextvars.copy_context().run, args=(work,), name="rlm-batch", daemon=True
            )
            for _ in range(min(workers, len(prompts)))
        ]
        for worker in workers_here:
            worker.start()
        for worker in workers_here:
            worker.join()
        if faults:
            raise faults[0]
        if len(answers) < len(prompts):
            raise RuntimeError(STOPPED)
        return [answers[index] for index in range(len(prompts))]

    def ask_item(index: int, prompt: str, known: Known, batch: str) -> str:
        if isinstance(known, RecordedCall):
            return again.item(index, prompt, known, batch, model())
        if known is None:
            wait()
        with recorded_call(
            recorder,
            parent=batch,
            kind="llm_query",
            name="llm_query",
            prompt=prompt,
            model=model(),
            batch=batch,
            index=index,
            origin=_origin(known),
        ) as item:
            try:
                item.answer = ask(prompt) if known is None else known.text
            except dspy.LMError as error:
                item.error = error_of(error)
                return f"[ERROR] {format_error_for_lm(error)}"
        return item.answer

    return {"llm_query": llm_query, "llm_query_batched": llm_query_batched}


def _origin(known: RememberedAnswer | None) -> str:
    return "" if known is None else known.origin


def _recalled(
    remembered: RememberedAnswers, recorder: Recorder, model: str, prompt: str
) -> RememberedAnswer | None:
    # Two prompts that differ in a secret alone are recorded alike, and may have other answers.
    return None if recorder.text(prompt) != prompt else remembered.find(model, prompt)


def _check_prompt(prompt: Any, what: str) -> None:
    if not isinstance(prompt, str):
        raise TypeError(f"{what} has to be a string, not {type(prompt).__name__}")
    if not prompt.strip():
        raise ValueError(f"{what} is empty")
