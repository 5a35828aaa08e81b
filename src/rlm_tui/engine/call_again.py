"""Send the prompt of a recorded call again, to the sub-LM that the run had, with a meter of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import dspy
import msgspec
from dspy.utils.callback import BaseCallback

from rlm_tui.core.call_again import CallAgain
from rlm_tui.core.events import ErrorDetail, Usage
from rlm_tui.core.redaction import Redactor
from rlm_tui.core.settings import Settings
from rlm_tui.engine.abandon import abandonable
from rlm_tui.engine.control import RunControl, RunStopped
from rlm_tui.lm.failures import explain
from rlm_tui.lm.meter import Meter, add_usage
from rlm_tui.lm.models import Models, build_models

CANCELLED = "It was cancelled before the answer came; the provider may count it all the same."


def ask_call_again(
    settings: Settings,
    span: str,
    prompt: str,
    control: RunControl,
    on_retry: Callable[[str], None] | None = None,
) -> CallAgain:
    """Ask the sub-LM of `settings`. Blocks; what fails is in the answer's `error`, in the provider's words.

    No cache answers: whoever asks again wants another answer. A stop of `control` ends it at once.
    """
    redactor = Redactor(settings.secrets())
    listener = _Listener()
    answer, problem, model, offline = "", None, "", settings.lm is None
    at, began = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
    try:
        models = build_models(_uncached(settings))
        model = models.sub_name
        answer = _ask(models, prompt, listener, control, on_retry)
    except RunStopped:
        problem = ErrorDetail(kind="Cancelled", message=CANCELLED)
    except Exception as error:
        said = explain(error)
        problem = ErrorDetail(
            kind=said.kind, message=redactor.text(said.message), hint=redactor.text(said.hint)
        )
    return CallAgain(
        of=span,
        prompt=redactor.text(prompt),
        answer=redactor.text(answer),
        model=model,
        usage=listener.usage,
        seconds=round(time.monotonic() - began, 4),
        error=problem,
        offline=offline,
        at=at,
    )


def _uncached(settings: Settings) -> Settings:
    replace = msgspec.structs.replace
    return replace(
        settings,
        lm=None if settings.lm is None else replace(settings.lm, cache=False),
        sub_lm=None if settings.sub_lm is None else replace(settings.sub_lm, cache=False),
    )


def _ask(
    models: Models,
    prompt: str,
    listener: _Listener,
    control: RunControl,
    on_retry: Callable[[str], None] | None,
) -> str:
    models.retries.on_retry = on_retry
    listener.meter = models.meter
    try:
        with (
            control.on_stop(models.stop),
            dspy.context(lm=models.sub, callbacks=[listener], max_history_size=0),
        ):
            answers = abandonable(lambda: models.sub(prompt), control, models.stop)
    finally:
        models.stop()
        models.close()
    first = answers[0] if answers else ""
    return str(first["text"] if isinstance(first, dict) else first)


class _Listener(BaseCallback):
    """Adds up what the prompt used, every try of it."""

    def __init__(self) -> None:
        self.meter: Meter | None = None
        self.usage: Usage | None = None

    def on_lm_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        used = self.meter.take(call_id) if self.meter is not None else None
        if used is not None:
            self.usage = used if self.usage is None else add_usage(self.usage, used)
