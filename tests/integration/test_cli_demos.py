"""Demonstrations at the command line: other documents than their own, small budgets, the check in words.

On their own documents, in every place, they are held by `test_demos_everywhere.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.sandboxes import needs_bubblewrap
from tests.integration.command_line import rlm_tui
from tests.modal_server import LoopbackModal

pytestmark = pytest.mark.slow


@pytest.mark.bubblewrap
@needs_bubblewrap
def test_the_command_says_the_same_of_a_run_here_and_at_modal(loopback_modal: LoopbackModal) -> None:
    asked = ("run", "custom-tool", "--check", "--json", "--sandbox")
    here, there = rlm_tui(*asked, "local"), rlm_tui(*asked, "modal")
    assert (here.code, there.code) == (0, 0), there.stderr
    assert (here.json["check"]["found"], here.json["check"]["of"]) == (2, 2)
    for name in ("status", "outputs", "iterations", "llm_calls", "check"):
        assert there.json[name] == here.json[name]


def test_another_document_has_another_answer(tmp_path: Path) -> None:
    log = tmp_path / "own.log"
    log.write_text(
        "2026-01-01T00:00:01Z ERROR web DiskFull: no room left\n"
        "2026-01-01T00:00:02Z INFO  web error budget left=99%\n"
        * 3
        + "2026-01-01T00:00:09Z ERROR web LoginError: wrong password\n"
    )
    found = rlm_tui("run", "error-patterns", "--document", str(log), "--check", "--json").json
    assert found["outputs"] == {
        "error_categories": {"DiskFull": 3, "LoginError": 1},
        "total_errors_found": 4,
    }
    assert found["check"] is None
    api = tmp_path / "api.md"
    seen = "See `GET /elsewhere` for what it does to the other one."
    api.write_text(f"# API\n\n## Ping\n\n`GET /ping`\n\n{seen}\n")
    found = rlm_tui("run", "api-endpoints", "--document", str(api), "--json").json
    assert found["outputs"] == {"api_endpoints": ["GET /ping"]}


def test_a_small_budget_still_counts_what_has_a_name(tmp_path: Path) -> None:
    log = tmp_path / "own.log"
    log.write_text(
        "2026-01-01T00:00:01Z ERROR web DiskFull: no room left\n" * 5
        + "2026-01-01T00:00:02Z ERROR web something odd\n" * 2
    )
    asked = ("run", "error-patterns", "--document", str(log), "--json", "--max-llm-calls", "1")
    assert rlm_tui(*asked).json["outputs"]["total_errors_found"] == 7
    api = tmp_path / "api.md"
    api.write_text(
        "# API\n\n## Users\n\n`GET /v1/users`\n\n`DELETE /v1/users`\n\n`GET /v1/old`\n\n"
        "DELETE /v1/users was removed in 2021.\n\nUntil 2020 one could ask GET /v1/old. It was removed.\n"
    )
    found = rlm_tui("run", "api-endpoints", "--document", str(api), "--json").json
    assert "GET /v1/users" in found["outputs"]["api_endpoints"]


def test_the_check_in_words() -> None:
    ended = rlm_tui("run", "api-endpoints", "--check")
    assert "truth: 66 of 66 facts found (api_endpoints 66/66)" in ended.stdout
    ended = rlm_tui("run", "basic", "--check")
    assert "truth: nothing is known about this document and task" in ended.stdout


def test_a_tools_calls_stand_in_the_log() -> None:
    ended = rlm_tui("run", "custom-tool", "--json").json
    text = Path(ended["events"]).read_text(encoding="utf-8")
    assert '"kind":"tool","name":"regex_extract"' in text.replace(" ", "")
