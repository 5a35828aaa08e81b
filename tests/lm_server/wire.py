"""OpenAI's two dialects as bytes: chat completions and responses, whole and as server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .answers import Answer, StatusFailure, TokenUsage
from .request import LMRequest

CHAT_PATH = "/v1/chat/completions"
RESPONSES_PATH = "/v1/responses"
MODELS_PATH = "/v1/models"


def whole_body(request: LMRequest, text: str, finish_reason: str, usage: TokenUsage) -> dict[str, Any]:
    """The JSON of an answer that is not streamed."""
    if request.path == CHAT_PATH:
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": finish_reason,
        }
        return {**_chat_head(request, "chat.completion"), "choices": [choice], "usage": chat_usage(usage)}
    return _response(request, text, usage)


def first_events(request: LMRequest) -> Iterator[bytes]:
    """What a stream says before its first delta."""
    if request.path == CHAT_PATH:
        yield _chat_chunk(request, {"role": "assistant", "content": ""})
    else:
        response = {"id": _identifier(request), "model": request.model, "status": "in_progress", "output": []}
        yield _event({"type": "response.created", "response": response})


def delta_event(request: LMRequest, text: str) -> bytes:
    if request.path == CHAT_PATH:
        return _chat_chunk(request, {"content": text})
    return _event(
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": text}
    )


def last_events(request: LMRequest, answer: Answer, usage: TokenUsage) -> Iterator[bytes]:
    """How a whole stream ends. Chat sends usage in a last chunk of its own, and only if it was asked for."""
    if request.path == CHAT_PATH:
        yield _chat_chunk(request, {}, answer.finish_reason)
        if (request.body.get("stream_options") or {}).get("include_usage"):
            head = _chat_head(request, "chat.completion.chunk")
            yield _event({**head, "choices": [], "usage": chat_usage(usage)})
        yield b"data: [DONE]\n\n"
    else:
        yield _event({"type": "response.completed", "response": _response(request, answer.text, usage)})


def error_event(request: LMRequest, message: str, code: str) -> bytes:
    error = {"message": message, "type": code, "code": code}
    return _event({"error": error} if request.path == CHAT_PATH else {"type": "error", "error": error})


def error_body(failure: StatusFailure) -> bytes:
    if failure.body is not None:
        return failure.body.encode()
    error = {"message": failure.message, "type": failure.code or "error", "param": None, "code": failure.code}
    return json.dumps({"error": error}).encode()


def models_body(models: tuple[str, ...]) -> dict[str, Any]:
    entries = [{"id": name, "object": "model", "created": 0, "owned_by": "loopback"} for name in models]
    return {"object": "list", "data": entries}


def chat_usage(usage: TokenUsage) -> dict[str, int]:
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.total,
    }


def _response(request: LMRequest, text: str, usage: TokenUsage) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    item = {"id": "msg_0", "type": "message", "status": "completed", "role": "assistant", "content": content}
    return {
        "id": _identifier(request),
        "object": "response",
        "created_at": 0,
        "model": request.model,
        "status": "completed",
        "output": [item],
        "usage": {
            "input_tokens": usage.prompt,
            "output_tokens": usage.completion,
            "total_tokens": usage.total,
        },
    }


def _chat_chunk(request: LMRequest, delta: dict[str, str], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return _event({**_chat_head(request, "chat.completion.chunk"), "choices": [choice]})


def _chat_head(request: LMRequest, kind: str) -> dict[str, Any]:
    return {"id": _identifier(request), "object": kind, "created": 0, "model": request.model}


def _identifier(request: LMRequest) -> str:
    return f"loopback-{request.number}"


def _event(payload: dict[str, Any]) -> bytes:
    name = f"event: {payload['type']}\n" if "type" in payload else ""
    return f"{name}data: {json.dumps(payload)}\n\n".encode()
