"""What is known to be true of a demonstration's outputs: beside its document, or worked out here anew."""

from __future__ import annotations

import inspect
from typing import Any

import dspy
from dspy.teleprompt.teleprompt import Teleprompter

from rlm_tui.engine.session import RunRequest
from rlm_tui.headless.truth import FieldCheck, TruthCheck, check, truth_about


def truth_found(request: RunRequest, outputs: dict[str, Any], *, again: bool) -> TruthCheck:
    """The outputs beside the truth; `again` says that the same was run on the same volume before."""
    match request.task.name:
        case "basic":
            return check(outputs, {"answer": ", ".join(map(str, _fibonacci(12)))})
        case "architecture":
            known = {"modules": _exported(dspy.Module), "optimizers": _exported(Teleprompter)}
            return check(outputs, {name: [{"holds": one} for one in names] for name, names in known.items()})
        case "volume-cache":
            cached = check(outputs, {"found_in_cache": str(again)})
            return TruthCheck((*cached.fields, _verbatim(request, "answer", outputs)))
        case "trajectory":
            return TruthCheck((_verbatim(request, "summary", outputs),))
    truth = truth_about(request)
    assert truth is not None, f"nothing is known about {request.task.name}"
    return check(outputs, truth)


def _fibonacci(count: int) -> list[int]:
    numbers = [0, 1]
    while len(numbers) < count:
        numbers.append(numbers[-2] + numbers[-1])
    return numbers


def _exported(base: type) -> list[str]:
    """The names of the classes of that kind that `dspy` exports."""
    return [
        name
        for name, one in vars(dspy).items()
        if inspect.isclass(one) and issubclass(one, base) and one is not base and one.__name__ == name
    ]


def _verbatim(request: RunRequest, name: str, outputs: dict[str, Any]) -> FieldCheck:
    """How many sentences of an output stand in the document: the offline demo writes none of its own."""
    [document] = request.documents.values()
    text = " ".join(document.path.read_text(encoding="utf-8").split())
    said = [line for line in str(outputs.get(name, "")).replace(". ", ".\n").splitlines() if line.strip()]
    strange = tuple(line for line in said if " ".join(line.split()) not in text)
    return FieldCheck(name, len(said) - len(strange), max(1, len(said)), strange)
