"""Which saved runs a person wants to see: by field, and by text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from rlm_tui.core.filter_syntax import FilterError, Term, compares, parse_filter
from rlm_tui.core.run_record import STATUSES, RunRecord

_NUMBERS: dict[str, Callable[[RunRecord], float | None]] = {
    "seconds": lambda run: run.seconds,
    "iterations": lambda run: run.iterations,
    "calls": lambda run: run.llm_calls,
    "tokens": lambda run: run.tokens,
    "cost": lambda run: run.cost_usd,
    "size": lambda run: run.size,
}
_TEXTS: dict[str, Callable[[RunRecord], tuple[str, ...]]] = {
    "id": lambda run: (run.run_id,),
    "task": lambda run: (run.task,),
    "document": lambda run: run.documents,
    "model": lambda run: (*run.models, "offline" if run.offline else ""),
    "status": lambda run: (run.status, DAMAGED if run.damaged else ""),
    "sandbox": lambda run: (run.sandbox,),
    "tag": lambda run: run.tags,
    "note": lambda run: (run.note,),
    "error": lambda run: (run.error,),
    "fork": lambda run: (run.parent,),
    "format": lambda run: (run.imported,),
}
DAMAGED = "damaged"
"""What may be asked of a status beside how the run ended."""
_STATUSES = (*STATUSES, DAMAGED)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
FIELDS = frozenset({*_NUMBERS, *_TEXTS, "age"})


class RunFilter(NamedTuple):
    """`matches` tells a run by its record; `words` may stand in its texts instead, which others know."""

    terms: tuple[Term, ...] = ()

    @property
    def words(self) -> tuple[Term, ...]:
        """The terms that are texts to be found anywhere."""
        return tuple(term for term in self.terms if not term.operator)

    def matches(self, run: RunRecord, now: datetime, found: Callable[[Term], bool] | None = None) -> bool:
        """Whether all terms hold; `found` says whether a text stands in the texts of this run."""
        for term in self.terms:
            holds = (not term.operator and found is not None and found(term)) or _holds(run, term, now)
            if holds is term.negated:
                return False
        return True


def parse_run_filter(text: str) -> RunFilter:
    """The filter that `text` says. Raises FilterError."""
    terms = parse_filter(text, FIELDS)
    nothing = RunRecord(run_id="", status="failed")
    for term in terms:
        _holds(nothing, term, datetime.now(UTC))  # numbers and ages are looked at now, not at the first run
        if term.field == "status" and not any(status.startswith(term.value.lower()) for status in _STATUSES):
            raise FilterError(f"No run has the status {term.value}: it is one of {', '.join(_STATUSES)}.")
    return RunFilter(terms)


def _holds(run: RunRecord, term: Term, now: datetime) -> bool:
    if not term.operator:
        return term.value.lower() in _every_text(run)
    if term.field == "age":
        return _has_age(run, term, now)
    if (number := _NUMBERS.get(term.field)) is not None:
        return compares(number(run), term)
    if term.operator != ":":
        raise FilterError(f"{term.field} is a text: write {term.field}:{term.value}.")
    value = term.value.lower()
    if term.field in ("status", "tag"):
        return any(text.lower().startswith(value) for text in _TEXTS[term.field](run))
    return any(value in text.lower() for text in _TEXTS[term.field](run))


def _every_text(run: RunRecord) -> str:
    """All of _TEXTS in one: ten thousand runs are asked at each key."""
    offline = "offline" if run.offline else ""
    damaged = DAMAGED if run.damaged else ""
    return "\0".join(
        (run.run_id, run.task, *run.documents, *run.models, offline, run.status, damaged, run.sandbox,
         *run.tags, run.note, run.error, run.parent, run.imported)
    ).lower()  # fmt: skip


def _has_age(run: RunRecord, term: Term, now: datetime) -> bool:
    unit = _UNITS.get(term.value[-1:].lower())
    try:
        limit = timedelta(**{unit: float(term.value[:-1])}) if unit else None
    except (ValueError, OverflowError):
        limit = None
    if limit is None:
        raise FilterError(f"age{term.operator}{term.value} needs a time, as in age<2d (m, h, d or w).")
    try:
        age = now - datetime.fromisoformat(run.started)
    except (ValueError, TypeError):
        return False
    return age > limit if term.operator in (">", ">=") else age <= limit
