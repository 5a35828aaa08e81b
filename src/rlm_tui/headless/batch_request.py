"""What a batch is: one task over many documents, a run each. Checked before anything runs."""

from __future__ import annotations

import glob
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from rlm_tui.core.document_conversion import readable
from rlm_tui.core.documents import DocumentError
from rlm_tui.core.paths import data_directory, expanded
from rlm_tui.core.settings import Settings, load_settings
from rlm_tui.core.task_settings import settings_for
from rlm_tui.core.tasks import Task, bind_inputs, with_more
from rlm_tui.core.text import one_line
from rlm_tui.headless.request import asked_task, check_task, parse_inputs

DEFAULT_PARALLEL = 4
MOST_PARALLEL = 256


class BatchError(ValueError):
    """A batch that can't be run as it was asked for. The message is one sentence; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class BatchRequest(msgspec.Struct, frozen=True):
    """What to run: `task` over each of `documents` with the same `inputs`, `parallel` at a time.

    A line for each document that ended is added to the file `results`. A document of which it holds an answer
    is not run again, unless it changed since or `again` is True.
    """

    task: Task
    inputs: dict[str, str]
    documents: tuple[Path, ...]
    settings: Settings
    parallel: int
    results: Path
    again: bool = False
    key: str = ""


def build_batch(
    task_name: str,
    *,
    patterns: Iterable[str],
    inputs: Iterable[str],
    overrides: Mapping[str, Any],
    parallel: int = DEFAULT_PARALLEL,
    results: Path | None = None,
    again: bool = False,
    tools: Iterable[str] = (),
) -> BatchRequest:
    """The batch for what was asked on the command line. Raises an error whose text is one sentence."""
    task = with_more(asked_task(task_name), tools, "")
    settings = settings_for(load_settings(overrides=overrides), task)
    return make_batch(
        task,
        find_documents(patterns),
        inputs=parse_inputs(inputs),
        settings=settings,
        parallel=parallel,
        results=results,
        again=again,
    )


def make_batch(
    task: Task,
    documents: Iterable[Path],
    *,
    inputs: dict[str, str],
    settings: Settings,
    parallel: int = DEFAULT_PARALLEL,
    results: Path | None = None,
    again: bool = False,
) -> BatchRequest:
    """A batch whose inputs, tools and signature are checked once for all its documents.

    Raises BatchError, TaskError or SignatureError.
    """
    if task.document_input is None:
        raise BatchError(
            f"Task {task.name} reads no document, so there is nothing to run it over.",
            f"Use `rlm-tui run {task.name}`, or a task that reads one (`rlm-tui tasks`).",
        )
    if not 1 <= parallel <= MOST_PARALLEL:
        raise BatchError(
            f"{parallel} runs at a time can't be: choose a number from 1 to {MOST_PARALLEL}.",
        )
    from rlm_tui.engine.signatures import fit_inputs

    found = tuple(documents)
    for path in found:
        try:
            # Any document that can be read shows whether the inputs fit; a bad one is its row's failure.
            values, _ = bind_inputs(task, inputs, readable(path, html=settings.documents.convert_html))
            break
        except DocumentError:
            continue
    else:
        values = {}
    check_task(task)
    fit_inputs(task, values)
    key = batch_key(task, inputs, settings)
    default = data_directory() / "batches" / f"{task.name}-{key}.jsonl"
    place = default if results is None else Path(os.path.abspath(expanded(results)))  # noqa: PTH100
    return BatchRequest(task, inputs, found, settings, parallel, place, again, key)


def find_documents(patterns: Iterable[str]) -> tuple[Path, ...]:
    """The files that the patterns name, each once, pattern by pattern in the order of their paths.

    A folder names what lies directly in it. Raises BatchError.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        itself = expanded(pattern)
        names = [itself] if itself.exists() else glob.glob(str(itself), recursive=True)  # noqa: PTH207
        fits = [Path(name) for name in names]
        files: list[Path] = []
        for path in sorted(fits):
            files.extend(sorted(path.iterdir()) if path.is_dir() and len(fits) == 1 else [path])
        files = [Path(os.path.abspath(path)) for path in files if path.is_file()]  # noqa: PTH100
        if not files:
            raise BatchError(
                f"No document fits {one_line(pattern, 200)!r}.",
                "Quote the pattern, so that the shell does not fill it in: --documents 'logs/**/*.txt'.",
            )
        found.update(dict.fromkeys(files))
    if not found:
        raise BatchError("A batch needs documents.", "Give them with --documents 'GLOB'.")
    return tuple(found)


def batch_key(task: Task, inputs: Mapping[str, str], settings: Settings) -> str:
    """The same for batches whose answers may stand in for each other: one task, inputs, tools and models."""
    models = [None if lm is None else lm.model for lm in (settings.lm, settings.sub_lm)]
    said: list[Any] = [task.name, task.signature, task.instructions, sorted(inputs.items()), models]
    if task.tools or task.signature_class:
        said += [task.tools, task.signature_class]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:8]
