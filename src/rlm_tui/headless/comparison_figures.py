"""An RLM beside one prompt: the figures of both, as the command prints them and the screen shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from rlm_tui.core.events import DocumentReference, ErrorDetail
from rlm_tui.core.text import human_cost, human_count, human_seconds, human_size, number_of
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.headless.truth import TruthCheck, check

if TYPE_CHECKING:
    from rlm_tui.engine.direct import DirectAnswer

UNKNOWN = "—"
"""What stands where nobody told a figure: unknown is not zero."""
ANSWERED = ("submitted", "extracted", "answered")
"""A side with another status has no answer that could be held against the truth."""
RLM, ONE_PROMPT = "RLM", "one prompt"


class Figure(NamedTuple):
    """One line of the comparison: what it is, and how each of the two did."""

    name: str
    rlm: str
    direct: str


class Column(msgspec.Struct, frozen=True):
    """One of the two ways of asking, as far as it has come. None is not known (yet, or ever).

    `read` says in words how much of the document it had; `found` is its outputs beside the truth.
    """

    status: str
    iterations: int | None = None
    calls: int | None = None
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    cost_usd: float | None = None
    seconds: float | None = None
    read: str = ""
    outputs: dict[str, Any] = {}
    error: ErrorDetail | None = None
    found: TruthCheck | None = None


def rlm_column(
    trajectory: Trajectory, truth: Mapping[str, Any] | None = None, *, seconds: float | None = None
) -> Column:
    """The RLM's side, also while it runs; `seconds` is then what the clock says."""
    started, finished, totals = trajectory.started, trajectory.finished, trajectory.totals
    # Nothing asked yet is no free answer.
    tokens = totals.tokens_known and totals.planner_calls > 0 and bool(totals.prompt_tokens)
    priced = totals.cost_known and bool(tokens or totals.cost_usd)
    if finished is None:
        status = "running" if started is not None else "starting"
    else:
        status, seconds = finished.status, totals.seconds
    outputs = finished.outputs if finished is not None else {}
    return Column(
        status=status,
        iterations=totals.iterations,
        calls=totals.llm_calls + totals.planner_calls,
        prompt_tokens=totals.prompt_tokens if tokens else None,
        answer_tokens=totals.completion_tokens if tokens else None,
        cost_usd=totals.cost_usd if priced else None,
        seconds=seconds,
        read=_all_of(started.documents) if started is not None else "",
        outputs=outputs,
        error=finished.error if finished is not None else None,
        found=check(outputs, truth) if truth is not None and status in ANSWERED else None,
    )


def direct_column(answer: DirectAnswer, truth: Mapping[str, Any] | None = None) -> Column:
    """One prompt's side, once it is over."""
    return Column(
        status=answer.status,
        calls=answer.requests or None,
        prompt_tokens=answer.prompt_tokens,
        answer_tokens=answer.completion_tokens,
        cost_usd=answer.cost_usd,
        seconds=answer.seconds,
        # A prompt that was refused or cancelled was read by nobody.
        read=read_words(answer) if answer.status in ANSWERED else "",
        outputs=answer.outputs,
        error=answer.error,
        found=check(answer.outputs, truth) if truth is not None and answer.status in ANSWERED else None,
    )


def figures(rlm: Column, direct: Column) -> list[Figure]:
    """Both in lines, without their outputs: status, work, truth, tokens, cost, seconds, what was read."""
    lines = [
        Figure("status", rlm.status, direct.status),
        Figure("iterations", _number(rlm.iterations), "none" if direct.calls else UNKNOWN),
        Figure("LM calls", _number(rlm.calls), _number(direct.calls)),
        Figure("prompt tokens", _counted(rlm.prompt_tokens), _counted(direct.prompt_tokens)),
        Figure("answer tokens", _counted(rlm.answer_tokens), _counted(direct.answer_tokens)),
        Figure("cost", _cost(rlm.cost_usd), _cost(direct.cost_usd)),
        Figure("seconds", _seconds(rlm.seconds), _seconds(direct.seconds)),
    ]
    if rlm.found is not None or direct.found is not None:
        lines.insert(1, Figure("truth", _found(rlm.found), _found(direct.found)))
    if rlm.read or direct.read:
        lines.append(Figure("document", rlm.read or UNKNOWN, direct.read or UNKNOWN))
    return lines


def output_names(rlm: Column, direct: Column) -> list[str]:
    """Every output that either of them has, in the order of the first."""
    return list(dict.fromkeys([*rlm.outputs, *direct.outputs]))


def read_words(answer: DirectAnswer) -> str:
    """How much of the document stood in the one prompt: all of it, or what was cut, in three measures."""
    if not answer.document_characters:
        return ""
    if not answer.cut_characters:
        return f"all of {human_count(answer.document_characters)} characters"
    part = 100 * answer.cut_characters / answer.document_characters
    kept = human_size(answer.document_bytes - answer.cut_bytes)
    tokens = human_count(answer.cut_characters / answer.characters_a_token)
    return (
        f"{part:.0f}% cut: all but {kept} of {human_size(answer.document_bytes)}, about {tokens} tokens, "
        f"did not fit into {answer.window_tokens:,}"
        + (f"; the model refused {number_of(answer.shortened, 'longer prompt')}" if answer.shortened else "")
    )


def _all_of(documents: Mapping[str, DocumentReference]) -> str:
    if not documents:
        return ""
    size = sum(document.size for document in documents.values())
    return f"all of {human_size(size)} within reach of its cells"


def _number(number: int | None) -> str:
    return UNKNOWN if number is None else f"{number:,}"


def _counted(number: int | None) -> str:
    return UNKNOWN if number is None else human_count(number)


def _cost(usd: float | None) -> str:
    return UNKNOWN if usd is None else human_cost(usd)


def _seconds(seconds: float | None) -> str:
    return UNKNOWN if seconds is None else human_seconds(seconds)


def _found(found: TruthCheck | None) -> str:
    return UNKNOWN if found is None else f"{found.found} of {found.of}"
