"""`rlm-tui compare-direct`: an RLM beside one prompt, both really asked, and what did not fit told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rlm_tui.ui.help_pages import page_text
from tests.integration.command_line import rlm_tui
from tests.integration.session_runs import KEY
from tests.lm_server import WRONG_KEY, Answer, Kind, always, planner_script
from tests.lm_server.answers import StatusFailure
from tests.lm_server.fixtures import StartLM

pytestmark = pytest.mark.slow


def test_what_did_not_fit_is_told_and_the_truth_of_both() -> None:
    found = rlm_tui("compare-direct", "api-endpoints", "--json").json
    rlm, direct = found["rlm"], found["direct"]
    assert rlm["status"] == "submitted"
    assert found["check"]["rlm"]["found"] == 66
    assert found["check"]["direct"]["found"] < 66
    assert direct["window_tokens"] == 8_000
    assert direct["document_characters"] == len(Path("rlm_content/api-handbook.md").read_text("utf-8"))
    assert direct["cut_characters"] == direct["document_characters"] - (8_000 - 2_000) * 4
    assert direct["prompt_tokens"] > 6_000
    assert direct["seconds"] > 0
    assert direct["error"] is None
    assert (direct["status"], direct["requests"]) == ("answered", 1)
    assert direct["document_bytes"] - direct["cut_bytes"] == (8_000 - 2_000) * 4, "it is plain ASCII"


def rows_of_the_help_page() -> list[tuple[str, ...]]:
    lines = [line for line in page_text("rlm-or-one-prompt").splitlines() if line.startswith("| `")]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


@pytest.mark.parametrize("row", rows_of_the_help_page(), ids=lambda row: row[0])
def test_the_figures_of_the_help_page_are_what_is_measured(row: tuple[str, ...]) -> None:
    asked, rlm, direct, cut = row
    task, _, window = asked.replace("`", "").partition(", window ")
    ended = rlm_tui("compare-direct", task, *(["--window", window.replace(",", "")] if window else []))
    table = {line[:13].strip(): line[13:] for line in ended.stdout.splitlines()}
    for number, side in enumerate((rlm, direct)):
        tokens, _, found = side.partition(", ")
        # The wording of DSPy's prompts moves the last digit from version to version.
        assert _thousands(_column(table["prompt tokens"], number)) == pytest.approx(
            _thousands(tokens), rel=0.1
        )
        assert not found or _column(table["truth"], number) == found
    assert f"{cut} cut" in table["document"] or (cut == "none" and "all of" in _column(table["document"], 1))


def _thousands(count: str) -> float:
    number, _, unit = count.partition(" ")
    assert unit == "K"
    return float(number)


def _column(line: str, number: int) -> str:
    return [part.strip() for part in line.split("  ") if part.strip()][number]


def test_the_table_says_both_in_a_line_each() -> None:
    ended = rlm_tui("compare-direct", "analyze", "--window", "60000")
    assert ended.code == 0
    for words in ("offline demo", "2 of 2", "prompt tokens", "all of 208 K characters"):
        assert words in ended.stdout
    assert "% cut" not in ended.stdout


def test_a_direct_call_that_fails_is_told_and_the_run_is_kept(loopback_lm: StartLM, tmp_path: Path) -> None:
    document = tmp_path / "d.md"
    document.write_text("# A\n\nwords\n")
    server = loopback_lm(
        planner_script([("Done.", "SUBMIT(answer='x')")], predict_answer=lambda _: WRONG_KEY), key=KEY
    )
    ended = rlm_tui(
        "compare-direct",
        "docs, question -> answer",
        "--document",
        str(document),
        "--input",
        "question=?",
        "--json",
        DSPY_LM_MODEL="openai/test-model",
        DSPY_LM_API_BASE=server.api_base,
        DSPY_LLM_API_KEY=KEY,
    )
    assert ended.code == 1
    assert ended.json["rlm"]["outputs"] == {"answer": "x"}
    assert ended.json["direct"]["error"]["message"]
    assert KEY not in ended.stdout + ended.stderr


def test_a_key_in_the_providers_words_is_not_repeated(loopback_lm: StartLM) -> None:
    secret = "correcthorsebattery"
    refusal = StatusFailure(401, f"Key {secret} is not allowed here")
    server = loopback_lm(always(refusal))
    ended = rlm_tui(
        "compare-direct",
        "basic",
        "--json",
        DSPY_LM_MODEL="openai/test-model",
        DSPY_LM_API_BASE=server.api_base,
        DSPY_LLM_API_KEY=secret,
    )
    assert ended.code == 1
    assert "is not allowed here" in ended.json["direct"]["error"]["message"]
    assert secret not in ended.stdout + ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_one_prompt_keeps_the_run(
    loopback_lm: StartLM, tmp_path: Path, number: signal.Signals
) -> None:
    late = Answer("never read", delay=60)
    server = loopback_lm(
        planner_script([("Done.", "SUBMIT(answer='paid for')")], predict_answer=lambda _: late), key=KEY
    )
    command = ["compare-direct", "question -> answer", "--input", "question=?", "--json"]
    environment = {"DSPY_LM_MODEL": "openai/test-model", "DSPY_LM_API_BASE": server.api_base}
    process = subprocess.Popen(
        [sys.executable, "-m", "rlm_tui", *command],
        env={**os.environ, **environment, "DSPY_LLM_API_KEY": KEY},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        ends = time.monotonic() + 60
        while not any(request.kind is Kind.PREDICT for request in server.requests):
            assert time.monotonic() < ends, "the one prompt was never asked"
            time.sleep(0.05)
        process.send_signal(number)
        printed, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130
    found = json.loads(printed)
    assert found["rlm"]["outputs"] == {"answer": "paid for"}
    assert found["direct"]["status"] == "cancelled"


def test_a_budget_holds_for_both_and_its_option_is_there() -> None:
    ended = rlm_tui("compare-direct", "api-endpoints", "--max-tokens", "2500", "--json")
    assert ended.code == 1
    assert ended.json["rlm"]["status"] == "budget"
    direct = ended.json["direct"]
    assert (direct["status"], direct["requests"], direct["prompt_tokens"]) == ("budget", 0, None)
    assert "more than the budget of 2,500" in direct["error"]["message"]
    assert "--max-tokens" in direct["error"]["hint"]


def test_what_is_asked_wrongly() -> None:
    assert rlm_tui("compare-direct", "nothing-like-it").code == 2
    assert rlm_tui("compare-direct", "basic", "--window", "10").code == 2
