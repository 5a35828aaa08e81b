"""A run as plain lines, for a pipe, a log file, or a run that outlives its screen."""

from __future__ import annotations

from typing import TextIO

from rlm_tui.core import events
from rlm_tui.core.event_parts import DocumentReference
from rlm_tui.core.text import (
    human_cost,
    human_count,
    human_seconds,
    human_size,
    number_of,
    one_line,
    visible,
)
from rlm_tui.core.trajectory import Trajectory

_WIDTH = 160


def _document_words(document: DocumentReference, *, path: bool) -> str:
    shown, size = visible(document.path if path else document.name), human_size(document.size)
    if document.count > 1:
        return f"documents {shown} {document.count:,} files, {size}"
    return f"document {shown} {size}, {document.encoding}"


def prefix_words(event: events.PrefixReplayed) -> str:
    """What became of the recorded iterations of a fork, in one line."""
    cells, calls = number_of(event.cells, "cell"), number_of(event.calls, "recorded answer")
    found = "as recorded" if not event.differed else f"with {number_of(len(event.differed), 'difference')}"
    return (
        f"iterations 1 to {event.iterations} of {event.run_id} again: {cells}, {calls}, "
        f"{human_seconds(event.seconds)}, {found}"
    )


class LinePrinter:
    """Prints what happens as it happens, a line a thing; text of models and sandboxes as `visible` text.

    `paths` False names documents without their folders, for a text that goes to other people.
    """

    def __init__(self, stream: TextIO, *, paths: bool = True) -> None:
        self._stream = stream
        self._paths = paths
        self._unfinished: dict[str, str] = {}

    def print_event(self, event: events.AnyEvent, trajectory: Trajectory) -> None:
        """Print `event`, which `trajectory` has applied already."""
        match event:
            case events.RunStarted():
                self._line(f"run {event.run_id}: {visible(event.task)}, {visible(event.planner)}")
                for document in event.documents.values():
                    self._line(_document_words(document, path=self._paths))
            case events.SandboxReady():
                confinement = event.detail or ("confined" if event.confined else "unconfined")
                self._line(f"sandbox {event.kind} ready in {human_seconds(event.seconds)}: {confinement}")
            case events.SandboxLost():
                self._line(f"sandbox lost: {one_line(event.reason, _WIDTH)}")
            case events.IterationStarted():
                nested = "nested " if event.parent not in ("", "run") else ""
                self._line(f"{nested}iteration {event.n}/{event.of}")
            case events.PlanReady():
                if event.reasoning.text:
                    self._line(f"  reasoning: {one_line(event.reasoning.text, _WIDTH)}")
                if event.remark:
                    self._line(f"  remark: {one_line(event.remark, _WIDTH)}")
                self._block("  code", event.code.text)
            case events.CellOutput():
                self._output(event.span, event.text)
            case events.CellFinished():
                self._flush(event.span)
                error = f": {one_line(event.error.message, _WIDTH)}" if event.error else ""
                self._line(f"  cell {event.status} in {human_seconds(event.seconds)}{error}")
            case events.CallFinished():
                self._call(event, trajectory)
            case events.PrefixReplayed():
                self._line(prefix_words(event))
                for sentence in event.differed:
                    self._line(f"  differs: {one_line(sentence, _WIDTH)}")
            case events.Note():
                self._line(f"{event.level}: {one_line(event.text, _WIDTH)}")
            case events.RunFinished():
                self._finish(event)
            case _:
                pass

    def idle(self) -> None:
        """Lines are printed at once."""

    def _call(self, event: events.CallFinished, trajectory: Trajectory) -> None:
        call = trajectory.call(event.span)
        if call is None or call.index is not None:
            return
        failed = f" failed: {one_line(event.error.message, _WIDTH)}" if event.error else ""
        many = f" × {call.size}" if call.size else ""
        self._line(f"  call {one_line(call.name, 60)}{many} in {human_seconds(event.seconds)}{failed}")

    def _finish(self, event: events.RunFinished) -> None:
        totals = event.totals
        self._line(
            f"{event.status}: {number_of(totals.iterations, 'iteration')}, "
            f"{number_of(totals.llm_calls, 'LLM call')}, "
            f"{human_count(totals.prompt_tokens + totals.completion_tokens)} tokens, "
            f"{human_cost(totals.cost_usd) if totals.cost_known else 'cost unknown'}, "
            f"{human_seconds(totals.seconds)}"
        )
        for name, value in event.outputs.items():
            if isinstance(value, list):
                self._line(f"{name}:")
                for item in value:
                    self._line(f"  - {visible(str(item))}")
            else:
                self._block(name, str(value))
        if event.error is not None:
            self._line(f"error: {visible(f'{event.error.message} {event.error.hint}'.rstrip())}")

    def _output(self, span: str, text: str) -> None:
        *whole, rest = (self._unfinished.pop(span, "") + text).split("\n")
        for line in whole:
            self._line(f"  | {visible(line)}")
        if rest:
            self._unfinished[span] = rest

    def _flush(self, span: str) -> None:
        if rest := self._unfinished.pop(span, ""):
            self._line(f"  | {visible(rest)}")

    def _block(self, label: str, text: str) -> None:
        lines = visible(text).rstrip("\n").split("\n")
        if len(lines) == 1:
            self._line(f"{label}: {lines[0]}")
            return
        self._line(f"{label}:")
        indent = " " * (len(label) - len(label.lstrip()) + 2)
        for line in lines:
            self._line(indent + line)

    def _line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()
