"""The offline demo on other documents than its own, and on budgets too small for it: honest, never broken."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.core.content import content_directory
from tests.integration.demo_runs import DEMOS, Run, run_task

READING = tuple(task for task in DEMOS if task != "basic")
NOTE = (
    "Dear Ann, the boat is mended and lies at the north pier. Bring the blue rope and two lamps, for the "
    "evenings are dark now. We leave on Friday at six if the wind holds; if not, we wait for Saturday. Do "
    "not tell Tom, he would want to come and there is no room for him. Yours, Bea\n"
)
JAPANESE = "# 灯台\n\n" + (
    "灯台守は毎晩、石油を運んで螺旋階段を上った。七月の嵐の夜、灯りは二度消えた。\n"
    "村の人々は市場で魚を売り、夕方には港に集まった。鍵は三段目の階段の下、手袋の中にあった。\n\n"
) * 40  # fmt: skip
MIXED = "# Notes\r\n\r\n" + "".join(
    f"2026-01-0{day} 10:0{day}:00 ERROR store DiskFull: no room left\r\nThe lamp was lit on day {day}. "
    "GET /v1/lamps answers with all of them.\r\n\r\n"
    for day in range(1, 10)
)
WORDS = ("keeper", "carried", "oil", "stairs", "boy", "nets", "fog", "payment", "timeout", "error", "key")
LISTS = ("api_endpoints", "headers", "matches", "findings", "key_points", "modules", "optimizers")
UNASKED = "No sub-LM call is allowed"


def note(folder: Path) -> Path:
    return _written(folder / "note.txt", NOTE.encode())


def japanese(folder: Path) -> Path:
    return _written(folder / "japanese.txt", JAPANESE.encode())


def utf16(folder: Path) -> Path:
    return _written(folder / "utf16.txt", MIXED.encode("utf-16"))


def long_line(folder: Path) -> Path:
    chosen = random.Random(7)
    return _written(folder / "line.txt", " ".join(chosen.choices(WORDS, k=960_000)).encode())


def json_log(folder: Path) -> Path:
    """A log that a service wrote as one line of JSON."""
    entries = [{"level": "ERROR" if at % 3 else "INFO", "message": f"DiskFull: {at}"} for at in range(300)]
    return _written(folder / "log.json", json.dumps(entries).encode())


def built_in(name: str) -> Callable[[Path], Path]:
    return lambda _folder: content_directory() / name


def readme(_folder: Path) -> Path:
    return Path(__file__).parents[2] / "README.md"


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def cases() -> Iterator[Any]:
    for make in (note, japanese, utf16):
        yield from (pytest.param(task, make, id=f"{task}-{make.__name__}") for task in READING)
    for task in ("logs", "error-patterns", "analyze", "trajectory", "custom-tool", "volume-cache"):
        yield pytest.param(task, long_line, id=f"{task}-long_line", marks=pytest.mark.slow)
    yield pytest.param("error-patterns", json_log, id="error-patterns-json_log")
    yield pytest.param("analyze", readme, id="analyze-readme")
    for task, name in (
        ("logs", "api-handbook.md"),
        ("analyze", "api-handbook.md"),
        ("api-endpoints", "incident.log"),
        ("custom-tool", "incident.log"),
        ("summarize", "incident.log"),
        ("error-patterns", "the-lighthouse-of-varn.txt"),
        ("architecture", "the-lighthouse-of-varn.txt"),
    ):
        yield pytest.param(task, built_in(name), id=f"{task}-{name}")


def flat(text: Any) -> str:
    return " ".join(str(text).split())


def assert_honest(run: Run) -> None:
    """It ended well, without a failed cell, and what it lists stands in the document."""
    assert run.result["status"] == "submitted", run.result["error"]
    assert run.failures == ()
    said = json.dumps(run.outputs, ensure_ascii=False)
    assert len(said) < 150_000, "an answer is no copy of the document"
    assert "Traceback" not in said
    assert "[ERROR]" not in said
    for name in ("answer", "summary", "structure_summary"):
        assert run.outputs.get(name, "-").strip(), name
    [document] = run.request.documents.values()
    text = flat(document.path.read_text(encoding=document.encoding))
    for name in LISTS:
        strange = [entry for entry in run.outputs.get(name, ()) if flat(entry) not in text]
        assert strange == [], name
    assert all(kind in text for kind in run.outputs.get("error_categories", {}) if kind != "Other")


@pytest.mark.parametrize(("task", "make"), cases())
def test_another_document_has_an_honest_answer(
    tmp_path: Path, task: str, make: Callable[[Path], Path]
) -> None:
    assert_honest(run_task(task, make(tmp_path)))


@pytest.mark.parametrize("task", DEMOS)
def test_a_budget_too_small_is_kept_and_said(task: str) -> None:
    for calls in (0, 1, 2):
        run = run_task(task, max_llm_calls=calls, volume=f"demo-{calls}")
        assert run.result["status"] == "submitted", run.result["error"]
        assert run.failures == ()
        assert run.result["llm_calls"] <= calls
        assert all(value != "" for value in run.outputs.values()), run.outputs
        if calls == 0 and task in ("volume-cache", "trajectory", "summarize", "custom-tool"):
            text = " ".join(str(value) for value in run.outputs.values())
            assert UNASKED.lower() in text.lower()


def test_without_a_call_nothing_counts_as_read() -> None:
    summary = run_task("summarize", max_llm_calls=0).outputs
    assert summary["coverage_pct"] == 0.0
    assert summary["key_points"], "sentences can be picked without a call"
    analysis = run_task("analyze", max_llm_calls=0).outputs
    assert (analysis["sections_examined"], "third stair" in analysis["answer"]) == (0, True)
    assert len(run_task("api-endpoints", max_llm_calls=0).outputs["api_endpoints"]) == 66


def test_an_index_that_nothing_was_asked_for_is_not_kept() -> None:
    poor = run_task("volume-cache", max_llm_calls=2, volume="shared").outputs
    rich = run_task("volume-cache", volume="shared").outputs
    again = run_task("volume-cache", max_llm_calls=2, volume="shared").outputs
    assert [run["found_in_cache"] for run in (poor, rich, again)] == [False, False, True]


def test_entries_are_told_apart_where_a_line_holds_many(tmp_path: Path) -> None:
    found = run_task("error-patterns", json_log(tmp_path)).outputs
    assert found["total_errors_found"] == 200


def test_a_question_in_another_script_finds_its_sentence(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        'signature = "document, query -> findings: list[str], answer: str, sections_examined: int"\n'
        'document_input = "document"\n[defaults]\nquery = "鍵はどこにありますか"\n',
        encoding="utf-8",
    )
    filler = "村の人々は市場で魚を売り、夕方には港に集まった。\n\n" * 300
    document = _written(
        tmp_path / "ja.txt", f"{filler}鍵は三段目の階段の下、手袋の中にあった。\n\n{filler}".encode()
    )
    assert "三段目" in run_task(str(path), document).outputs["answer"]


def test_a_word_that_the_document_lacks_is_said() -> None:
    answer = run_task("analyze", content_directory() / "api-handbook.md").outputs["answer"]
    assert answer.startswith("The document has no 'brass'.")
