"""`rlm-tui run`: one object on stdout, honest numbers, and the exit code that goes with the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.command_line import rlm_tui
from tests.lm_server import EMPTY, WRONG_KEY, always, planner_script
from tests.lm_server.fixtures import StartLM

FIBONACCI = "question=What are the first 12 Fibonacci numbers?"
KEYS = {
    "run_id",
    "task",
    "status",
    "outputs",
    "iterations",
    "llm_calls",
    "tokens",
    "cost_usd",
    "seconds",
    "lm",
    "sandbox",
    "events",
    "error",
}
DOCUMENT = """# Handbook

## class Harvester(Module)

A module that is called with inputs and predicts its outputs.

## class Pruner(Teleprompter)

An optimizer: it compiles a program on a trainset with a metric.

## Principles

You should always compose small modules rather than write one long prompt.
"""


def test_the_offline_demo_computes_an_answer(own_home: Path) -> None:
    ended = rlm_tui("run", "basic", "--input", FIBONACCI, "--json")
    assert ended.code == 0, ended.stderr
    result = ended.json
    assert set(result) == KEYS
    assert result["status"] == "submitted"
    assert result["outputs"]["answer"] == "0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89"
    assert result["lm"] == "offline demo"
    assert result["sandbox"]["kind"] == "local"
    assert isinstance(result["sandbox"]["confined"], bool)
    assert result["iterations"] >= 2
    assert result["tokens"]["prompt"] > 100
    assert result["error"] is None

    events = [json.loads(line) for line in Path(result["events"]).read_text().splitlines()]
    assert [event["seq"] for event in events] == list(range(len(events)))
    finished = events[-1]
    assert finished["type"] == "run_finished"
    assert finished["totals"]["prompt_tokens"] == result["tokens"]["prompt"]
    assert own_home in Path(result["events"]).parents


def test_another_document_has_another_answer(tmp_path: Path) -> None:
    document = tmp_path / "handbook.md"
    document.write_text(DOCUMENT)
    asked = ["--document", str(document), "--input", "query=modules and optimizers", "--json"]
    outputs = rlm_tui("run", "architecture", *asked).json["outputs"]
    assert "Harvester" in outputs["modules"]
    assert "Pruner" in outputs["optimizers"]
    assert "Predict" not in outputs["modules"]


def test_a_pipe_gets_plain_lines() -> None:
    ended = rlm_tui("run", "basic", "--input", FIBONACCI)
    assert ended.code == 0
    assert "\x1b" not in ended.stdout
    assert "iteration 1/" in ended.stdout
    assert "offline demo" in ended.stdout
    assert "0, 1, 1, 2, 3, 5, 8, 13" in ended.stdout.splitlines()[-1]


def test_the_limit_of_iterations_ends_as_extracted() -> None:
    ended = rlm_tui("run", "basic", "--input", FIBONACCI, "--max-iterations", "1", "--json")
    assert (ended.code, ended.json["status"], ended.json["iterations"]) == (0, "extracted", 1)


def test_numbers_are_those_of_the_provider(loopback_lm: StartLM) -> None:
    cells = [("I ask.", "answer = llm_query('two?')\nprint(answer)"), ("Done.", "SUBMIT(answer=answer)")]
    server = loopback_lm(planner_script(cells, lambda request: "2"))
    ended = rlm_tui("run", "basic", "--input", FIBONACCI, "--json", **configured(server.api_base))
    assert ended.code == 0, ended.stderr
    result = ended.json
    assert result["outputs"] == {"answer": "2"}
    assert result["lm"] == "openai/test-model"
    assert result["llm_calls"] == server.sub_calls == 1
    assert result["tokens"] == {"prompt": server.billed.prompt, "completion": server.billed.completion}
    assert result["cost_usd"] is None, "the price of a model that nobody knows is not zero"


def test_a_wrong_key_is_said_in_the_providers_words(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(WRONG_KEY))
    ended = rlm_tui("run", "basic", "--json", **configured(server.api_base, key="sk-planted-0123456789"))
    assert (ended.code, ended.json["status"]) == (1, "failed")
    error = ended.json["error"]
    assert "DSPY_LLM_API_KEY" in error["hint"]
    assert "sk-planted-0123456789" not in ended.stdout + ended.stderr
    log = Path(ended.json["events"])
    assert all("sk-planted" not in path.read_text() for path in log.parent.rglob("*") if path.is_file())


def test_a_provider_that_is_away_is_named() -> None:
    ended = rlm_tui("run", "basic", "--json", **configured("http://127.0.0.1:9/v1"))
    assert (ended.code, ended.json["status"]) == (1, "failed")
    assert "127.0.0.1:9" in ended.json["error"]["message"]


def test_answers_without_a_cell_end_the_run_after_three(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(EMPTY))
    ended = rlm_tui("run", "basic", "--json", **configured(server.api_base))
    assert (ended.code, ended.json["status"]) == (1, "failed")
    assert ended.json["error"]["message"]


@pytest.mark.parametrize("flag", [("--max-seconds", "1"), ("--max-tokens", "50")])
def test_a_budget_of_the_run_ends_it_with_three(flag: tuple[str, str], loopback_lm: StartLM) -> None:
    server = loopback_lm(
        planner_script([("Wait.", "import time; time.sleep(0.7); print('so far')")] * 20, str)
    )
    ended = rlm_tui("run", "basic", *flag, "--json", **configured(server.api_base))
    assert (ended.code, ended.json["status"]) == (3, "budget")
    assert flag[1] in ended.json["error"]["message"]


def test_the_offline_demo_is_never_a_silent_second_choice() -> None:
    ended = rlm_tui("run", "basic", "--json", DSPY_LM_MODEL="no-such-provider/model")
    assert (ended.code, ended.json["status"]) == (1, "failed")
    assert "no-such-provider" in ended.json["error"]["message"]


def test_interrupt_cancels_and_keeps_what_was_found(loopback_lm: StartLM, tmp_path: Path) -> None:
    server = loopback_lm(planner_script([("Loop.", "print('found it', flush=True)\nwhile True: pass")], str))
    process = subprocess.Popen(
        [sys.executable, "-m", "rlm_tui", "run", "basic", "--json"],
        env={**os.environ, **configured(server.api_base)},
        stdout=subprocess.PIPE,
        text=True,
    )
    runs = Path(os.environ["RLM_TUI_HOME"])
    deadline = time.monotonic() + 40
    while not any('"found it' in log.read_text() for log in runs.rglob("events.jsonl")):
        assert time.monotonic() < deadline, "the cell never printed"
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=30)
    result = json.loads(stdout)
    assert (process.returncode, result["status"]) == (130, "cancelled")
    assert "found it" in Path(result["events"]).read_text()


def configured(api_base: str, key: str = "sk-test") -> dict[str, str]:
    return {
        "DSPY_LM_MODEL": "openai/test-model",
        "DSPY_LM_API_BASE": api_base,
        "DSPY_LLM_API_KEY": key,
    }
