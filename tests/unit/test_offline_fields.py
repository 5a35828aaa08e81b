"""Forms that dspy's adapters ask to be filled in: a run's final extraction, and sub-agents."""

from __future__ import annotations

from typing import Any

import dspy
import pytest

from rlm_tui.core.settings import Settings
from rlm_tui.lm.models import build_models
from tests.unit.offline_runs import ARCHITECTURE, HEADED, run_offline

STORY = (
    "The lighthouse at Carrow Point was built in 1874 by the engineer Ada Merrin. The first keeper was Tomas "
    "Hale, who lived there for 19 years with his wife Ines. The last keeper, Ruth Ogden, left in 1968 when "
    "the lamp was automated. The tower is open to visitors in summer and never open in winter. Critics "
    "called the restoration excellent and a delight."
)


def ask(program: Any, *, adapter: Any = None, **inputs: Any) -> Any:
    with dspy.context(lm=build_models(Settings()).planner, adapter=adapter):
        return program(**inputs)


@pytest.mark.parametrize("adapter", [None, dspy.JSONAdapter()], ids=["marked", "json"])
def test_a_sub_agent_gets_every_field_in_its_type(adapter: Any) -> None:
    answer = ask(
        dspy.Predict(
            "context, question -> answer: str, year: int, open: bool, people: list[str], "
            "mood: Literal['negative', 'positive']"
        ),
        adapter=adapter,
        context=STORY,
        question="Who was the first keeper?",
    )
    assert "Tomas Hale" in answer.answer
    assert isinstance(answer.year, int)
    assert isinstance(answer.open, bool)
    assert {"Tomas Hale", "Ruth Ogden"} <= set(answer.people)
    assert answer.mood == "positive"


def test_a_chain_of_thought_says_what_it_looked_for() -> None:
    answer = ask(
        dspy.ChainOfThought("context, question -> answer"), context=STORY, question="Who was the keeper?"
    )
    assert "context" in answer.reasoning
    assert "keeper" in answer.answer


def test_another_text_gives_another_answer() -> None:
    program = dspy.Predict("context, question -> answer")
    other = (
        "The first keeper was Anna Kirr, a widow from the village behind the dunes. "
        + "It rained a lot. " * 20
    )
    assert "Anna Kirr" in ask(program, context=other, question="Who was the first keeper?").answer


def test_an_agent_with_tools_comes_to_an_end() -> None:
    def look_up(word: str) -> str:
        """Look a word up."""
        return f"{word} is a bird."

    answer = ask(
        dspy.ReAct("question -> answer", tools=[look_up], max_iters=3), question="What is a kestrel?"
    )
    assert isinstance(answer.answer, str)


@pytest.mark.parametrize("iterations", [1, 2, 3])
def test_at_the_limit_nothing_is_claimed_that_was_not_printed(iterations: int) -> None:
    found = run_offline(ARCHITECTURE, iterations=iterations, docs=HEADED, query="modules")
    assert found.final_reasoning == "Extract forced final output"
    printed = " ".join(step["output"] for step in found.trajectory)
    assert all(name in printed for name in found.modules + found.optimizers)


def test_at_the_limit_results_are_read_out_of_the_history() -> None:
    found = run_offline(ARCHITECTURE, iterations=4, docs=HEADED, query="modules")
    assert found.final_reasoning == "Extract forced final output"
    assert found.modules == ["Quellbrunn", "Wasserfall"]
    assert found.optimizers == ["Pegelmesser", "Schleuse", "Tuner"]

    found = run_offline("question -> answer", iterations=2, question="What are the first 5 primes?")
    assert found.final_reasoning == "Extract forced final output"
    assert "2, 3, 5, 7, 11" in found.answer


def test_typed_results_are_read_out_of_the_history() -> None:
    found = run_offline(
        "review -> year_built: int, mood: Literal['negative', 'positive']", iterations=4, review=STORY
    )
    assert found.final_reasoning == "Extract forced final output"
    assert (found.year_built, found.mood) == (1874, "positive")


def test_an_agent_in_a_cell_and_a_nested_run_are_answered() -> None:
    """What a cell may build: a Predict sub-agent and a nested RLM, both on the same offline model."""
    models = build_models(Settings())
    nested = dspy.RLM("context, question -> answer", max_iters=8, interpreter_factory=_local())
    with dspy.context(lm=models.planner):
        answer = nested(context=STORY, question="When did the last keeper leave?")
    assert "1968" in answer.answer


def _local() -> Any:
    from rlm_tui.sandbox.local import ProcessInterpreterFactory

    return ProcessInterpreterFactory(confined="off")
