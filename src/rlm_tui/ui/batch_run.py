"""One batch on the screen: how far it has come, how long it took, and the answers to look at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from rlm_tui.core.text import human_seconds
from rlm_tui.headless.batch import Batch, BatchRow
from rlm_tui.headless.batch_request import BatchError, BatchRequest
from rlm_tui.headless.batch_table import summary
from rlm_tui.ui.widgets.text_pages import TextPages, bytes_pages


class BatchRun:
    """Keeps a batch's answers and counts its seconds, which stand still when it has ended."""

    def __init__(self, request: BatchRequest) -> None:
        """Takes hold of the results file (in a thread). Raises BatchError."""
        self._answers: dict[str, Any] = {}
        self._seconds = 0.0
        self._batch = Batch(request, self._take)
        self._began = monotonic()

    def start(self) -> None:
        """Begin; returns at once."""
        self._batch.start()

    def _take(self, result: dict[str, Any]) -> None:
        self._answers[str(result.get("document"))] = result

    @property
    def done(self) -> bool:
        """Whether nothing of it runs any more."""
        return self._batch.done

    @property
    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._batch.cancelled

    @property
    def problem(self) -> BatchError | None:
        """Why results can't be kept, if they can't."""
        return self._batch.problem

    def cancel(self) -> None:
        """Cancel what runs; what was answered is kept. Returns at once."""
        self._batch.cancel()

    def look(self) -> bool:
        """Count the seconds up to now; whether it has ended."""
        ended = self._batch.wait(0)
        if not ended or not self._seconds:
            self._seconds = monotonic() - self._began
        return ended

    def rows(self) -> list[BatchRow]:
        """The documents with what their runs are doing."""
        return self._batch.rows()

    def words(self, rows: Sequence[BatchRow]) -> str:
        """All of it in one line."""
        return f"{summary(rows)} · {human_seconds(self._seconds)} · {self._batch.request.results}"

    def answer(self, document: Path) -> TextPages | None:
        """The document's line of the results, as it is in the file; None as long as there is none."""
        result = self._answers.get(str(document))
        if result is None:
            return None
        text = json.dumps(result, ensure_ascii=False, indent=2, default=str).encode("utf-8", "replace")
        return bytes_pages(document.name, len(text), lambda start, length: text[start : start + length])
