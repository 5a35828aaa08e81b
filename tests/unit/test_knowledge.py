"""The demos' document is made from the dspy that is installed, the same each time."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from rlm_tui.core import content
from rlm_tui.core.content import knowledge_path
from rlm_tui.core.documents import describe
from rlm_tui.engine import dspy_knowledge
from rlm_tui.engine.dspy_knowledge import build_knowledge, ensure_document

BUILD = """
import hashlib, sys
from pathlib import Path
from rlm_tui.engine.dspy_knowledge import build_knowledge
built = build_knowledge(Path(sys.argv[1]))
print(hashlib.sha256(built.read_bytes()).hexdigest(), "dspy" in sys.modules)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_knowledge(tmp_path_factory.mktemp("knowledge") / "new" / "dspy-doc.txt")


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """As in a wheel: the document belongs in the cache, and the checkout is not written to."""
    bundled = tmp_path / "_bundled"
    (bundled / content.CONTENT).mkdir(parents=True)
    monkeypatch.setattr(content, "_BUNDLED", bundled)
    return knowledge_path()


def test_it_is_a_document_of_some_length(built: Path) -> None:
    document = describe(built)
    assert document.encoding == "utf-8"
    assert not document.broken
    assert 80_000 <= document.size <= 1_000_000
    assert built.read_text().startswith(f"# DSPy {metadata.version('dspy')} reference\n")
    assert [path.name for path in built.parent.iterdir()] == ["dspy-doc.txt"]


def test_it_speaks_of_modules_and_optimizers_under_headings(built: Path) -> None:
    text = built.read_text()
    classes = set(re.findall(r"^## class (\w+)$", text, re.MULTILINE))
    assert {"Predict", "ChainOfThought", "ReAct", "RLM", "ProgramOfThought", "BestOfN", "Refine"} <= classes
    assert {
        "MIPROv2",
        "BootstrapFewShot",
        "GEPA",
        "COPRO",
        "SIMBA",
        "LabeledFewShot",
        "BetterTogether",
    } <= classes
    assert not {name for name in classes if name.startswith("_")}
    assert "# dspy.predict.chain_of_thought" in text
    assert "ChainOfThought is a kind of Module." in text
    assert "A module that reasons step by step before producing the output." in text
    assert "`ChainOfThought(signature: str | type[Signature]" in text
    sections = re.split(r"^## ", text, flags=re.MULTILINE)
    assert len(sections) > 150
    assert sum(len(section) > 400 for section in sections) > 60


def test_a_comment_in_an_example_is_no_heading(built: Path) -> None:
    headings = re.findall(r"^#{1,6} .*$", built.read_text(), re.MULTILINE)
    shape = re.compile(r"# (DSPy [\w.]+ reference|dspy[\w.]*)|## (class|function) \w+|### \w+\.\w+")
    assert not [heading for heading in headings if not shape.fullmatch(heading)]


def test_it_is_the_same_each_time_and_dspy_is_not_imported(built: Path, tmp_path: Path) -> None:
    wanted = hashlib.sha256(built.read_bytes()).hexdigest()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", BUILD, str(tmp_path / f"{seed}.txt")],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert done.stdout.split() == [wanted, "False"]


def test_it_is_built_when_that_very_path_is_wanted(elsewhere: Path) -> None:
    assert not elsewhere.exists()
    assert ensure_document(str(elsewhere)) == elsewhere
    first = elsewhere.stat()
    assert ensure_document(elsewhere) == elsewhere
    assert elsewhere.stat().st_mtime_ns == first.st_mtime_ns


def test_it_is_built_again_for_another_dspy(elsewhere: Path) -> None:
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_text("# DSPy 2.0 reference\nold\n")
    ensure_document(elsewhere)
    assert elsewhere.read_text().startswith(f"# DSPy {metadata.version('dspy')} reference\n")
    assert elsewhere.stat().st_size > 80_000


def test_any_other_path_is_left_as_it_is(elsewhere: Path, tmp_path: Path) -> None:
    assert ensure_document(tmp_path / "mine.txt") == tmp_path / "mine.txt"
    assert not (tmp_path / "mine.txt").exists()
    assert not elsewhere.exists()


def test_a_build_that_fails_leaves_what_was_there(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_text("# DSPy 2.0 reference\nold\n")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        ensure_document(elsewhere)
    assert elsewhere.read_text() == "# DSPy 2.0 reference\nold\n"
    assert [path.name for path in elsewhere.parent.iterdir()] == [elsewhere.name]


def test_without_dspy_it_says_so(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(dspy_knowledge.KnowledgeError, match="dspy is not installed"):
        ensure_document(elsewhere)
