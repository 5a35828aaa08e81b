"""What a batch would run, from what was chosen on the Explore screen and what stands in the form."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from rlm_tui.core.document_walk import is_pattern
from rlm_tui.core.settings import Settings
from rlm_tui.core.tasks import Task
from rlm_tui.core.text import one_line
from rlm_tui.headless.batch_request import (
    DEFAULT_PARALLEL,
    BatchError,
    BatchRequest,
    find_documents,
    make_batch,
)
from rlm_tui.ui.options import model_words, sandbox_words


class Wanted(NamedTuple):
    """What was chosen on the Explore screen. `confined` None is not known yet."""

    task: Task
    values: dict[str, str]
    settings: Settings
    confined: bool | None


def subject_words(wanted: Wanted) -> str:
    """What is run over the documents, in one line."""
    task, values, settings, confined = wanted
    inputs = " · ".join(f"{name}: {one_line(value, 60)}" for name, value in values.items())
    parts = ["Batch", task.name, inputs, model_words(settings), sandbox_words(settings, confined)]
    return " │ ".join(part for part in parts if part)


def documents_like(document: Path) -> str:
    """A pattern for the documents that lie beside this one; a pattern or a folder stays as it is."""
    whole = is_pattern(str(document)) or document.is_dir()
    return str(document if whole else document.parent / f"*{document.suffix}")


def batch_of(wanted: Wanted, texts: Mapping[str, str]) -> BatchRequest:
    """The batch that the form's `texts` ask for (in a thread: it looks at the documents).

    Raises OSError, or the ValueError of a batch, a task or a signature.
    """
    number = texts["parallel"] or str(DEFAULT_PARALLEL)
    if not number.isdecimal():
        raise BatchError(f"{one_line(number, 20)!r} is no number of runs at a time.", "Write one, as in 4.")
    patterns = [texts["documents"]] if texts["documents"] else []
    return make_batch(
        wanted.task, find_documents(patterns), inputs=wanted.values, settings=wanted.settings,
        parallel=int(number), results=Path(texts["results"]) if texts["results"] else None,
    )  # fmt: skip
