"""What a scripted language model may reply with: an answer, or one of the ways a provider fails."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

CHARACTERS_PER_TOKEN = 4


def count_tokens(text: str) -> int:
    """Tokens of a text as this server bills them: one for each four characters begun, none for nothing."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


@dataclass(frozen=True)
class TokenUsage:
    """Tokens billed for a request; what a client reports must equal this."""

    prompt: int = 0
    completion: int = 0

    @property
    def total(self) -> int:
        return self.prompt + self.completion

    def __add__(self, other: TokenUsage) -> TokenUsage:
        return TokenUsage(self.prompt + other.prompt, self.completion + other.completion)


@dataclass(frozen=True)
class Answer:
    """A whole answer; streamed in pieces of `delta_size` characters when the client asks for a stream."""

    text: str
    delay: float = 0.0
    """Seconds of silence before the first byte."""
    delta_seconds: float = 0.0
    """Seconds between two deltas of a stream."""
    delta_size: int = 4
    finish_reason: str = "stop"

    def deltas(self) -> Sequence[str]:
        return pieces(self.text, self.delta_size)


@dataclass(frozen=True)
class StatusFailure:
    """An HTTP error status with a body in OpenAI's error shape (or `body` as it stands)."""

    status: int
    message: str
    code: str | None = None
    retry_after: float | None = None
    """Sent as the `retry-after` header, in seconds."""
    body: str | None = None

    def retry_in(self, seconds: float) -> StatusFailure:
        """The same failure with a `retry-after`; 0 spares a test the client's backoff (1, 2, 4 s)."""
        return replace(self, retry_after=seconds)


@dataclass(frozen=True)
class CutStream:
    """The answer begins, then stops: after some deltas of a stream, halfway through a body that is whole.

    `quiet` ends the stream as HTTP wants it, yet without a finish reason or `[DONE]`; otherwise the
    connection is closed under it.
    """

    text: str
    after_deltas: int = 3
    delta_size: int = 4
    quiet: bool = False

    def deltas(self) -> Sequence[str]:
        return pieces(self.text, self.delta_size)[: self.after_deltas]


@dataclass(frozen=True)
class StreamError:
    """A stream that sends some deltas and then the provider's own error event; without a stream, a 500."""

    text: str
    message: str
    code: str = "server_error"
    after_deltas: int = 3
    delta_size: int = 4

    def deltas(self) -> Sequence[str]:
        return pieces(self.text, self.delta_size)[: self.after_deltas]


@dataclass(frozen=True)
class ClosedConnection:
    """The request is read and the connection closed without a byte of answer."""

    delay: float = 0.0


Failure = StatusFailure | CutStream | StreamError | ClosedConnection
Reply = Answer | Failure

EMPTY = Answer("")
NONSENSE = Answer(
    "Certainly! I had a look around and it all seems fine to me, so there is nothing more to do."
)

WRONG_KEY = StatusFailure(401, "Incorrect API key provided.", code="invalid_api_key")
RATE_LIMITED = StatusFailure(429, "Rate limit reached for requests.", code="rate_limit_exceeded")
SERVER_ERROR = StatusFailure(
    500, "The server had an error while processing your request.", code="server_error"
)


def pieces(text: str, size: int) -> Sequence[str]:
    if size < 1:
        raise ValueError(f"a delta holds at least one character, not {size}")
    return [text[start : start + size] for start in range(0, len(text), size)]
