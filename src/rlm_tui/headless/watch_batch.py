"""Drive a batch from the command line: show it, cancel it on Ctrl-C, and say how it ended."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext, redirect_stdout
from typing import Any

from rlm_tui.headless.batch import GOOD, Batch
from rlm_tui.headless.batch_request import BatchRequest
from rlm_tui.headless.batch_table import BatchLines, BatchTable, summary
from rlm_tui.headless.interrupts import cancelled_by_signals
from rlm_tui.headless.result import ExitCode


def watch_batch(request: BatchRequest, *, as_json: bool) -> ExitCode:
    """Run `request` to its end: a live table on a terminal, lines in a pipe, JSON lines with `as_json`.

    The first Ctrl-C cancels what runs (answers are kept); a second one leaves at once. Raises BatchError
    when the results can't be kept, before or after.
    """
    stdout = sys.stdout

    def print_json(result: dict[str, Any]) -> None:
        stdout.write(json.dumps(result, ensure_ascii=False, default=str) + "\n")
        stdout.flush()

    batch = Batch(request, print_json if as_json else lambda _: None)
    on_terminal = not as_json and stdout.isatty()
    lines = None if as_json or on_terminal else BatchLines(stdout)
    # Whatever a library prints belongs on stderr: stdout is the table's, the lines' or the results'.
    with (
        cancelled_by_signals(batch.cancel),
        BatchTable(batch) if on_terminal else nullcontext(),
        redirect_stdout(sys.stderr),
    ):
        batch.start()
        ended = False
        while not ended:
            ended = batch.wait(0.2)
            if lines is not None:
                lines.tell(batch.rows())
    rows = batch.rows()
    if batch.problem is not None:
        raise batch.problem
    end = f"{summary(rows)}\nresults: {request.results}\n"
    (sys.stderr if as_json else stdout).write(end)
    if batch.cancelled:
        return ExitCode.CANCELLED
    return ExitCode.DONE if all(row.state in GOOD for row in rows) else ExitCode.FAILED
