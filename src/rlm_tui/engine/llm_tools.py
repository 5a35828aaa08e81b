"""`llm_query` and `llm_query_batched` as cells call them: counted, recorded, numbered, and stoppable."""

from __future__ import annotations

import contextvars
import itertools
import threading
from collections.abc import Callable
from typing import Any

import dspy
from dspy.utils.exceptions import format_error_for_lm

from rlm_tui.engine.abandon import abandonable
from rlm_tui.engine.calls import error_of, recorded_call
from rlm_tui.engine.control import RunStopped
from rlm_tui.engine.invocation import Invocation
from rlm_tui.engine.recorded_answers import CallsAgain
from rlm_tui.engine.recorder import Recorder

Query = Callable[[str], str]
STOPPED = "The cell was stopped before the answer came."


def make_llm_tools(
    query: Query,
    reserve: Callable[[int], None],
    *,
    invocation: Invocation,
    recorder: Recorder,
    workers: int,
    model: Callable[[], str],
) -> dict[str, Callable[..., Any]]:
    """The two tools over `query`, which asks the sub-LM once; `reserve(n)` raises at the limit of calls."""

    again = CallsAgain(invocation, recorder, reserve)

    def ask(prompt: str) -> str:
        try:
            return abandonable(lambda: query(prompt), invocation.cell_control)
        except RunStopped:
            raise RuntimeError(STOPPED) from None

    def llm_query(prompt: str) -> str:
        """Query the LLM with a prompt string."""
        _check_prompt(prompt, "llm_query: the prompt")
        if invocation.answers is not None:
            return again.query(prompt, model())
        reserve(1)
        with recorded_call(
            recorder, parent=invocation.cell, kind="llm_query", name="llm_query", prompt=prompt, model=model()
        ) as call:
            call.answer = ask(prompt)
        return call.answer

    def llm_query_batched(prompts: list[str]) -> list[str]:
        """Query prompts concurrently; the answer of one that fails is "[ERROR] …"."""
        prompts = list(prompts)
        for index, prompt in enumerate(prompts):
            _check_prompt(prompt, f"llm_query_batched: prompt {index}")
        if not prompts:
            return []
        if invocation.answers is not None:
            return again.query_all(prompts, model())
        reserve(len(prompts))
        with recorded_call(
            recorder,
            parent=invocation.cell,
            kind="llm_query_batched",
            name="llm_query_batched",
            model=model(),
            size=len(prompts),
        ) as batch:
            return _ask_all(prompts, batch.span)

    def _ask_all(prompts: list[str], batch: str) -> list[str]:
        answers: dict[int, str] = {}
        faults: list[BaseException] = []
        numbers = itertools.count()
        control = invocation.cell_control

        def work() -> None:
            while not faults and control.reason is None and (index := next(numbers)) < len(prompts):
                try:
                    answers[index] = ask_item(index, prompts[index], batch)
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

    def ask_item(index: int, prompt: str, batch: str) -> str:
        with recorded_call(
            recorder,
            parent=batch,
            kind="llm_query",
            name="llm_query",
            prompt=prompt,
            model=model(),
            batch=batch,
            index=index,
        ) as item:
            try:
                item.answer = ask(prompt)
            except dspy.LMError as error:
                item.error = error_of(error)
                return f"[ERROR] {format_error_for_lm(error)}"
        return item.answer

    return {"llm_query": llm_query, "llm_query_batched": llm_query_batched}


def _check_prompt(prompt: Any, what: str) -> None:
    if not isinstance(prompt, str):
        raise TypeError(f"{what} has to be a string, not {type(prompt).__name__}")
    if not prompt.strip():
        raise ValueError(f"{what} is empty")
