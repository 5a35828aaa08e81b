"""Two runs against each other: what was asked, their iterations aligned, their outputs, their totals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from rlm_tui.core.events import RunStarted, Value
from rlm_tui.core.run_alignment import AlignedPair, align
from rlm_tui.core.run_record import calls_are_known
from rlm_tui.core.text import human_cost, human_count, human_seconds, one_line
from rlm_tui.core.trajectory import Trajectory

WIDEST_VALUE = 40
MISSING = object()
"""In place of an output, or of what was asked, that one run does not have."""


class Figure(NamedTuple):
    """What each run was or took, in words; `change` is how the second differs in a number."""

    name: str
    left: str
    right: str
    change: str = ""


class RunComparison(NamedTuple):
    """Two runs. `asked` has what was asked otherwise, `outputs` all outputs: pairs of values, by name."""

    pairs: tuple[AlignedPair, ...]
    asked: dict[str, tuple[Any, Any]]
    outputs: dict[str, tuple[Any, Any]]
    figures: tuple[Figure, ...]
    relation: str = ""

    @property
    def first_difference(self) -> int | None:
        """The index of the first pair that differs; None where none does."""
        return next((index for index, pair in enumerate(self.pairs) if not pair.same), None)

    @property
    def words(self) -> str:
        """How alike they are, in a line."""
        same = sum(pair.same for pair in self.pairs)
        alone = sum(pair.left is None or pair.right is None for pair in self.pairs)
        told = [f"{same} same", f"{len(self.pairs) - same - alone} otherwise"]
        if alone:
            told.append(f"{alone} in one alone")
        return f"iterations: {', '.join(told)}"


def compare_runs(left: Trajectory, right: Trajectory, names: tuple[str, str] = ("", "")) -> RunComparison:
    """Set both side by side; `names` are the runs' ids."""
    told = [{} if run.finished is None else run.finished.outputs for run in (left, right)]
    asked = [{} if run.started is None else dict(_asked(run, run.started)) for run in (left, right)]
    return RunComparison(
        pairs=tuple(align(left.iterations, right.iterations)),
        asked={name: pair for name, pair in _paired(*asked) if pair[0] != pair[1]},
        outputs=dict(_paired(*told)),
        figures=tuple(_figures(left, right)),
        relation=_relation(left, right, names),
    )


def _paired(one: dict[str, Any], other: dict[str, Any]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for name in dict.fromkeys([*one, *other]):
        yield name, (one.get(name, MISSING), other.get(name, MISSING))


def _asked(run: Trajectory, started: RunStarted) -> Iterator[tuple[str, str]]:
    if started.signature:
        yield "signature", started.signature
    if started.instructions:
        yield "instructions", started.instructions
    for name, document in started.documents.items():
        yield f"document {name}", f"{document.name}, {document.size:,} bytes"
    for name, value in started.inputs.items():
        yield f"input {name}", _whole(run, value)


def _whole(run: Trajectory, value: Value) -> str:
    """The text of a value; its beginning where the rest is gone."""
    if value.blob is None or run.resolve is None:
        return value.text
    try:
        return run.resolve(value)
    except (OSError, ValueError):
        return value.text


def _relation(left: Trajectory, right: Trajectory, names: tuple[str, str]) -> str:
    """What one is to the other, where the logs say it."""
    if names[0] and names[0] == names[1]:
        return "This is one run, compared with itself."
    forks = [None if run.started is None else run.started.forked for run in (left, right)]
    words = ("first", "second")
    for at, fork in enumerate(forks):
        if fork is not None and fork.run_id and fork.run_id == names[1 - at]:
            changes = f" ({'; '.join(fork.changes)})" if fork.changes else ""
            what = f"The {words[at]} is a fork of the {words[1 - at]}{changes}"
            return f"{what}, live from iteration {fork.at} on."
    if forks[0] is not None and forks[1] is not None and forks[0].run_id == forks[1].run_id:
        return f"Both are forks of {forks[0].run_id}, at {forks[0].at} and {forks[1].at}."
    return ""


def _figures(left: Trajectory, right: Trajectory) -> Iterator[Figure]:
    runs = (left, right)
    yield _words("task", (run.started.task if run.started else "?" for run in runs))
    yield _words("model", (_model(run) for run in runs))
    if any(_sub_model(run) for run in runs):
        yield _words("sub-LM", (_sub_model(run) for run in runs))
    sandboxes = [run.started.sandbox.kind if run.started else "?" for run in runs]
    if sandboxes[0] != sandboxes[1]:
        yield _words("sandbox", sandboxes)
    yield _words("status", (status_of(run) for run in runs))
    totals = [run.totals for run in runs]
    yield _number("iterations", [one.iterations for one in totals], str)
    yield _number("LLM calls", [calls_of(run) for run in runs], str)
    if any(one.failed_calls for one in totals):
        yield _number("failed calls", [one.failed_calls for one in totals], str)
    tokens = [tokens_of(run) for run in runs]
    yield _number("tokens", tokens, human_count, share=True)
    costs = [one.cost_usd if one.cost_known else None for one in totals]
    yield _number("cost", costs, human_cost, share=True)
    seconds = [one.seconds if one.seconds >= 0 else None for one in totals]
    yield _number("time", seconds, human_seconds, share=True)


def _words(name: str, values: Any) -> Figure:
    one, other = (one_line(value, WIDEST_VALUE) or "–" for value in values)
    return Figure(name, one, other)


def _number(name: str, values: list[Any], shown: Callable[[Any], str], *, share: bool = False) -> Figure:
    one, other = values
    words = ["?" if value is None and shown is not human_cost else shown(value) for value in values]
    change = ""
    if one is not None and other is not None and one != other:
        change = f"{(other - one) / one:+.0%}" if share and one else "" if share else f"{other - one:+,}"
    return Figure(name, words[0], words[1], change)


def _model(run: Trajectory) -> str:
    started = run.started
    return "?" if started is None else "offline demo" if started.offline else started.planner or "?"


def _sub_model(run: Trajectory) -> str:
    started = run.started
    return "" if started is None or started.offline else started.sub_lm


def status_of(run: Trajectory) -> str:
    """How it ended, as far as it did."""
    return run.finished.status if run.finished else "interrupted" if run.interrupted else "running"


def calls_of(run: Trajectory) -> int | None:
    """The LM calls of its cells; None where its log does not tell them."""
    return run.totals.llm_calls if calls_are_known(run.started) else None


def tokens_of(run: Trajectory) -> int | None:
    """All tokens; None where some provider did not tell."""
    totals = run.totals
    return totals.prompt_tokens + totals.completion_tokens if totals.tokens_known else None
