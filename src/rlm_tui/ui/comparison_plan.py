"""What a comparison would ask, found out and said before anything is paid for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from rlm_tui.core.documents import AnyDocument, DocumentSet
from rlm_tui.core.settings import Settings
from rlm_tui.core.tasks import Task
from rlm_tui.core.text import human_count, human_size, number_of, one_line
from rlm_tui.engine.direct_window import Window, model_window, set_head
from rlm_tui.headless.truth import truth_about
from rlm_tui.ui.options import model_words, sandbox_words
from rlm_tui.ui.run_control import build_request, ready_documents, would_run_unconfined

if TYPE_CHECKING:
    from rlm_tui.engine.session import RunRequest

SHOWN_INPUT = 400


class Asked(NamedTuple):
    """What was chosen on the Explore screen. `confined` None is not known yet."""

    task: Task
    values: Mapping[str, str]
    documents: Sequence[Path]
    settings: Settings
    confined: bool | None


class Ready(NamedTuple):
    """What can be run: the request, the model's window, what is known to be true of the answer."""

    request: RunRequest
    window: Window
    truth: dict[str, Any] | None
    unconfined: bool


def ready(asked: Asked) -> Ready:
    """From what was chosen to what can be run (in a thread). Raises what is wrong, in one sentence."""
    task, settings = asked.task, asked.settings
    document: AnyDocument | None = None
    if task.document_input is not None and asked.documents:
        document = ready_documents(asked.documents, settings)
    # No pace: seconds that are there to be watched would be no measure.
    request = msgspec.structs.replace(build_request(task, asked.values, document, settings), pace=0.0)
    return Ready(
        request,
        model_window(settings),
        truth_about(request),
        unconfined=settings.lm is not None and would_run_unconfined(settings),
    )


def subject_words(asked: Asked) -> str:
    """What is compared, in one line."""
    what = one_line(asked.task.name, 60)
    if asked.task.document_input is not None and asked.documents:
        first, *others = asked.documents
        what = f"{what} on {one_line(first.name, 60)}" + (f" and {len(others):,} more" if others else "")
    settings = asked.settings
    return " │ ".join(["Compare", what, model_words(settings), sandbox_words(settings, asked.confined)])


def plan_lines(request: RunRequest, window: Window) -> list[tuple[str, str]]:
    """What would be asked twice, with labels."""
    task, settings = request.task, request.settings
    lines = [("task", one_line(f"{task.name}: {task.title}", SHOWN_INPUT))]
    lines += [(name, one_line(str(value), SHOWN_INPUT)) for name, value in request.inputs.items()]
    for name, document in request.documents.items():
        shown = one_line(document.name, 80)
        lines.append(("document", f"{shown}, {human_size(document.size)}, as {name}"))
    budgets = settings.budgets
    calls = number_of(budgets.max_llm_calls, "call")
    iterations = number_of(budgets.max_iterations, "iteration")
    lines += [
        ("", ""),
        ("RLM", f"at most {iterations} and {calls} of its cells, with {_models(settings)}"),
        ("one prompt", f"one call of {_planner(settings)}; {_cut_words(request, window)}"),
        ("", ""),
        ("", _price(settings) + " ^R runs both at the same time."),
    ]
    return lines


def _models(settings: Settings) -> str:
    return "the offline demo" if settings.lm is None else model_words(settings)


def _planner(settings: Settings) -> str:
    return "the offline demo" if settings.lm is None else one_line(settings.lm.model, 60)


def _cut_words(request: RunRequest, window: Window) -> str:
    """How much of the documents will fit; by their sizes, since nobody has read them yet."""
    documents = list(request.documents.values())
    if not documents:
        return "it has no document"
    room = window.room(len(documents))
    size = sum(document.size for document in documents)
    kept = sum(_kept(document, room) for document in documents)
    if kept == size:
        return f"all of the document fits into {window.tokens:,} tokens"
    tokens = human_count((size - kept) / window.characters_a_token)
    part = 100 * (size - kept) / size
    return (
        f"about {part:.0f}% of the document will be cut, some {tokens} tokens: "
        f"{human_size(kept)} of {human_size(size)} fit into {window.tokens:,} tokens"
    )


def _kept(document: AnyDocument, room: int) -> int:
    """How much of a document fits; of a set, beside the names that stand before its texts."""
    if not isinstance(document, DocumentSet):
        return min(document.size, room)
    kept = 0
    for member in document.members:
        room -= len(set_head(member.key)) + 1
        if room <= 0:
            break
        fits = min(member.document.size, room)
        kept, room = kept + fits, room - fits
    return kept


def _price(settings: Settings) -> str:
    if settings.lm is None:
        return "The offline demo costs nothing."
    return "Both are paid for."
