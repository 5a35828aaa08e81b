"""What the library keeps of one run: its record, and the beginnings of its texts to be searched."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from rlm_tui.core.events import (
    AnyEvent,
    CallFinished,
    CallStarted,
    CellOutput,
    PlanReady,
    RunFinished,
    RunStarted,
    Totals,
    Value,
)
from rlm_tui.core.run_record import CALLS_UNKNOWN, RunRecord
from rlm_tui.core.text import UNKNOWN_SECONDS
from rlm_tui.store.answer_index import line_event
from rlm_tui.store.blob_files import BlobFiles
from rlm_tui.store.errors import StoreError
from rlm_tui.store.labels import LABELS, labels_of
from rlm_tui.store.listing import RunSummary, summarize
from rlm_tui.store.run_log import open_run
from rlm_tui.store.runs import BLOBS, EVENTS

TEXT_CHARACTERS = 128 * 1024
"""So much of a run's texts is searched from the library; the rest with `find` in the run itself."""
PIECE_CHARACTERS = 4_000
MOST_BYTES_READ = 4 * 1024 * 1024
LONGEST_FOLDED = 32 * 1024 * 1024
"""Bytes of a log without an end that is folded for its numbers; those of a longer one are not known."""
_TEXT_LINES = tuple(
    f'{{"type":"{name}"'.encode()
    for name in ("plan_ready", "cell_output", "call_started", "call_finished", "run_finished", "run_started")
)


class Signature(NamedTuple):
    """What changes when a run's log or labels do: sizes in bytes, times in nanoseconds."""

    log: int
    labels: int


class Reading(NamedTuple):
    """A run as it was read; `text` is what is searched."""

    record: RunRecord
    text: str
    signature: Signature


def signature_of(path: Path | str) -> Signature:
    """How the run in the folder `path` stands on disk. Raises OSError if it has no log."""
    # With ten thousand runs, to make a Path for each file takes longer than to ask the disk.
    log = os.stat(f"{path}/{EVENTS}").st_size  # noqa: PTH116
    try:
        labels = os.stat(f"{path}/{LABELS}").st_mtime_ns  # noqa: PTH116
    except OSError:
        labels = 0
    return Signature(log, labels)


def read_run(path: Path) -> Reading:
    """Read the run in the folder `path`. Raises OSError if it has no log; a damaged one is told as such."""
    signature = signature_of(path)
    summary = summarize(path)
    text, damaged = ("", 0) if summary.status == "unreadable" else _scan(path / EVENTS)
    return Reading(_record(path, summary, damaged), text, signature)


def _record(path: Path, summary: RunSummary, damaged: int) -> RunRecord:
    labels = labels_of(path)
    record = RunRecord(
        run_id=summary.run_id,
        status=summary.status,
        error=summary.problem,
        tags=labels.tags,
        note=labels.note,
        size=folder_size(path),
        damaged=damaged,
    )
    if (started := summary.started) is not None:
        record = _with_start(record, started)
    totals, finished = summary.totals, summary.finished
    if finished is not None and finished.error is not None:
        record = msgspec.structs.replace(
            record, error=f"{finished.error.kind}: {finished.error.message}"[:PIECE_CHARACTERS]
        )
    if totals is None and summary.status != "unreadable":
        totals = _folded(path)
    if totals is None:
        return record
    return msgspec.structs.replace(
        record,
        seconds=_seconds(totals.seconds if finished is not None else summary.seconds),
        iterations=totals.iterations,
        llm_calls=None if record.imported in CALLS_UNKNOWN else totals.llm_calls,
        tokens=totals.prompt_tokens + totals.completion_tokens if totals.tokens_known else None,
        cost_usd=totals.cost_usd if totals.cost_known else None,
    )


def _seconds(seconds: float) -> float | None:
    return None if seconds == UNKNOWN_SECONDS else seconds


def _with_start(record: RunRecord, started: RunStarted) -> RunRecord:
    return msgspec.structs.replace(
        record,
        task=started.task,
        documents=tuple(document.name for document in started.documents.values()),
        models=tuple(dict.fromkeys(model for model in (started.planner, started.sub_lm) if model)),
        offline=started.offline,
        sandbox=started.sandbox.kind,
        started=started.started,
        imported=started.imported,
        parent=started.forked.run_id if started.forked is not None else "",
    )


def _folded(path: Path) -> Totals | None:
    """The numbers of a run that did not end; None where its log is too long to be folded for them."""
    try:
        if (path / EVENTS).stat().st_size > LONGEST_FOLDED:
            return None
        return open_run(path).trajectory().totals
    except (OSError, StoreError):
        return None


def _scan(events: Path) -> tuple[str, int]:
    """The texts of the run from its beginning, each cut, until there are enough; and the damaged lines."""
    texts: list[str] = []
    left, damaged = TEXT_CHARACTERS, 0
    blobs, seen = BlobFiles(events.with_name(BLOBS)), set[str]()
    with events.open("rb") as log:
        lines = log.read(MOST_BYTES_READ).split(b"\n")
    lines.pop()  # it has no end: it was cut, or more of it comes
    for line in lines:
        if not line.startswith(b"{") or not line.endswith(b"}"):
            damaged += 1
            continue
        if left <= 0 or not line.startswith(_TEXT_LINES):
            continue
        event = line_event(line)
        damaged += event is None
        for value in _texts_of(event):
            if isinstance(value, str):
                text = value
            elif value.blob is None:
                text = value.text
            elif value.blob in seen:
                continue
            else:
                seen.add(value.blob)
                text = blobs.head(value, PIECE_CHARACTERS)
            if text:
                texts.append(text[:PIECE_CHARACTERS])
                left -= len(texts[-1])
    return "\n".join(texts)[:TEXT_CHARACTERS], damaged


def _texts_of(event: AnyEvent | None) -> Sequence[str | Value]:
    match event:
        case CallStarted():
            return (event.prompt,)
        case CallFinished():
            return (event.answer, event.result)
        case CellOutput():
            return (event.text,)
        case PlanReady():
            return (event.reasoning, event.code)
        case RunStarted():
            return (*event.inputs.values(), event.instructions)
        case RunFinished():
            return [str(value) for value in event.outputs.values()]
        case _:
            return ()


def folder_size(path: Path) -> int:
    """The bytes of all files below `path`; no link is followed, what can't be looked at counts nothing."""
    total = 0
    folders = [path]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(Path(entry.path))
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
    return total
