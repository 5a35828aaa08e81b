"""dspy's RLM, watched: held at a gate, recorded, with documents by path and nested RLMs of its own kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import dspy
import msgspec
from dspy.predict.rlm import SUB_AGENT_INSTRUCTIONS, _LLMCallBudget
from dspy.primitives.code_interpreter import FinalOutput
from dspy.primitives.facade import _resolve_signature
from dspy.primitives.repl_types import REPLHistory, REPLVariable

from rlm_tui.core.text import number_of
from rlm_tui.engine.calls_from_record import CallsAgain, answered_again
from rlm_tui.engine.control import CONTROL, RunStopped, Stop
from rlm_tui.engine.extraction import extract_answer
from rlm_tui.engine.facade import ExplorerFacade
from rlm_tui.engine.host_tools import taking_positions
from rlm_tui.engine.invocation import INVOCATION, Invocation, current_invocation, innermost_control
from rlm_tui.engine.llm_tools import make_llm_tools
from rlm_tui.engine.output_types import fit_outputs, refusal
from rlm_tui.engine.place import current_place
from rlm_tui.engine.planner import WatchedPlanner
from rlm_tui.engine.prefix import Prefix
from rlm_tui.engine.recorded_turn import OpeningTurn, RecordedTurn
from rlm_tui.engine.run_setting import RunSetting
from rlm_tui.engine.told_turn import told_iterations
from rlm_tui.engine.turn import Turn
from rlm_tui.sandbox.document_input import FileInput
from rlm_tui.sandbox.errors import SandboxLostError
from rlm_tui.sandbox.wire import CellError

DEEPEST = 4


class ExplorerRLM(dspy.RLM):
    """An RLM whose every step is an event. Call it by keyword, within `dspy.context(lm=…)`."""

    records_itself = True  # `rlm_tui.record` leaves it alone

    def __init__(self, signature: Any, setting: RunSetting, *, depth: int = 0, **options: Any) -> None:
        self._setting = setting
        self._depth = depth
        self.invocation: Invocation | None = None
        super().__init__(signature, interpreter_factory=setting.sandboxes, **options)
        self.generate_action: Any = WatchedPlanner(
            self.__dict__["generate_action"],
            invocation=current_invocation,
            recorder=setting.recorder,
            streaming=setting.streaming,
        )

    def forward(self, **arguments: Any) -> Any:
        """Run to a submitted or extracted prediction. Raises `RunStopped`, or what LM or sandbox raised."""
        parent = current_place().span
        control = CONTROL.get() or self._setting.control
        listener = self._setting.sandboxes.listener(parent)
        invocation = Invocation(parent, self._depth, listener, control, most_iterations=self.max_iters)
        if self._depth == 0:
            self.invocation = invocation
        token = INVOCATION.set(invocation)
        try:
            prefix = self._prefix
            if prefix is not None and prefix.fork.finish:
                return self._answer_from(prefix, arguments)
            return super().forward(**arguments)
        finally:
            INVOCATION.reset(token)

    # What the planner is told

    def _build_variables(self, **arguments: Any) -> list[REPLVariable]:
        """Documents are described as the `str` or `dict` that they are there, with their real length."""
        return [
            variable if not isinstance(value, FileInput) else _described(variable, value)
            for variable, value in zip(super()._build_variables(**arguments), arguments.values(), strict=True)
        ]

    def _prepare_serializable_vars(self, input_args: dict[str, Any], repl: Any) -> dict[str, Any]:
        """Set the other inputs, too: a person may look at them before the first cell runs."""
        others: dict[str, Any] = super()._prepare_serializable_vars(input_args, repl)
        with suppress(SandboxLostError):  # the first cell finds out, and heals it
            repl.bind_values(others)
        return others

    # What cells can call

    def _make_llm_tools(
        self, budget: _LLMCallBudget | None = None, max_workers: int = 0
    ) -> dict[str, Callable[..., Any]]:
        budget = budget if budget is not None else _LLMCallBudget(self.max_llm_calls)
        query = super()._make_llm_tools(_Unlimited())["llm_query"]
        return make_llm_tools(
            query,
            self._reserving(budget),
            invocation=current_invocation(),
            recorder=self._setting.recorder,
            workers=max_workers or self._setting.workers,
            model=lambda: str(getattr(self.sub_lm or dspy.settings.lm, "model", "")),
            hold=self._hold_before_call,
            remembered=self._setting.remembered,
        )

    def _reserving(self, budget: _LLMCallBudget) -> Callable[[int], None]:
        """What counts calls before they are made: the run's budget, or that of this nested RLM."""
        control = self._setting.control

        def reserve(count: int) -> None:
            if self._depth:
                budget.reserve(count)
                return
            self._setting.budget.reserve(count, current_place().span, innermost_control(control))

        return reserve

    def _hold_before_call(self) -> None:
        """Wait where a breakpoint holds the run before a call. Raises `RunStopped` when the run is to end."""
        setting = self._setting
        control = innermost_control(setting.control)
        if not setting.gate.before_call(current_place().span, self._depth, control):
            raise RunStopped(Stop("cancelled"))

    def _make_interpreter_tool(self, tool: Any) -> Callable[..., Any]:
        """dspy's takes arguments by name alone; a planner that reads `tool(a, b)` writes `tool(1, 2)`."""
        invocation = current_invocation()
        again = CallsAgain(invocation, self._setting.recorder, lambda _calls: None)
        return taking_positions(
            answered_again(super()._make_interpreter_tool(tool), str(tool.name), invocation, again)
        )

    def _setup_facade(self, repl: Any, budget: _LLMCallBudget, interpreter_factory: Any) -> str:
        facade = ExplorerFacade(
            self._user_tools,
            interpreter_factory,
            None,
            lm=self.sub_lm,
            reserve=self._reserving(budget),
            hold=self._hold_before_call,
            build_rlm=self._build_nested,
            invocation=current_invocation(),
            recorder=self._setting.recorder,
        )
        facade.install(repl)
        return str(SUB_AGENT_INSTRUCTIONS)

    def _build_nested(self, signature: Any, options: dict[str, Any]) -> ExplorerRLM:
        """A nested RLM: the same gate and recorder, and never more than its parent's limits."""
        if self._depth + 1 >= DEEPEST:
            raise RuntimeError(
                f"RLMs can be nested {DEEPEST} deep; this one would be deeper. Use dspy.Predict instead."
            )
        for name, limit in (("max_iters", self.max_iters), ("max_llm_calls", self.max_llm_calls)):
            given = options.get(name)
            options[name] = limit if not isinstance(given, int) or given < 1 else min(given, limit)
        options.pop("sub_lm", None)
        options.pop("verbose", None)
        return ExplorerRLM(_resolve_signature(signature), self._setting, depth=self._depth + 1, **options)

    # One invocation

    @contextmanager
    def _interpreter_context(self, execution_tools: dict[str, Any], factory: Any) -> Iterator[Any]:
        setting, invocation = self._setting, current_invocation()
        with (
            super()._interpreter_context(execution_tools, factory) as repl,
            setting.sandboxes.running(repl, invocation.span),
            invocation.control.on_stop(repl.cancel_pending),
        ):
            yield repl

    def _execute_code(self, repl: Any, code: str, input_args: dict[str, Any]) -> Any:
        """Run a cell. A SUBMIT that doesn't fit the types is its error, which the planner may mend."""
        result = super()._execute_code(repl, code, input_args)
        if not isinstance(result, FinalOutput):
            return result
        invocation = current_invocation()
        fitting, problems = fit_outputs(self.signature.output_fields, result.output)
        if not problems:
            return result
        invocation.fitting = fitting
        cell = invocation.listener.result
        if cell is not None:
            words = CellError(type="TypeError", message=f"SUBMIT: {'; '.join(problems)}")
            invocation.listener.result = msgspec.structs.replace(cell, status="error", error=words)
        return refusal(problems, cell.text if cell is not None else "")

    def _execute_iteration(
        self,
        repl: Any,
        variables: list[REPLVariable],
        history: REPLHistory,
        iteration: int,
        input_args: dict[str, Any],
        output_field_names: list[str],
        interpreter_factory: Any,
        sub_agent_rules: str,
    ) -> Any:
        invocation = current_invocation()

        def take_turn(so_far: REPLHistory, n: int) -> Any:
            return self._turn_class(n)(
                rlm=self,
                setting=self._setting,
                invocation=invocation,
                sandbox=repl,
                variables=variables,
                history=so_far,
                n=n,
                outputs=output_field_names,
                plan=lambda so_far, number: self.generate_action(
                    signature=self._action_signature_for_current_factory(
                        interpreter_factory, sub_agent_rules
                    ),
                    variables_info=[variable.format() for variable in variables],
                    repl_history=so_far,
                    iteration=number,
                ),
                execute=lambda code: self._execute_code(repl, code, input_args),
            ).take()

        invocation.take_turn = take_turn
        return take_turn(history, iteration + 1)

    # The record of another run

    @property
    def _prefix(self) -> Prefix | None:
        return self._setting.prefix if self._depth == 0 else None

    def _turn_class(self, n: int) -> Callable[..., Turn]:
        prefix = self._prefix
        if prefix is None or n > prefix.at:
            return Turn
        return partial(OpeningTurn if n == prefix.at else RecordedTurn, prefix=prefix)

    def _answer_from(self, prefix: Prefix, arguments: dict[str, Any]) -> Any:
        """Extract an answer from the record alone: there is no sandbox."""
        self._validate_inputs(arguments)
        variables, outputs = self._build_variables(**arguments), list(self.signature.output_fields)
        history = REPLHistory(max_output_chars=self.max_output_chars)
        told = told_iterations(self, self._setting, prefix, variables, history, outputs)
        return told if isinstance(told, dspy.Prediction) else self.finish(variables, told, outputs)

    def finish(
        self, variables: list[REPLVariable], history: REPLHistory, output_field_names: list[str]
    ) -> Any:
        """The answer that is extracted because a person ended the run."""
        note = "The run was ended here: the outputs are extracted from what was found."
        return extract_answer(self.extract, self._setting, variables, history, output_field_names, note)

    def _extract_fallback(
        self, variables: list[REPLVariable], history: REPLHistory, output_field_names: list[str]
    ) -> Any:
        """The end of dspy's loop: go on while the budget of iterations was raised, else extract an answer."""
        invocation, budget = current_invocation(), self._setting.budget
        while self._depth == 0 and budget.allows_iteration(invocation.iteration, invocation.control):
            assert invocation.take_turn is not None, "an iteration was taken before"
            after = invocation.take_turn(history, invocation.n + 1)
            if isinstance(after, dspy.Prediction):
                return after
            history = after
        note = (
            f"The planner did not submit within its {number_of(invocation.most_iterations, 'iteration')}; "
            "the outputs are extracted from what it found."
        )
        return extract_answer(self.extract, self._setting, variables, history, output_field_names, note)


class _Unlimited:
    """Stands in for dspy's call budget where the caller has reserved already."""

    def reserve(self, n: int = 1) -> None: ...


def _described(variable: REPLVariable, value: FileInput) -> REPLVariable:
    return variable.model_copy(
        update={"type_name": value.type_name, "total_length": value.characters, "preview": value.preview()}
    )
