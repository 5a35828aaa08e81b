"""The offline demo on `architecture`: what it lists stands in the document and comes from it."""

from __future__ import annotations

import inspect
from pathlib import Path

import dspy
import pytest
from dspy.teleprompt.teleprompt import Teleprompter

from rlm_tui.engine.dspy_knowledge import build_knowledge
from tests.unit.offline_runs import ARCHITECTURE, HEADED, PROSE, failed_cells, run_offline


def test_a_document_with_headings_gives_its_own_modules_and_optimizers() -> None:
    found = run_offline(ARCHITECTURE, docs=HEADED, query="modules and optimizers")

    assert found.modules == ["Quellbrunn", "Wasserfall"]
    assert found.optimizers == ["Pegelmesser", "Schleuse", "Tuner"]
    assert "Prefer composing small modules instead of writing one large prompt." in found.design_principles
    assert 3 <= len(found.design_principles) <= 8
    joined = " ".join(HEADED.split())
    assert all(principle in joined for principle in found.design_principles)
    assert failed_cells(found) == []
    assert 4 <= len(found.trajectory) <= 5


def test_prose_without_headings_gives_other_names() -> None:
    found = run_offline(ARCHITECTURE, docs=PROSE * 3, query="modules and optimizers")

    assert found.modules == ["Ferrule", "Gantry", "Oriel"]
    assert found.optimizers == ["Bobbin", "Halyard"]
    assert found.design_principles == ["Prompts should always be generated rather than written by hand."]
    assert failed_cells(found) == []


def test_a_document_about_something_else_gives_empty_lists() -> None:
    recipe = "Peel the potatoes. Boil them for twenty minutes, then add salt and butter.\n\n" * 40
    found = run_offline(ARCHITECTURE, docs=recipe, query="modules and optimizers")
    assert (found.modules, found.optimizers) == ([], [])


@pytest.mark.parametrize("calls", [3, 8])
def test_few_calls_are_enough_for_an_answer(calls: int) -> None:
    found = run_offline(ARCHITECTURE, calls=calls, docs=HEADED, query="modules and optimizers")
    assert "Quellbrunn" in found.modules
    assert "Schleuse" in found.optimizers


@pytest.mark.parametrize("calls", [0, 2])
def test_with_fewer_calls_than_lists_it_goes_by_what_classes_derive_from(calls: int) -> None:
    source = "class Schleuse(Teleprompter):\n    pass\n\n\nclass Wasserfall(dspy.Module):\n    pass\n\n\n"
    source += "class Nixe(Wasserfall):\n    pass\n\n\nclass Stein:\n    pass\n"
    found = run_offline(ARCHITECTURE, calls=calls, docs=source, query="modules and optimizers")
    assert (found.modules, found.optimizers) == (["Nixe", "Wasserfall"], ["Schleuse"])
    assert failed_cells(found) == []


def test_the_reference_of_the_installed_dspy_is_read_right(tmp_path: Path) -> None:
    docs = build_knowledge(tmp_path / "dspy-doc.txt").read_text(encoding="utf-8")
    found = run_offline(ARCHITECTURE, docs=docs, query="Extract all modules and optimizers")

    assert {"Predict", "ChainOfThought", "ReAct", "ProgramOfThought", "RLM", "BestOfN", "Refine"} <= set(
        found.modules
    )
    assert {"MIPROv2", "BootstrapFewShot", "GEPA", "COPRO", "SIMBA"} <= set(found.optimizers)
    assert len(found.modules) >= 15
    assert len(found.optimizers) >= 5
    assert not set(found.modules) & set(found.optimizers)
    assert _not_derived(found.modules, dspy.Module) == []
    assert _not_derived(found.optimizers, Teleprompter) == []
    assert failed_cells(found) == []


def _not_derived(names: list[str], base: type) -> list[str]:
    """The names that dspy exports as a class of another kind."""
    exported = ((name, getattr(dspy, name, None)) for name in names)
    return [name for name, one in exported if inspect.isclass(one) and not issubclass(one, base)]


def test_source_code_is_cut_at_its_definitions() -> None:
    source = '''\
# A library of parts.
import os


class Stage:
    """The base class of modules."""


class Quellbrunn(Stage):
    """A module that asks a model once."""

    def forward(self):
        return None


class Nebenbach(Quellbrunn):
    # asks twice
    pass


class Pegel:
    """An optimizer that tunes prompts by a metric."""


def drainage(stage):
    return os.sep
'''
    found = run_offline(ARCHITECTURE, docs=source, query="modules and optimizers")
    assert found.modules == ["Nebenbach", "Quellbrunn"]
    assert found.optimizers == ["Pegel"]
    assert failed_cells(found) == []
