"""A request as the server received it, and what kind of turn it is in a run of an RLM."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from .answers import count_tokens

_FIELD = re.compile(r"^\d+\. `(?P<name>\w+)` \((?P<type>.*?)\):", re.MULTILINE)
_ITERATION = re.compile(r"^\[\[ ## iteration ## \]\]\n(\d+)/(\d+)", re.MULTILINE)
_TASK_INPUTS = re.compile(r"producing the following outputs given the inputs (?P<names>`.*?`):\n")
_PLANNER_INPUTS = {"variables_info", "repl_history", "iteration"}
_EXTRACT_INPUTS = {"variables_info", "repl_history"}


class Kind(Enum):
    """Who is asking: the planner, the extraction at a run's end, a Predict sub-agent or a bare sub-query."""

    PLANNER = "planner"
    EXTRACT = "extract"
    PREDICT = "predict"
    QUERY = "query"


@dataclass(frozen=True)
class Message:
    role: str
    text: str


@dataclass(frozen=True)
class LMRequest:
    """One POST to the server. `at` is in seconds since the server started; `key` is the bearer's, if any."""

    path: str
    model: str
    key: str | None
    messages: tuple[Message, ...]
    stream: bool
    at: float
    number: int
    """Counted from 0 over the server's life, in the order requests were read."""
    body: Mapping[str, Any] = field(repr=False)

    @property
    def system(self) -> str:
        return "\n\n".join(
            message.text for message in self.messages if message.role in ("system", "developer")
        )

    @property
    def prompt(self) -> str:
        """The last message's text: the whole prompt of a bare sub-query."""
        return self.messages[-1].text if self.messages else ""

    @property
    def prompt_tokens(self) -> int:
        return sum(count_tokens(message.text) for message in self.messages)

    @cached_property
    def input_fields(self) -> dict[str, str]:
        """Names and types of the signature's inputs, in order; empty for a bare sub-query."""
        return _fields(self._section("Your input fields are:", "Your output fields are:"))

    @cached_property
    def output_fields(self) -> dict[str, str]:
        """Names and types of the signature's outputs, in order; empty for a bare sub-query."""
        return _fields(self._section("Your output fields are:", "All interactions will be structured"))

    @cached_property
    def kind(self) -> Kind:
        """Told from the signature in the system message, never from the prompt: that may quote a document."""
        names = set(self.input_fields)
        if not self.output_fields:
            return Kind.QUERY
        if names == _PLANNER_INPUTS:
            return Kind.PLANNER
        return Kind.EXTRACT if names == _EXTRACT_INPUTS else Kind.PREDICT

    @property
    def iteration(self) -> int:
        """The planner's iteration, from 1. The last marker counts: the history may quote others."""
        found = _ITERATION.findall(self.prompt)
        if self.kind is not Kind.PLANNER or not found:
            raise ValueError(f"request {self.number} is no planner turn: it names no iteration")
        return int(found[-1][0])

    @property
    def task_inputs(self) -> tuple[str, ...]:
        """The inputs of the task a planner works on; they tell a nested RLM's planner from its parent's."""
        found = _TASK_INPUTS.search(self.system)
        return tuple(re.findall(r"`(\w+)`", found["names"])) if found else ()

    @property
    def wants_json(self) -> bool:
        """Whether the client asks for one JSON object, as dspy does after an answer without markers."""
        return "Respond with a JSON object" in self.prompt and self.kind is not Kind.QUERY

    def _section(self, start: str, end: str) -> str:
        _, found, rest = self.system.partition(start)
        return rest.partition(end)[0] if found else ""


def read_request(path: str, key: str | None, raw: bytes, *, at: float, number: int) -> LMRequest:
    """Read a chat-completions or responses body; ValueError says what is wrong with it."""
    body = json.loads(raw)
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    if not isinstance(body.get("model"), str):
        raise ValueError("you must provide a model parameter")
    entries = body.get("messages") if path.endswith("/chat/completions") else _response_entries(body)
    if not isinstance(entries, list) or not entries:
        raise ValueError("the body holds no messages")
    if not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("a message must be a JSON object")
    messages = tuple(
        Message(str(entry.get("role", "user")), _text(entry.get("content"))) for entry in entries
    )
    return LMRequest(
        path=path,
        model=body["model"],
        key=key,
        messages=messages,
        stream=bool(body.get("stream", False)),
        at=at,
        number=number,
        body=body,
    )


def _response_entries(body: Mapping[str, Any]) -> list[Any]:
    given = body.get("input")
    entries = [{"role": "user", "content": given}] if isinstance(given, str) else list(given or [])
    instructions = body.get("instructions")
    return [{"role": "system", "content": instructions}, *entries] if instructions else entries


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _fields(section: str) -> dict[str, str]:
    return {found["name"]: found["type"] for found in _FIELD.finditer(section)}
