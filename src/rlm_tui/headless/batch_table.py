"""A batch on a terminal: a live table of what runs and what ended; in a pipe, a line for each that ended."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from rlm_tui.core.text import human_cost, human_count, human_seconds, one_line, visible
from rlm_tui.headless.batch import GOOD, Batch, BatchRow

SIGNS = {"waiting": "·", "running": "▶", "kept": "=", "submitted": "✓", "extracted": "✓"}
_STYLES = {"waiting": "dim", "running": "yellow", "kept": "dim", "submitted": "green", "extracted": "green"}
_FRAME_LINES = 6


def sign(row: BatchRow) -> str:
    """A sign that differs by state, so that no colour is needed."""
    return SIGNS.get(row.state, "✗")


def shown_name(path: Path, folder: Path | None = None) -> str:
    """A document's path, below `folder` where it lies in it, safe to print."""
    base = Path.cwd() if folder is None else folder
    return one_line(str(path.relative_to(base) if path.is_relative_to(base) else path), 200)


def summary(rows: Iterable[BatchRow]) -> str:
    """The batch in one line: how many of each state, calls, tokens and cost of this batch's own runs."""
    rows = list(rows)
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.state] = counts.get(row.state, 0) + 1
    good = sum(counts.get(state, 0) for state in GOOD)
    words = [f"{good:,} of {len(rows):,} answered"]
    kept = counts.get("kept", 0)
    if kept:
        words.append(f"{kept:,} of them before")
    words += [
        f"{number:,} {state}" for state, number in sorted(counts.items()) if state not in GOOD and number
    ]
    ran = [row.totals for row in rows if row.state not in ("waiting", "kept")]
    if ran:
        words.append(f"{sum(one.llm_calls for one in ran):,} calls")
        words.append(f"{human_count(sum(one.prompt_tokens + one.completion_tokens for one in ran))} tokens")
        known = all(one.cost_known for one in ran)
        words.append(human_cost(sum(one.cost_usd for one in ran)) if known else "cost unknown")
    return " · ".join(words)


def chosen_rows(rows: list[BatchRow], room: int) -> list[BatchRow]:
    """At most `room` rows: what runs first, then what failed, then the newest of the others."""
    if len(rows) <= room:
        return rows

    def rank(row: BatchRow) -> tuple[int, int]:
        if row.state == "running":
            return 0, row.number
        if row.state == "waiting":
            return 3, row.number
        return (2 if row.state in GOOD else 1), -row.number

    return sorted(sorted(rows, key=rank)[: max(room, 1)], key=lambda row: row.number)


class BatchTable:
    """The live table. Nothing that came from a document or a model is read as markup."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._began = time.monotonic()
        self._console = Console(file=sys.stdout, highlight=False)
        self._live = Live(
            console=self._console,
            get_renderable=self._render,
            refresh_per_second=5,
            redirect_stdout=False,
        )

    def __enter__(self) -> BatchTable:
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.__exit__(None, None, None)

    def _render(self) -> RenderableType:
        rows = self._batch.rows()
        shown = chosen_rows(rows, max(3, self._console.height - _FRAME_LINES))
        table = Table(expand=True, box=None, pad_edge=False)
        table.add_column("", width=1)
        table.add_column("document", ratio=2, no_wrap=True, overflow="ellipsis")
        table.add_column("what", ratio=3, no_wrap=True, overflow="ellipsis")
        for heading in ("it.", "calls", "tokens", "cost", "time"):
            table.add_column(heading, justify="right", no_wrap=True)
        for row in shown:
            table.add_row(*_cells(row), style=_STYLES.get(row.state, "red"))
        left = len(rows) - len(shown)
        lines: list[RenderableType] = [table]
        if left:
            lines.append(Text(f"… and {left:,} more", style="dim"))
        lines.append(Text(f"{summary(rows)} · {human_seconds(time.monotonic() - self._began)}", style="bold"))
        return Group(*lines)


def _cells(row: BatchRow) -> list[Text]:
    totals = row.totals
    words = [sign(row), shown_name(row.document), row.words or row.state]
    if row.state != "waiting":
        words += [
            str(totals.iterations),
            str(totals.llm_calls),
            human_count(totals.prompt_tokens + totals.completion_tokens),
            human_cost(totals.cost_usd) if totals.cost_known else "?",
            human_seconds(totals.seconds),
        ]
    return [Text(one_line(word, 300)) for word in words]


class BatchLines:
    """For a pipe: one line for each document as it ends."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._told: set[int] = set()

    def tell(self, rows: list[BatchRow]) -> None:
        """Print those that ended since the last time."""
        for row in rows:
            if row.state not in ("waiting", "running") and row.number not in self._told:
                self._told.add(row.number)
                self._line(row, len(self._told), len(rows))

    def _line(self, row: BatchRow, done: int, of: int) -> None:
        totals = row.totals
        end = f": {row.words}" if row.words and row.state != "kept" else ""
        line = (
            f"{done}/{of} {sign(row)} {shown_name(row.document)} {row.state}{end}"
            f" · {totals.iterations} it. · {totals.llm_calls} calls · {human_seconds(totals.seconds)}"
        )
        self._stream.write(visible(line) + "\n")
        self._stream.flush()
