"""The offline planner: reads a turn's prompt, chooses a strategy, and writes the next cell."""

from __future__ import annotations

from collections.abc import Callable

from rlm_tui.core.text import one_line
from rlm_tui.lm.offline_analysis import plan_analysis, plan_structure
from rlm_tui.lm.offline_architecture import plan_architecture
from rlm_tui.lm.offline_caching import plan_caching
from rlm_tui.lm.offline_cell import Cell
from rlm_tui.lm.offline_endpoints import plan_endpoints
from rlm_tui.lm.offline_errors import plan_errors, plan_logs
from rlm_tui.lm.offline_fields import asks_for_json, write_fields
from rlm_tui.lm.offline_general import plan_general
from rlm_tui.lm.offline_prompt import PlannerTurn, read_turn, sections
from rlm_tui.lm.offline_questions import plan_question
from rlm_tui.lm.offline_several import read_as_one
from rlm_tui.lm.offline_summary import plan_short_summary, plan_summary


def is_planner_prompt(system: str, prompt: str) -> bool:
    """Whether this asks for the next cell of an RLM, and not for the final extraction or a form."""
    return "`code`" in system and {"variables_info", "repl_history", "iteration"} <= sections(prompt).keys()


def plan_turn(system: str, prompt: str) -> str:
    """The planner's answer to one turn, in the form that the adapter asks for."""
    turn = read_turn(system, prompt)
    cell = plan(turn)
    if turn.remark:
        words = one_line(turn.remark, 120)
        heard = f'You say "{words}": a model would follow that, the script of the offline demo can\'t. '
        cell = Cell(heard + cell.reasoning, cell.code)
    fields = {"reasoning": cell.reasoning, "code": f"```python\n{cell.code.strip()}\n```"}
    return write_fields(fields, as_json=asks_for_json(system))


def plan(turn: PlannerTurn) -> Cell:
    """The next cell for `turn`."""
    strategy = choose(turn)
    if strategy in (plan_question, plan_general):
        return strategy(turn)
    # A document's name is no heading of its text, and no line of a log.
    headed = strategy not in (plan_structure, plan_logs, plan_errors)
    return read_as_one(strategy(turn), turn, headed=headed)


def choose(turn: PlannerTurn) -> Callable[[PlannerTurn], Cell]:
    """A strategy, by the names of what goes in and out, as a person would choose a method."""
    inputs = {variable.name for variable in turn.inputs}
    outputs = {field.name for field in turn.outputs}
    if inputs == {"question"} and outputs == {"answer"}:
        return plan_question
    if {"modules", "optimizers", "design_principles"} <= outputs and "docs" in inputs:
        return plan_architecture
    if "found_in_cache" in outputs and {"docs", "query"} <= inputs:
        return plan_caching
    if outputs == {"api_endpoints"} and "docs" in inputs:
        return plan_endpoints
    if {"error_categories", "total_errors_found"} <= outputs and "docs" in inputs:
        return plan_errors
    if {"matches", "patterns", "time_range"} <= outputs and {"logs", "query"} <= inputs:
        return plan_logs
    if {"findings", "answer", "sections_examined"} <= outputs and {"document", "query"} <= inputs:
        return plan_analysis
    if {"summary", "key_points", "coverage_pct"} <= outputs and {"document", "focus"} <= inputs:
        return plan_summary
    if {"headers", "code_blocks", "structure_summary"} <= outputs and inputs == {"text"}:
        return plan_structure
    if inputs == {"text"} and outputs == {"summary"}:
        return plan_short_summary
    return plan_general
