"""dspy's callbacks on a person's own program: each RLM that is called becomes a run, what it calls its calls.

What belongs to what is told by dspy's ids: the one that is active when something starts is its parent.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import dspy
from dspy.utils.callback import BaseCallback
from dspy.utils.callback_context import ACTIVE_CALL_ID

from rlm_tui.core.events import AnyEvent, Note
from rlm_tui.engine.lm_callbacks import prompt_text
from rlm_tui.engine.recorded_nodes import OFF, Node, answered, called, called_by_name, nested
from rlm_tui.engine.recorded_program import RecordedRLM
from rlm_tui.engine.recorder import Recorder
from rlm_tui.engine.told_by_dspy import (
    fields_of,
    given,
    keys_of,
    last_output,
    own_secrets,
    taken,
    text_of,
    usage_in_history,
)
from rlm_tui.store.runs import RunFolder, new_run_id

Method = TypeVar("Method", bound=Callable[..., None])


class _Run(NamedTuple):
    program: RecordedRLM
    folder: RunFolder
    thread: int


def _never_raises(method: Method) -> Method:
    """What fails while something is recorded is told once, and is no business of the program's."""

    @functools.wraps(method)
    def guarded(self: RecordingListener, call_id: str, *arguments: Any, **named: Any) -> None:
        try:
            method(self, call_id, *arguments, **named)
        except Exception as error:
            self.failed(call_id, error)

    return guarded  # type: ignore[return-value]


class RecordingListener(BaseCallback):
    """Tells what dspy tells as events. Methods are called from any thread."""

    def __init__(
        self, began: Callable[[Path], None], problem: Callable[[str], None], runs: Path | None
    ) -> None:
        """`began` is told of each new run's folder, `problem` a sentence on what could not be recorded."""
        self._began = began
        self._problem = problem
        self._told: set[str] = set()
        self._runs_folder = runs
        self._nodes: dict[str, Node] = {}
        self._runs: dict[str, _Run] = {}
        self._lock = threading.Lock()

    def failed(self, call_id: str, error: Exception) -> None:
        """Something could not be recorded; what it contains is left out."""
        self._nodes.setdefault(call_id, OFF)
        words = str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        if words not in self._told:
            self._told.add(words)
            self._problem(words)

    def left(self) -> None:
        """The block is over: what this thread began and did not end was interrupted unheard."""
        here = threading.get_ident()
        for call_id, run in list(self._runs.items()):
            if run.thread == here:
                self._end(call_id, run, None, KeyboardInterrupt("interrupted"))

    def _parent(self) -> Node | None:
        return self._nodes.get(ACTIVE_CALL_ID.get() or "")

    def _within(self, call_id: str) -> tuple[Node, RecordedRLM] | None:
        """What `call_id` starts in, and the RLM; None where nothing is recorded."""
        parent = self._parent()
        if parent is not None and parent.program is not None:
            return parent, parent.program
        if parent is not None:
            self._nodes[call_id] = OFF
        return None

    # Modules: an RLM, its planner, its extraction, a predictor of a cell

    @_never_raises
    def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        parent, asked = self._parent(), given(inputs)
        if parent is None:
            if isinstance(instance, dspy.RLM):
                self._begin(call_id, instance, asked)
            return
        program = parent.program
        if parent.role == "off" or program is None:
            node = OFF
        elif isinstance(instance, dspy.RLM):
            node = nested(instance, asked, parent, program)
        elif parent.role == "rlm" and instance is getattr(program.rlm, "generate_action", None):
            program.begin_turn(last_output(asked))
            node = Node("plan", program)
        elif parent.role == "rlm" and instance is getattr(program.rlm, "extract", None):
            program.end_cell(last_output(asked))
            program.extracted = True
            node = called(program, program.span, "predict", "extract")
        elif parent.role == "facade":
            name = type(instance).__name__
            node = called(program, program.begin_cell(), "predict", name, arguments=asked)
        else:
            node = parent._replace(owns=False)
        self._nodes[call_id] = node

    @_never_raises
    def on_module_end(
        self, call_id: str, outputs: Any | None, exception: BaseException | None = None
    ) -> None:
        node = self._nodes.pop(call_id, None)
        if (run := self._runs.get(call_id)) is not None:
            self._end(call_id, run, outputs, exception)
        elif node is None or node.program is None:
            return
        elif node.role == "rlm":
            node.program.end_nested(outputs, exception)
        elif node.role == "plan" and exception is None and self._is_planner(node):
            node.program.end_plan(outputs)
        elif node.owns:
            answered(node, fields_of(outputs), exception)

    def _is_planner(self, node: Node) -> bool:
        """Whether the module that ended is the planner itself, not one within it."""
        parent = self._parent()
        return parent is not None and parent.role == "rlm" and parent.program is node.program

    def _begin(self, call_id: str, rlm: Any, inputs: dict[str, Any]) -> None:
        planner, sub = getattr(dspy.settings, "lm", None), getattr(rlm, "sub_lm", None)
        folder = RunFolder.create(
            new_run_id("recorded"), {"task": "recorded", "recorded": True}, runs=self._runs_folder
        )
        secrets = (*own_secrets(), *keys_of(planner), *keys_of(sub))
        recorder = Recorder(self._hear, blobs=folder, log=folder, secrets=secrets)
        program = RecordedRLM(rlm, recorder, "run")
        self._nodes[call_id] = Node("rlm", program)
        self._runs[call_id] = _Run(program, folder, threading.get_ident())
        self._began(folder.path)
        program.begin_run(folder.run_id, inputs, planner, sub)

    def _end(self, call_id: str, run: _Run, outputs: Any, exception: BaseException | None) -> None:
        self._runs.pop(call_id, None)
        try:
            run.program.end_run(outputs, exception)
        finally:
            run.program.recorder.close()
            run.folder.close()

    def _hear(self, event: AnyEvent) -> None:
        if isinstance(event, Note) and event.level == "error":
            self._problem(event.text)

    # Cells and the calls that they make

    @_never_raises
    def on_interpreter_execute_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        if (within := self._within(call_id)) is None:
            return
        parent, program = within
        if parent.role != "rlm" or program.planned is None:
            # dspy's own: documents are handed in, the facade is set up.
            self._nodes[call_id] = parent._replace(
                role="setup" if parent.role == "rlm" else parent.role, owns=False
            )
            return
        program.begin_cell(str(inputs.get("code", "")))
        self._nodes[call_id] = Node("cell", program)

    @_never_raises
    def on_interpreter_execute_end(
        self, call_id: str, outputs: Any | None, exception: BaseException | None = None
    ) -> None:
        node = self._nodes.pop(call_id, None)
        if node is not None and node.role == "cell" and node.program is not None:
            node.program.cell_returned(outputs, exception)

    @_never_raises
    def on_interpreter_tool_call_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        if (found := self._within(call_id)) is None:
            return
        parent, program = found
        if parent.role not in ("cell", "rlm"):
            self._nodes[call_id] = parent._replace(owns=False)
            return
        self._nodes[call_id] = called_by_name(program, inputs)

    @_never_raises
    def on_interpreter_tool_call_end(
        self, call_id: str, outputs: Any | None, exception: BaseException | None = None
    ) -> None:
        node = self._nodes.pop(call_id, None)
        if node is not None and node.owns:
            answered(node, outputs, exception)

    @_never_raises
    def on_tool_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        if (found := self._within(call_id)) is None:
            return
        parent, program = found
        if parent.role in ("cell", "rlm"):  # an interpreter that tells dspy's callbacks nothing
            name = str(getattr(instance, "name", "tool"))
            self._nodes[call_id] = called(
                program, program.begin_cell(), "tool", name, arguments=given(inputs)
            )
        else:
            self._nodes[call_id] = parent._replace(owns=False)

    @_never_raises
    def on_tool_end(self, call_id: str, outputs: Any | None, exception: BaseException | None = None) -> None:
        node = self._nodes.pop(call_id, None)
        if node is not None and node.owns:
            answered(node, outputs, exception)

    # LMs: what is asked while a plan is made is the planner's, anything else a cell's

    @_never_raises
    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        if (found := self._within(call_id)) is None:
            return
        parent, program = found
        if parent.role == "setup":
            return
        for key in keys_of(instance):
            program.recorder.redactor.add(key)
        if parent.role == "lm":  # an LM round another: the request is the inner one's
            self._nodes[call_id] = parent._replace(owns=False, lm=instance)
            return
        asked, call = prompt_text(inputs), parent.call
        if parent.role == "plan":
            program.prompt = asked
            self._nodes[call_id] = Node("lm", program, lm=instance)
        elif call is not None and call.kind in ("llm_query", "predict"):
            self._nodes[call_id] = Node("lm", program, call, lm=instance)
        else:
            within = program.begin_cell() if call is None else call.span
            batch = within if call is not None and call.kind == "llm_query_batched" else ""
            with self._lock:
                at = None if call is None or not batch else taken(call.unasked, asked)
            node = called(
                program, within, "llm_query", "llm_query", prompt=asked, batch=batch, index=at, lm=instance
            )
            self._nodes[call_id] = node._replace(role="lm", lm=instance)

    @_never_raises
    def on_lm_end(self, call_id: str, outputs: Any | None, exception: BaseException | None = None) -> None:
        node = self._nodes.pop(call_id, None)
        if node is None or node.role != "lm" or node.program is None:
            return
        outer = self._parent()
        if outer is None or outer.role != "lm":
            usage = None if exception is not None else usage_in_history(node.lm, outputs)
            (node.program.usages if node.call is None else node.call.usages).append(usage)
        if node.owns:
            answered(node, text_of(outputs), exception)
