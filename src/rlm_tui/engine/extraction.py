"""The answer of a run that submitted none: asked of the model, from what was found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dspy import Prediction
from dspy.primitives.repl_types import REPLHistory, REPLVariable
from dspy.utils.exceptions import AdapterParseError

from rlm_tui.engine.calls import recorded_call
from rlm_tui.engine.invocation import current_invocation
from rlm_tui.engine.output_types import ExtractionError
from rlm_tui.engine.run_setting import RunSetting


def extract_answer(
    extract: Callable[..., Any],
    setting: RunSetting,
    variables: list[REPLVariable],
    history: REPLHistory,
    output_field_names: list[str],
    note: str,
) -> Prediction:
    """Have dspy's `extract` give the outputs; `note` says in the log why.

    Raises ExtractionError where they don't fit their types, and `RunStopped`.
    """
    invocation = current_invocation()
    invocation.control.check()
    invocation.extracted = True
    setting.recorder.note("warning", note, span=invocation.span)
    with recorded_call(setting.recorder, parent=invocation.span, kind="predict", name="extract") as record:
        try:
            found = extract(
                variables_info=[variable.format() for variable in variables], repl_history=history
            )
            # Not dspy's own: it reads attributes, and a Prediction has methods called items, keys, get, …
            answer = {name: found[name] for name in output_field_names}
        except AdapterParseError as error:
            raise ExtractionError(invocation.most_iterations, invocation.fitting) from error
        record.answer = "\n".join(f"{name}: {value}" for name, value in answer.items())
    return Prediction(
        trajectory=[entry.model_dump() for entry in history],
        final_reasoning="Extract forced final output",
        **answer,
    )
