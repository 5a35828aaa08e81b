"""The offline demo: an LM that runs here, needs no key, and computes its answers from what it is given.

It is a dspy engine (`complete`, `stream`, `close`), so the whole way through dspy is the one of a real model:
the same prompts come in, the same adapters parse what goes out. The planner's turns are scripted strategies
that write Python (`offline_planner`); sub-queries are answered by extraction (`offline_extract`).
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Iterator
from typing import Any

from dspy import lm15

from rlm_tui.lm.offline_extract import answer_query
from rlm_tui.lm.offline_fields import answer_fields, is_field_prompt
from rlm_tui.lm.offline_planner import is_planner_prompt, plan_turn

OFFLINE_MODEL = "offline/demo"
_CHARACTERS_PER_TOKEN = 4
_DELTA = re.compile(r"\S*\s*")


class OfflineEngine:
    """An engine without a network. `pace` is in seconds for each word streamed; 0 answers at once."""

    def __init__(self, pace: float = 0.0) -> None:
        self.pace = pace

    def complete(self, request: lm15.Request) -> lm15.Response:
        """Answer one request. When the demo is paced it takes a little while, as a real one would."""
        response = self._respond(request)
        if self.pace:
            time.sleep(min(1.5, self.pace * 4 + len(response.text or "") * self.pace / 40))
        return response

    def stream(self, request: lm15.Request) -> Iterator[Any]:
        """The same answer word by word, which is what dspy's stream listeners need to show anything."""
        for event in lm15.response_to_events(self._respond(request)):
            delta = getattr(event, "delta", None)
            if not isinstance(delta, lm15.TextDelta):
                yield event
                continue
            for word in _DELTA.findall(delta.text):
                if word:
                    if self.pace:
                        time.sleep(self.pace)
                    yield dataclasses.replace(event, delta=dataclasses.replace(delta, text=word))

    def close(self) -> None:
        """Nothing is held open."""

    def _respond(self, request: lm15.Request) -> lm15.Response:
        system = _text(request.system)
        # Earlier messages are examples; the last one asks.
        prompt = next((_text(one.parts) for one in reversed(request.messages) if one.role == "user"), "")
        answer = answer_prompt(system, prompt)
        used_in, used_out = _tokens(system + prompt), _tokens(answer)
        return lm15.Response(
            id=None,
            model=request.model,
            message=lm15.Message.assistant([lm15.TextPart(answer)]),
            finish_reason="stop",
            usage=lm15.Usage(input_tokens=used_in, output_tokens=used_out, total_tokens=used_in + used_out),
        )


def answer_prompt(system: str, prompt: str) -> str:
    """The answer to one prompt: a planner's turn, a form of fields to fill in, or a bare query."""
    if is_planner_prompt(system, prompt):
        return plan_turn(system, prompt)
    if is_field_prompt(system, prompt):
        return answer_fields(system, prompt)
    return answer_query(prompt)


def _text(content: Any) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, (list, tuple)):
        return "\n".join(_text(part) for part in content)
    return str(getattr(content, "text", "") or "")


def _tokens(text: str) -> int:
    return max(1, len(text) // _CHARACTERS_PER_TOKEN)
