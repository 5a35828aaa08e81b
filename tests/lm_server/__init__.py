"""An OpenAI-compatible provider on the loopback interface that answers from a script, over real HTTP."""

from .answers import (
    EMPTY,
    NONSENSE,
    RATE_LIMITED,
    SERVER_ERROR,
    WRONG_KEY,
    Answer,
    ClosedConnection,
    CutStream,
    Failure,
    Reply,
    StatusFailure,
    StreamError,
    TokenUsage,
    count_tokens,
)
from .request import Kind, LMRequest, Message
from .scripts import Script, always, by_kind, fail_first, fields_answer, in_turn, plain_values, planner_script
from .server import LoopbackLM

__all__ = [
    "EMPTY",
    "NONSENSE",
    "RATE_LIMITED",
    "SERVER_ERROR",
    "WRONG_KEY",
    "Answer",
    "ClosedConnection",
    "CutStream",
    "Failure",
    "Kind",
    "LMRequest",
    "LoopbackLM",
    "Message",
    "Reply",
    "Script",
    "StatusFailure",
    "StreamError",
    "TokenUsage",
    "always",
    "by_kind",
    "count_tokens",
    "fail_first",
    "fields_answer",
    "in_turn",
    "plain_values",
    "planner_script",
]
