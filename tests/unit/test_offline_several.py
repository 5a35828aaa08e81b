"""The offline demo on several documents at once, a dict of texts by their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.offline_runs import HEADED, PROSE, failed_cells, run_offline

SEVERAL = "dict[str, str]"
LETTERS = {
    "ann.md": "# To Bea\n\nThe boat lies at the north pier. It was painted in May.\n\n```\nrope\n```\n",
    "bea.md": "# To Ann\n\nThe brass key lies below the third stair. Bring two lamps.\n",
}
LOGS = {
    "orders-payment.log": "2026-01-02T00:00:01Z ERROR orders DiskFull: no room left\n",
    "mail.log": "2026-01-01T00:00:09Z ERROR mail PaymentTimeout: no answer to req-1 of the payment\n"
    "2026-01-01T00:00:10Z INFO mail sent\n",
}
API = {
    "trees.md": "# Trees\n\n`GET /trees`\n\n`GET /old`\n",
    "crates.md": "# Crates\n\nGET /old was removed in 2021.\n\n`GET /crates`\n",
}


def run(signature: str, *, calls: int = 50, **inputs: Any) -> Any:
    found = run_offline(signature, calls=calls, **inputs)
    assert failed_cells(found) == []
    return found


@pytest.mark.parametrize("calls", [50, 0])
def test_findings_name_their_document(calls: int) -> None:
    found = run(
        f"document: {SEVERAL}, query -> findings: list[str], answer: str, sections_examined: int",
        calls=calls,
        document=LETTERS,
        query="Where is the brass key?",
    )
    assert found.answer == "bea.md: The brass key lies below the third stair."
    assert found.findings[0] == found.answer


def test_a_summary_reads_all_of_them() -> None:
    found = run(
        f"document: {SEVERAL}, focus -> summary: str, key_points: list[str], coverage_pct: float",
        document={name: text * 60 for name, text in LETTERS.items()},
        focus="the boat, the lamps and the key",
    )
    assert found.coverage_pct == 100.0
    said = " ".join(found.key_points)
    assert "north pier" in said
    assert "third stair" in said


def test_a_short_summary() -> None:
    assert "pier" in run(f"text: {SEVERAL} -> summary: str", text=LETTERS).summary


def test_names_of_documents_are_no_headings() -> None:
    found = run_with_tool(text=LETTERS)
    assert (found.headers, found.code_blocks) == (["To Bea", "To Ann"], 1)


def run_with_tool(**inputs: Any) -> Any:
    """`text -> headers …` with the tool that the task has; run_offline knows no tools."""
    import dspy

    from rlm_tui.core.settings import Settings
    from rlm_tui.engine.host_tools import regex_extract
    from rlm_tui.lm.models import build_models
    from rlm_tui.sandbox.local import ProcessInterpreterFactory

    with dspy.context(lm=build_models(Settings()).planner):
        program = dspy.RLM(
            f"text: {SEVERAL} -> headers: list[str], code_blocks: int, structure_summary: str",
            tools=[regex_extract],
            interpreter_factory=ProcessInterpreterFactory(confined="off"),
        )
        found = program(**inputs)
    assert failed_cells(found) == []
    return found


def test_logs_are_one_log() -> None:
    found = run(
        f"logs: {SEVERAL}, query -> matches: list[str], patterns: list[str], time_range: str",
        logs=LOGS,
        query="payment timeouts",
    )
    assert found.matches == [
        "2026-01-01T00:00:09Z ERROR mail PaymentTimeout: no answer to req-1 of the payment"
    ]
    assert found.time_range == "2026-01-01T00:00:09Z to 2026-01-02T00:00:01Z"
    counted = run(f"docs: {SEVERAL} -> error_categories: dict[str, int], total_errors_found: int", docs=LOGS)
    assert counted.error_categories == {"DiskFull": 1, "PaymentTimeout": 1}


def test_what_one_document_says_is_gone_is_left_out_of_another() -> None:
    assert run(f"docs: {SEVERAL} -> api_endpoints: list[str]", docs=API).api_endpoints == [
        "GET /crates",
        "GET /trees",
    ]


def test_the_architecture_of_two_libraries() -> None:
    found = run(
        f"docs: {SEVERAL}, query -> modules: list[str], optimizers: list[str], design_principles: list[str]",
        docs={"torrent.md": HEADED, "kestrel.txt": PROSE},
        query="modules and optimizers",
    )
    assert {"Quellbrunn", "Wasserfall"} <= set(found.modules)
    assert {"Pegelmesser", "Schleuse", "Tuner"} <= set(found.optimizers)


def test_several_documents_have_one_index(tmp_path: Path) -> None:
    def cached(docs: dict[str, str]) -> Any:
        found = run_offline(
            f"docs: {SEVERAL}, query -> answer: str, sections: int, found_in_cache: bool",
            volume=tmp_path,
            docs=docs,
            query="What tunes the prompts?",
        )
        assert failed_cells(found) == []
        return found

    both = {"torrent.md": HEADED, "kestrel.txt": PROSE}
    assert [cached(both).found_in_cache, cached(both).found_in_cache] == [False, True]
    assert cached({**both, "letter.md": LETTERS["ann.md"]}).found_in_cache is False


def test_a_signature_of_ones_own() -> None:
    filler = "The sea was calm on that day, and gulls were seen. " * 40
    found = run(
        f"letters: {SEVERAL}, question -> answer: str",
        letters={**{f"{n}.txt": filler for n in range(5)}, **LETTERS},
        question="Where does the brass key lie?",
    )
    assert "third stair" in found.answer
