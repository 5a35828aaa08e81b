"""How much of what is known to be true of a document a run found. The truth lies beside the document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from rlm_tui.core.documents import Document

if TYPE_CHECKING:
    from rlm_tui.engine.session import RunRequest

SUFFIX = ".truth.json"


class TruthError(ValueError):
    """The truth can't be read. The message is one sentence."""


class FieldCheck(Struct, frozen=True):
    """One output beside the truth: `found` of `of` facts; the `missing` ones; how many entries are `extra`
    (None where that can't be told).
    """

    name: str
    found: int
    of: int
    missing: tuple[str, ...] = ()
    extra: int | None = None


class TruthCheck(Struct, frozen=True):
    """A run's outputs beside the truth."""

    fields: tuple[FieldCheck, ...]

    @property
    def found(self) -> int:
        return sum(field.found for field in self.fields)

    @property
    def of(self) -> int:
        return sum(field.of for field in self.fields)

    @property
    def words(self) -> str:
        """In one line: "64 of 66 facts found (api_endpoints 64/66, 2 extra)"."""
        parts = [
            f"{field.name} {field.found}/{field.of}" + (f", {field.extra} extra" if field.extra else "")
            for field in self.fields
        ]
        return f"{self.found} of {self.of} facts found ({'; '.join(parts)})"

    def as_object(self) -> dict[str, Any]:
        """As `run --check --json` prints it."""
        return {
            "found": self.found,
            "of": self.of,
            "outputs": {
                field.name: {
                    "found": field.found,
                    "of": field.of,
                    "missing": list(field.missing),
                    "extra": field.extra,
                }
                for field in self.fields
            },
        }


def truth_about(request: RunRequest) -> dict[str, Any] | None:
    """What is known to be true of the outputs of a run; None when nothing is. Raises TruthError."""
    for document in request.documents.values():
        beside = document.source if isinstance(document, Document) else document.path
        truth = expected(beside, request.task.name, request.inputs)
        if truth is not None:
            return truth
    return None


def expected(document: Path, task: str, inputs: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the outputs of `task` must hold for these inputs; None when nothing is known of that.

    Raises TruthError for a truth that can't be read.
    """
    if not document.name:
        return None  # what lies everywhere has nothing beside it
    path = document.with_name(document.name + SUFFIX)
    try:
        truths = json.loads(path.read_text(encoding="utf-8"))["truths"]
        for truth in truths:
            given = {name: str(inputs.get(name, "")).strip() for name in truth["inputs"]}
            if truth["task"] == task and given == truth["inputs"]:
                outputs: dict[str, Any] = truth["outputs"]
                for fact in outputs.values():
                    for one in fact if isinstance(fact, list) else ():
                        if isinstance(one, dict):
                            one["holds"]
                return outputs
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TruthError(f"{path} can't be read as the truth about {document.name}: {error}") from error
    return None


def check(outputs: Mapping[str, Any], truth: Mapping[str, Any]) -> TruthCheck:
    """The outputs of a run beside the truth about them."""
    return TruthCheck(tuple(_check_field(name, outputs.get(name), fact) for name, fact in truth.items()))


def _check_field(name: str, value: Any, fact: Any) -> FieldCheck:
    if isinstance(fact, list):
        return _check_list(name, value if isinstance(value, list) else [], fact)
    if isinstance(fact, dict) and "holds" not in fact:
        given = value if isinstance(value, dict) else {}
        missing = tuple(f"{key}: {wanted}" for key, wanted in fact.items() if given.get(key) != wanted)
        return FieldCheck(name, len(fact) - len(missing), len(fact), missing, len(given.keys() - fact.keys()))
    held = _holds(value, fact)
    return FieldCheck(name, int(held), 1, () if held else (_named(fact),))


def _check_list(name: str, values: list[Any], facts: list[Any]) -> FieldCheck:
    missing = tuple(_named(fact) for fact in facts if not any(_holds(value, fact) for value in values))
    whole = all(not isinstance(fact, dict) for fact in facts)
    extra = sum(not any(_holds(value, fact) for fact in facts) for value in values) if whole else None
    return FieldCheck(name, len(facts) - len(missing), len(facts), missing, extra)


def _holds(value: Any, fact: Any) -> bool:
    """Whether a value is the fact, or holds the words that it is to hold."""
    if isinstance(fact, dict):
        wanted = fact["holds"] if isinstance(fact["holds"], list) else [fact["holds"]]
        return all(_plain(word) in _plain(value) for word in wanted)
    if isinstance(fact, int | float) and not isinstance(fact, bool):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        try:
            return is_number and abs(value - fact) < 0.05
        except OverflowError:  # an integer that is no float
            return False
    return _plain(value) == _plain(fact)


def _plain(value: Any) -> str:
    return " ".join(str(value).split()).casefold().strip("`")


def _named(fact: Any) -> str:
    return str(fact["holds"] if isinstance(fact, dict) else fact)
