"""What a planner submitted, held against the types of the signature, in words that let it mend it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pydantic
from dspy.adapters.utils import parse_value

from rlm_tui.core.text import one_line

REFUSED = "[Type Error]"
"""How the planner's output begins when a SUBMIT was refused: dspy's own mark."""
_MOST_PROBLEMS = 5
_SHOWN = 80


class ExtractionError(RuntimeError):
    """What was extracted at the end of the iterations fits the types no better. `found` are the outputs that
    were submitted before and did fit.
    """

    hint = "Give it more iterations, another model, or plainer types; the trajectory keeps what was found."

    def __init__(self, iterations: int, found: dict[str, Any]) -> None:
        kept = f"; of what was submitted before, {', '.join(found)} is kept" if found else ""
        super().__init__(
            f"The planner did not submit within its {iterations} iterations, and what the model extracted "
            f"from them does not fit the types of the outputs{kept}."
        )
        self.found = found


def fit_outputs(fields: Mapping[str, Any], submitted: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The submitted values that fit the types of `fields`, and a sentence's part on each that doesn't.

    The driver has checked that all are there, and the plain types; unions, choices, models and what lies in
    lists and dicts only dspy can check.
    """
    fitting: dict[str, Any] = {}
    problems: list[str] = []
    for name, field in fields.items():
        if name not in submitted:
            problems.append(f"{name}: expected {type_words(field.annotation)}, and it was left out")
            continue
        value = submitted[name]
        try:
            fitting[name] = parse_value(value, field.annotation)
        except Exception as error:  # a validator of a person's model may raise anything
            found = f"{type(value).__name__} {one_line(repr(value), _SHOWN)}"
            problems.append(f"{name}: expected {type_words(field.annotation)}, got {found}: {_why(error)}")
    return fitting, problems


def refusal(problems: list[str], printed: str = "") -> str:
    """What the planner reads in the place of the cell's output; what the cell printed is not lost."""
    words = f"{REFUSED} {'; '.join(problems)}. Nothing was submitted: mend it and SUBMIT again."
    return f"{words}\nBefore that the cell printed:\n{printed.rstrip()}" if printed else words


def type_words(annotation: Any) -> str:
    """A type as it stands in a signature."""
    named = isinstance(annotation, type) and not getattr(annotation, "__args__", ())
    return annotation.__name__ if named else str(annotation).replace("typing.", "")


def _why(error: Exception) -> str:
    if not isinstance(error, pydantic.ValidationError):
        return one_line(str(error) or type(error).__name__, 200)
    found = error.errors(include_url=False, include_context=False, include_input=False)
    words = [f"{_place(one['loc'])}{one['msg']}" for one in found[:_MOST_PROBLEMS]]
    more = f", and {len(found) - _MOST_PROBLEMS} more" if len(found) > _MOST_PROBLEMS else ""
    return ", ".join(words) + more


def _place(location: tuple[int | str, ...]) -> str:
    parts = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return f"{parts.removeprefix('.')}: " if parts else ""
