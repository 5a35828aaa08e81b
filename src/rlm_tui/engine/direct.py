"""The same question as one prompt: what an RLM is measured against.

The document stands in the prompt, cut where it does not fit; the model, the signature and the other inputs
are those of the run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import dspy
import msgspec
from dspy.utils.callback import BaseCallback

from rlm_tui.core.documents import AnyDocument, DocumentSet
from rlm_tui.core.events import ErrorDetail, Usage
from rlm_tui.core.redaction import Redactor
from rlm_tui.engine.abandon import abandonable
from rlm_tui.engine.budget import RunBudget
from rlm_tui.engine.control import RunControl, RunStopped, Stop
from rlm_tui.engine.direct_window import CHARACTERS_A_TOKEN, Window, asked_window, model_window, set_head
from rlm_tui.engine.plain import plain
from rlm_tui.engine.signatures import build_signature
from rlm_tui.lm.failures import explain
from rlm_tui.lm.meter import Meter, add_usage
from rlm_tui.lm.models import build_models

if TYPE_CHECKING:
    from rlm_tui.engine.session import RunRequest

COUNTED_AT_ONCE = 1_048_576
SHORTER, SHORTENED_AT_MOST = 0.6, 3
"""How much of a document stays when the model finds the prompt too long, and how often that is tried."""
Status = Literal["answered", "failed", "budget", "cancelled"]


class DirectAnswer(msgspec.Struct, frozen=True):
    """What came out of one prompt. `document_characters` were there, `cut_characters` of them did not fit
    into a window of `window_tokens`; the same in bytes. Tokens and cost are None where nobody told them.

    `requests` is how often the model was asked: an adapter asks again in another form when it can't read the
    answer, and a prompt that the model found too long is asked again shorter (`shortened` times). `status`
    "cancelled" has neither outputs nor an error.
    """

    outputs: dict[str, Any]
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
    seconds: float
    window_tokens: int
    document_characters: int
    cut_characters: int
    error: ErrorDetail | None = None
    status: Status = "answered"
    requests: int = 0
    document_bytes: int = 0
    cut_bytes: int = 0
    characters_a_token: int = CHARACTERS_A_TOKEN
    shortened: int = 0


class _Read(msgspec.Struct, frozen=True):
    """The beginning of a document, and how long the whole is; what is cut of it is not in `text`.

    The names that stand before the texts of a set count as none of it.
    """

    text: str
    characters: int
    bytes: int
    cut_characters: int
    cut_bytes: int


def ask_directly(
    request: RunRequest,
    window_tokens: int | None = None,
    *,
    control: RunControl | None = None,
    on_retry: Callable[[str], None] | None = None,
) -> DirectAnswer:
    """Ask once, with as much of the document as fits. Blocks; what fails is in the answer's `error`.

    `window_tokens` None: the model's own window, if its provider's table has it. A stop of `control` ends it
    at once, and so do the budgets of the run, which are this prompt's too. `on_retry` is told of each wait
    for a provider that failed in passing, and of a prompt that has to be shorter.
    """
    control = RunControl(control)
    settings = request.settings
    redactor = Redactor(settings.secrets())
    window = asked_window(settings, window_tokens) if window_tokens else model_window(settings)
    budget = RunBudget(settings.budgets, control)
    listener = _Listener(budget)
    read: dict[str, _Read] = {}
    outputs: dict[str, Any] = {}
    status: Status = "answered"
    problem = None
    shortened = 0
    began = time.monotonic()
    try:
        control.check()
        each = window.room(len(request.documents))
        with budget.clock():
            while True:
                for name, document in request.documents.items():
                    read[name] = _beginning(document, each, control)
                _allow(request, [one.text for one in read.values()], window, control)
                try:
                    answer = _ask(request, read, listener, control, on_retry)
                    break
                except dspy.ContextWindowExceededError:
                    longest = max((len(one.text) for one in read.values()), default=0)
                    if not longest or shortened == SHORTENED_AT_MOST:
                        raise
                    shortened += 1
                    each = int(longest * SHORTER)
                    if on_retry is not None:
                        on_retry("the prompt was too long for the model: asking with less of the document")
        outputs = {name: redactor.value(plain(value)) for name, value in answer.items()}
    except RunStopped as ended:
        status, problem = ended.stop.status, ended.stop.error
    except Exception as error:
        said = explain(error)
        status = "failed"
        problem = ErrorDetail(
            kind=said.kind, message=redactor.text(said.message), hint=redactor.text(said.hint)
        )
    used = listener.usage
    return DirectAnswer(
        outputs=outputs,
        prompt_tokens=used.prompt_tokens,
        completion_tokens=used.completion_tokens,
        cost_usd=used.cost_usd,
        seconds=time.monotonic() - began,
        window_tokens=window.tokens,
        document_characters=sum(one.characters for one in read.values()),
        cut_characters=sum(one.cut_characters for one in read.values()),
        error=problem,
        status=status,
        requests=used.requests + listener.refused,
        document_bytes=sum(one.bytes for one in read.values()),
        cut_bytes=sum(one.cut_bytes for one in read.values()),
        characters_a_token=window.characters_a_token,
        shortened=shortened,
    )


def _allow(request: RunRequest, texts: list[str], window: Window, control: RunControl) -> None:
    """Refuse a prompt that is longer than all the tokens that may be spent: nothing is asked then."""
    most = request.settings.budgets.max_tokens
    characters = sum(map(len, texts)) + sum(len(str(value)) for value in request.inputs.values())
    tokens = characters // window.characters_a_token
    if most is not None and tokens > most:
        message = f"One prompt of about {tokens:,} tokens is more than the budget of {most:,}."
        hint = "Give it more with --max-tokens, or a smaller --window."
        control.stop(Stop("budget", ErrorDetail(kind="TokenBudget", message=message, hint=hint)))
    control.check()


def _ask(
    request: RunRequest,
    read: dict[str, _Read],
    listener: _Listener,
    control: RunControl,
    on_retry: Callable[[str], None] | None,
) -> dict[str, Any]:
    """The outputs of one call."""
    models = build_models(request.settings)
    models.retries.on_retry = on_retry
    listener.meter = models.meter
    try:
        signature = build_signature(request.task)
        given = {name: one.text for name, one in read.items()}
        with (
            control.on_stop(models.stop),
            dspy.context(lm=models.planner, callbacks=[listener], max_history_size=0),
        ):
            prediction = abandonable(
                lambda: dspy.Predict(signature)(**request.inputs, **given), control, models.stop
            )
        return {name: prediction[name] for name in signature.output_fields}
    finally:
        models.stop()
        models.close()


def _beginning(document: AnyDocument, limit: int, control: RunControl) -> _Read:
    """The first `limit` characters of a document, and how many it has in all; the rest is only counted.

    Of a set: of all its texts, one after the other, each under its name.
    """
    if isinstance(document, DocumentSet):
        return _beginning_of_set(document, limit, control)
    with document.path.open(encoding=document.encoding, errors="replace", newline="") as file:
        text = file.read(limit)
        length = len(text)
        while piece := file.read(COUNTED_AT_ONCE):
            control.check()
            length += len(piece)
    kept = document.size if length == len(text) else len(text.encode(document.encoding, "replace"))
    return _Read(text, length, document.size, length - len(text), max(0, document.size - kept))


def _beginning_of_set(documents: DocumentSet, limit: int, control: RunControl) -> _Read:
    parts: list[str] = []
    characters = cut_characters = cut_bytes = 0
    for member in documents.members:
        control.check()
        head = set_head(member.key)
        room = limit - len(head) - 1
        read = _beginning(member.document, max(0, room), control)
        if room > 0:
            parts.append(f"{head}{read.text}\n")
            limit = room - len(read.text)
        characters += read.characters
        cut_characters += read.cut_characters
        cut_bytes += read.cut_bytes
    return _Read("".join(parts), characters, documents.size, cut_characters, cut_bytes)


class _Listener(BaseCallback):
    """Adds up what the one question used, also when an adapter asks it again in another form."""

    def __init__(self, budget: RunBudget) -> None:
        self.meter: Meter | None = None
        self.usage = Usage(requests=0)
        self.refused = 0
        self._budget = budget

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        self._budget.enforce()

    def on_lm_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        used = self.meter.take(call_id) if self.meter is not None else None
        if exception is not None and not isinstance(exception, dspy.LMConfigurationError):
            self.refused += 1
        if used is not None:
            self._budget.charge(used)
            self.usage = add_usage(self.usage, used) if self.usage.requests else used
