"""What went wrong with a language model, in the provider's own words, and what the person can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dspy.utils import exceptions as dspy_errors

from rlm_tui.core.events import ErrorDetail
from rlm_tui.core.redaction import Redactor
from rlm_tui.core.text import one_line
from rlm_tui.lm.offline_limit import OfflineLimitError

_LONGEST = 400
_KEY = "Set DSPY_LLM_API_KEY (for the sub-LM DSPY_SUB_LM_API_KEY) to a key of this provider"
_BASE = "DSPY_LM_API_BASE (for the sub-LM DSPY_SUB_LM_API_BASE)"
_MODEL = "DSPY_LM_MODEL (for the sub-LM DSPY_SUB_LM_MODEL)"
_SHAPES = Redactor()


@dataclass(frozen=True)
class _Failure:
    """One row of the table: it holds for `error` whose words hold `words`, in small letters."""

    error: type[BaseException]
    kind: str
    hint: str
    words: str = ""
    said: str = ""  # what to say where the library's words are about the library


# The first row that fits counts, so special cases and subclasses stand before the general.
_TABLE = (
    _Failure(dspy_errors.LMAuthError, "LMAuth", f"{_KEY}; the one it got was refused."),
    _Failure(
        dspy_errors.LMNotConfiguredError,
        "LMAuth",
        f"{_KEY}. A server of your own that wants none takes any word.",
        said="No API key is set for the model.",
    ),
    _Failure(
        dspy_errors.LMBillingError,
        "LMBilling",
        f"Look at the credit and limits of your account there, or name another model in {_MODEL}.",
    ),
    _Failure(
        dspy_errors.LMRateLimitError,
        "LMRateLimit",
        "Wait a little and run again, or send fewer queries at once (RLM_TUI_SANDBOX_BATCH_WORKERS).",
    ),
    _Failure(
        dspy_errors.ContextWindowExceededError,
        "LMContextWindow",
        "Have cells send shorter prompts or print less, or name a model with a larger context window.",
    ),
    _Failure(
        dspy_errors.LMUnsupportedModelError,
        "LMUnknownModel",
        f"Look at the spelling of the model in {_MODEL}, and whether your account may use it.",
    ),
    _Failure(
        dspy_errors.LMInvalidRequestError,
        "LMUnknownModel",
        f'Write {_MODEL} as "provider/model": openai/…, anthropic/…, ollama_chat/…, hosted_vllm/….',
        words="llm provider not provided",
        said="The model's name doesn't say which provider serves it.",
    ),
    _Failure(
        dspy_errors.LMInvalidRequestError,
        "LMAddress",
        f"Look at the address in {_BASE}: for most servers it ends in /v1.",
        words="invalid url",
    ),
    _Failure(
        dspy_errors.LMInvalidRequestError,
        "LMInvalidRequest",
        f"The provider did not take the request: look at {_MODEL}, DSPY_LM_MAX_TOKENS and the temperature.",
    ),
    _Failure(
        dspy_errors.LMTimeoutError,
        "LMTimeout",
        "The provider took too long: run again, or name a quicker model.",
    ),
    _Failure(
        dspy_errors.LMServerError,
        "LMUnavailable",
        "The fault is on the provider's side: run again in a while, or name another model.",
    ),
    _Failure(
        dspy_errors.LMTransportError,
        "LMUnavailable",
        f"See that the server is running and that {_BASE} is its address.",
        words="failed to connect",
    ),
    _Failure(
        dspy_errors.LMTransportError,
        "LMTimeout",
        "The provider took too long: run again, or name a quicker model.",
        words="timed out",
    ),
    _Failure(
        dspy_errors.LMTransportError,
        "LMUnavailable",
        f"The connection broke: run again, and see that the server behind {_BASE} is well.",
    ),
    _Failure(
        dspy_errors.LMStreamAssemblyError,
        "LMBadAnswer",
        "The answer ended before it was complete: run again, and see that the server is well.",
    ),
    _Failure(
        dspy_errors.LMProviderError,
        "LMBadAnswer",
        f"Something answers at the address in {_BASE}, and it is no language model's API.",
    ),
    _Failure(
        dspy_errors.LMConfigurationError,
        "LMConfiguration",
        "Leave out DSPY_LM_MAX_TOKENS and the temperature, or give them the values that the model takes.",
    ),
    _Failure(
        dspy_errors.LMUnsupportedFeatureError,
        "LMUnsupported",
        f"Name another model in {_MODEL}, or leave out the setting that it doesn't know.",
    ),
    _Failure(
        dspy_errors.LMUnexpectedError,
        "LMAddress",
        f"Write {_BASE} as a whole address: http://127.0.0.1:8000/v1.",
        words="url missing scheme",
    ),
    _Failure(
        OfflineLimitError,
        "OfflineDemo",
        f"Use a model for such a type: set {_MODEL} and its key.",
    ),
    _Failure(dspy_errors.LMError, "LMFailure", f"Look at {_MODEL} and {_BASE}, then run again."),
    _Failure(
        dspy_errors.AdapterParseError,
        "LMBadAnswer",
        "Try another model, or give it room for a whole answer (DSPY_LM_MAX_TOKENS).",
    ),
)


def explain(error: BaseException) -> ErrorDetail:
    """Any error of a call to a model as a person is told of it. Never raises.

    What has the shape of a key is taken out; secrets known by value are the caller's to take out.
    """
    error = _innermost(error)
    words = _words(error)
    for row in _TABLE:
        if isinstance(error, row.error) and row.words in words.lower():
            return ErrorDetail(
                kind=row.kind,
                message=_message(error, row.said or words, with_status=not row.said),
                hint=_hint(error, row.hint),
            )
    return ErrorDetail(
        kind=type(error).__name__,
        message=_message(error, words or type(error).__name__),
        hint=str(getattr(error, "hint", "") or ""),
    )


def _innermost(error: BaseException) -> BaseException:
    """The one error in a group: a stream is read in a task group, which wraps what happened in it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _words(error: BaseException) -> str:
    """What the provider said, without the advice that dspy adds on its own library."""
    if isinstance(error, dspy_errors.AdapterParseError):
        return _parse_fault(error)
    text = str(getattr(error, "message", "") or error).strip()
    return text.split("\n", 1)[0].removeprefix("litellm.").strip()


def _parse_fault(error: Any) -> str:
    answer = str(error.lm_response or "").strip()
    wanted = ", ".join(getattr(error.signature, "output_fields", {}))
    if not answer:
        return f"The model's answer was empty; wanted were the fields {wanted}."
    return f"The model's answer did not have the fields {wanted}. It began: {one_line(answer, 160)}"


def _message(error: BaseException, words: str, *, with_status: bool = True) -> str:
    status = getattr(error, "status", None) if with_status else None
    model = getattr(error, "model", None)
    said = one_line(_SHAPES.text(words), _LONGEST) or "(the provider gave no reason)"
    if isinstance(status, int) and status >= 400:
        said = f"{said} (HTTP {status})"
    return f"{model}: {said}" if isinstance(model, str) and model else said


def _hint(error: BaseException, hint: str) -> str:
    seconds = getattr(error, "retry_after", None)
    if isinstance(seconds, (int, float)) and seconds > 1:
        return f"The provider asks to wait {seconds:,.0f} s. {hint}"
    return hint
