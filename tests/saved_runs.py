"""Runs as they lie on disk, for tests of what lists, replays, compares and exports them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rlm_tui.core import events as e
from rlm_tui.core.trajectory import fold
from rlm_tui.store.runs import RunFolder
from tests.pilot.recorded import RunBuilder


def save(runs: Path, name: str, events: Iterable[e.AnyEvent], *, keep_open: bool = False) -> RunFolder:
    """Write `events` as the run `name` in the folder `runs`."""
    folder = RunFolder.create(name, {"task": "basic"}, runs=runs)
    for event in events:
        folder.append(event)
    if not keep_open:
        folder.close()
    return folder


THOUGHTS = ("Look.", "Ask.", "Fail.", "End.")


def told_run(*, answer: str = "yes", thoughts: Iterable[str] = THOUGHTS) -> RunBuilder:
    """A run of an iteration for each thought: the second asks twice, the third fails, the last submits."""
    run = RunBuilder().start()
    thoughts = tuple(thoughts)
    for n, thought in enumerate(thoughts, 1):
        span = run.iteration(n)
        code = f"step_{n}()"
        run.plan(span, thought, code)
        cell = run.cell(span, code)
        run.output(cell, f"printed by step {n}\n")
        if n == 2:
            for question in ("first question?", "second question?"):
                call = run.call(cell, question)
                run.answer(call, f"answer to {question}")
        changed = [e.Variable(f"v{n}", "int", None, str(n))]
        run.add(e.VariablesChanged(span=cell, changed=changed))
        error = e.ErrorDetail(kind="ValueError", message="no such step") if n == 3 else None
        last = n == len(thoughts)
        status: e.CellStatus = "error" if error else "submitted" if last else "ok"
        run.cell_done(cell, error=error, status=status)
    totals = fold(run.events).totals
    run.add(e.RunFinished(span="run", status="submitted", outputs={"answer": answer}, totals=totals))
    return run
