"""The private names of dspy that the engine overrides or calls: this says which one changed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import dspy
import pytest
from dspy.predict import rlm as dspy_rlm
from dspy.primitives import facade as dspy_facade
from dspy.primitives.facade import FacadeInvocation
from dspy.utils import callback as dspy_callback

from rlm_tui.engine.facade import ExplorerFacade
from rlm_tui.engine.rlm import ExplorerRLM


def parameters(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("_build_variables", ["self", "input_args"]),
        ("_prepare_serializable_vars", ["self", "input_args", "repl"]),
        ("_make_llm_tools", ["self", "budget", "max_workers"]),
        ("_make_interpreter_tool", ["self", "tool"]),
        ("_setup_facade", ["self", "repl", "budget", "interpreter_factory"]),
        ("_interpreter_context", ["self", "execution_tools", "factory"]),
        (
            "_execute_iteration",
            [
                "self", "repl", "variables", "history", "iteration", "input_args", "output_field_names",
                "interpreter_factory", "sub_agent_rules",
            ],
        ),
        ("_execute_code", ["self", "repl", "code", "input_args"]),
        ("_process_execution_result", ["self", "pred", "code", "result", "history", "output_field_names"]),
        ("_action_signature_for_current_factory", ["self", "factory", "sub_agent_rules"]),
        ("_extract_fallback", ["self", "variables", "history", "output_field_names"]),
        ("_prepare_execution_tools", ["self", "budget"]),
        ("forward", ["self", "interpreter_factory", "input_args"]),
    ],
)  # fmt: skip
def test_what_is_overridden_or_called_of_rlm(name: str, wanted: list[str]) -> None:
    assert parameters(getattr(dspy.RLM, name)) == wanted


@pytest.mark.parametrize(
    "name",
    [
        "_build_variables",
        "_make_llm_tools",
        "_make_interpreter_tool",
        "_setup_facade",
        "_interpreter_context",
        "_execute_iteration",
        "_extract_fallback",
        "forward",
    ],
)
def test_the_overrides_replace_something_of_rlms(name: str) -> None:
    assert name in vars(ExplorerRLM)
    assert name in vars(dspy.RLM)


def test_forward_still_takes_the_way_that_is_overridden() -> None:
    body = inspect.getsource(dspy.RLM.forward)
    steps = [
        "_prepare_execution_tools",
        "_build_variables",
        "_interpreter_context",
        "_setup_facade",
        "_prepare_serializable_vars",
        "_execute_iteration",
        "_extract_fallback",
    ]
    positions = [body.index(step) for step in steps]
    assert positions == sorted(positions)
    assert "_make_llm_tools" in inspect.getsource(dspy.RLM._prepare_execution_tools)


def test_an_iteration_is_still_what_the_override_rewrites() -> None:
    body = inspect.getsource(dspy.RLM._execute_iteration)
    for step in (
        "variable.format()",
        "self.generate_action(",
        "_action_signature_for_current_factory(interpreter_factory, sub_agent_rules)",
        'iteration=f"{iteration + 1}/{self.max_iters}"',
        "_strip_code_fences(action.code)",
        "self._execute_code(repl, code, input_args)",
        "self._process_execution_result(action, code, result, history, output_field_names)",
    ):
        assert step in body


def test_the_call_budget() -> None:
    budget = dspy_rlm._LLMCallBudget(2)
    budget.reserve(2)
    with pytest.raises(RuntimeError, match="LLM call limit exceeded: 2 \\+ 1 > 2"):
        budget.reserve(1)


def test_code_fences() -> None:
    assert dspy_rlm._strip_code_fences("```python\nx = 1\n```") == "x = 1"
    with pytest.raises(SyntaxError):
        dspy_rlm._strip_code_fences("```bash\nls\n```")
    assert isinstance(dspy_rlm.SUB_AGENT_INSTRUCTIONS, str)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("construct", ["self", "kind", "signature", "attr_name", "kwargs"]),
        ("call", ["self", "handle", "inputs"]),
        ("install", ["self", "interpreter"]),
        ("_build_predictor", ["self", "kind", "signature", "kwargs"]),
        ("_decode_tools", ["self", "value"]),
    ],
)
def test_what_is_overridden_or_called_of_the_facade(name: str, wanted: list[str]) -> None:
    assert parameters(getattr(FacadeInvocation, name)) == wanted
    assert issubclass(ExplorerFacade, FacadeInvocation)


def test_the_facade_is_made_as_rlm_makes_it() -> None:
    wanted = ["self", "tools", "interpreter_factory", "max_predictor_calls"]
    assert parameters(FacadeInvocation.__init__)[:4] == wanted
    assert {"lm", "reserve"} <= set(parameters(FacadeInvocation.__init__))
    assert "_build_predictor" in inspect.getsource(FacadeInvocation.construct)
    assert callable(dspy_facade._resolve_signature)
    assert dspy_facade.SandboxLM(dspy.LM("openai/x", cache=False))._lm.model == "openai/x"


def test_callbacks_swallow_an_error_and_let_a_stop_through() -> None:
    body = inspect.getsource(dspy_callback.with_callbacks)
    assert "except Exception as e" in body
    assert "except BaseException" in body  # the call itself, whose end handlers still run


def test_a_planner_streams_when_a_listener_names_it() -> None:
    assert "stream_listener.predict == self" in inspect.getsource(dspy.Predict._should_stream)
    assert {"signature_field_name", "predict", "predict_name"} <= set(
        parameters(dspy.streaming.StreamListener.__init__)
    )
    assert {"stream_listeners", "async_streaming"} <= set(parameters(dspy.streamify))
    assert "async_max_workers" in dspy.settings
    assert "max_history_size" in dspy.settings
