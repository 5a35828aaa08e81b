"""What every event is, and what they carry: texts, usage, documents, errors, variables, budgets, totals.

All of it is frozen, and plain data.
"""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True, kw_only=True):
    """What every event has. Use `recorder`, never a constructor, to give `seq` and `at`."""

    seq: int = -1
    at: float = 0.0
    span: str = ""
    parent: str = ""


class Value(msgspec.Struct, frozen=True, omit_defaults=True):
    """Text that may be long: whole in `text`, or by hash in the run folder's `blobs/` with its head here.

    `length` is in characters and always that of the whole text.
    """

    text: str = ""
    length: int = 0
    blob: str | None = None


class Usage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a request to an LM used. `None` means that the provider did not say (never shown as zero)."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    requests: int = 1


class DocumentMember(msgspec.Struct, frozen=True, omit_defaults=True):
    """One document of a set, as the run folder keeps it. `size` in bytes."""

    path: str
    size: int
    sha256: str
    encoding: str = "utf-8"


class DocumentReference(msgspec.Struct, frozen=True, omit_defaults=True):
    """A document given as an input: where it lay and what it was, never its text. `size` in bytes.

    Of a set of documents `path` is their folder and `count` how many there are; `members`, by their names in
    the set, stand in the run folder's `documents.json` alone.
    """

    name: str
    path: str
    size: int
    sha256: str = ""
    encoding: str = "utf-8"
    characters: int | None = None
    count: int = 1
    members: dict[str, DocumentMember] = {}


class ErrorDetail(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error in the words of what failed. `kind` is a class name or a stable word; `hint` what mends it."""

    kind: str
    message: str
    hint: str = ""
    traceback: str = ""
    line: int | None = None


class ForkedFrom(msgspec.Struct, frozen=True, omit_defaults=True):
    """The run that a fork goes on from: iterations 1 to `at` - 1 are its record, `at` is the first live one.

    `changes` says in words what is otherwise than in that run.
    """

    run_id: str
    at: int
    changes: list[str] = []


class Variable(msgspec.Struct, frozen=True, omit_defaults=True):
    """One name of the sandbox's namespace. `size` is its length where it has one."""

    name: str
    type: str
    size: int | None = None
    preview: str = ""


class Budgets(msgspec.Struct, frozen=True, omit_defaults=True):
    """The limits of a run. `cell_seconds` is for one cell, the others for the run; None is no limit."""

    max_iterations: int = 20
    max_llm_calls: int = 50
    cell_seconds: float | None = None
    max_seconds: float | None = None
    max_tokens: int | None = None
    max_cost_usd: float | None = None


class SandboxDescription(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which sandbox ran the cells. `confined` False is shown as `unconfined`; `detail` says why."""

    kind: str
    confined: bool
    detail: str = ""
    volume: str = ""


class Totals(msgspec.Struct, frozen=True, omit_defaults=True):
    """The numbers of a run, from the fold.

    `llm_calls` are the LM requests that cells made (batch items one by one, nested ones included),
    `planner_calls` those of planner turns; tokens and cost cover both. With `tokens_known` or `cost_known`
    False some provider did not say, and the figure is a lower bound.
    """

    iterations: int = 0
    llm_calls: int = 0
    planner_calls: int = 0
    tool_calls: int = 0
    failed_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    tokens_known: bool = True
    cost_usd: float = 0.0
    cost_known: bool = True
    seconds: float = 0.0
