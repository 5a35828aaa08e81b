"""The same question as one prompt: what an RLM is measured against.

The document stands in the prompt, cut where it does not fit; the model, the signature and the other inputs
are those of the run.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import dspy
import msgspec
from dspy.utils.callback import BaseCallback

from rlm_tui.core.documents import AnyDocument, DocumentSet
from rlm_tui.core.events import ErrorDetail, Usage
from rlm_tui.core.redaction import Redactor
from rlm_tui.engine.plain import plain
from rlm_tui.engine.signatures import build_signature
from rlm_tui.lm.failures import explain
from rlm_tui.lm.meter import Meter, add_usage
from rlm_tui.lm.models import build_models

if TYPE_CHECKING:
    from rlm_tui.engine.session import RunRequest

CHARACTERS_A_TOKEN = 4
"""A usual English text; what is cut is told, so that this is no more than a plan."""
PROMPT_TOKENS = 2_000
"""What a prompt needs beside the document: instructions, fields, the answer's room is the model's own."""
UNKNOWN_WINDOW_TOKENS = 128_000
COUNTED_AT_ONCE = 1_048_576
OFFLINE_WINDOW_TOKENS = 8_000


class DirectAnswer(msgspec.Struct, frozen=True):
    """What came out of one prompt. `document_characters` were there, `cut_characters` of them did not fit
    into a window of `window_tokens`. Tokens and cost are None where the provider did not tell.
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


def ask_directly(request: RunRequest, window_tokens: int | None = None) -> DirectAnswer:
    """Ask once, with as much of the document as fits. Blocks; what fails is in the answer's `error`.

    `window_tokens` None: the model's own window, if its provider's table has it.
    """
    models = build_models(request.settings)
    window = window_tokens or _window(models.planner, offline=models.offline)
    room = max(0, window - PROMPT_TOKENS) * CHARACTERS_A_TOKEN
    each = room // max(1, len(request.documents))
    read = {name: _beginning(document, each) for name, document in request.documents.items()}
    given = {name: text for name, (text, _) in read.items()}
    listener = _Listener(models.meter)
    redactor = Redactor(request.settings.secrets())
    outputs: dict[str, Any] = {}
    problem = None
    began = time.monotonic()
    try:
        with dspy.context(lm=models.planner, callbacks=[listener], max_history_size=0):
            signature = build_signature(request.task)
            prediction = dspy.Predict(signature)(**request.inputs, **given)
        outputs = {name: redactor.value(plain(prediction[name])) for name in signature.output_fields}
    except Exception as error:
        said = explain(error)
        problem = ErrorDetail(
            kind=said.kind, message=redactor.text(said.message), hint=redactor.text(said.hint)
        )
    finally:
        seconds = time.monotonic() - began
        models.stop()
        models.close()
    used = listener.usage
    return DirectAnswer(
        outputs=outputs,
        prompt_tokens=used.prompt_tokens,
        completion_tokens=used.completion_tokens,
        cost_usd=used.cost_usd,
        seconds=seconds,
        window_tokens=window,
        document_characters=sum(length for _, length in read.values()),
        cut_characters=sum(length - len(text) for text, length in read.values()),
        error=problem,
    )


def _beginning(document: AnyDocument, limit: int) -> tuple[str, int]:
    """The first `limit` characters of a document, and how many it has in all; the rest is only counted.

    Of a set: of all its texts, one after the other, each under its name.
    """
    if isinstance(document, DocumentSet):
        parts, length = [], 0
        for member in document.members:
            head = f"===== {member.key} =====\n"
            text, whole = _beginning(member.document, max(0, limit - length - len(head)))
            parts.append(f"{head}{text}\n"[: max(0, limit - length)])
            length += len(head) + whole + 1
        return "".join(parts), length
    with document.path.open(encoding=document.encoding, errors="replace", newline="") as file:
        text = file.read(limit)
        length = len(text)
        while piece := file.read(COUNTED_AT_ONCE):
            length += len(piece)
    return text, length


def _window(lm: Any, *, offline: bool) -> int:
    """How many tokens a prompt of this model may have."""
    if offline:
        return OFFLINE_WINDOW_TOKENS
    try:
        import litellm

        return int(litellm.get_model_info(lm.model)["max_input_tokens"] or UNKNOWN_WINDOW_TOKENS)
    except Exception:
        # The table knows hosted models only, and raises bare errors for others.
        return UNKNOWN_WINDOW_TOKENS


class _Listener(BaseCallback):
    """Adds up what the one question used, also when an adapter asks it again in another form."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self.usage = Usage(prompt_tokens=0, completion_tokens=0, cost_usd=0.0)

    def on_lm_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        used = self._meter.take(call_id)
        if used is not None:
            self.usage = add_usage(self.usage, used)
