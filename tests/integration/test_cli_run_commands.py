"""The commands of the notebook's project, flag for flag, made from the same tasks as `rlm-tui run`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.command_line import rlm_tui

pytestmark = pytest.mark.slow

DOCUMENT = """# Guide

## class Sower(Module)

A module.

`GET /seeds`

2026-01-01T00:00:01Z ERROR web LoginError: x
"""


@pytest.fixture
def document(tmp_path: Path) -> str:
    path = tmp_path / "guide.md"
    path.write_text(DOCUMENT)
    return str(path)


@pytest.mark.parametrize(
    ("command", "flags", "held"),
    [
        ("run-basic", ["--question", "What is 12 factorial?"], "479001600"),
        ("run-architecture", ["--docs-path", "{document}", "--query", "all modules"], "Sower"),
        ("run-api-endpoints", ["--docs-path", "{document}"], "GET /seeds"),
        ("run-error-patterns", ["--docs-path", "{document}"], "LoginError"),
        ("run-trajectory", ["--docs-path", "{document}", "--chars", "60"], "summary"),
        ("run-custom-tool", ["--docs-path", "{document}", "--chars", "30"], "class Sower"),
        ("run-volume-cache", ["--docs-path", "{document}", "--query", "seeds"], "found_in_cache"),
        ("run-logs", ["--docs-path", "{document}", "--query", "login"], "LoginError"),
    ],
)
def test_a_command_of_the_notebook_runs(command: str, flags: list[str], held: str, document: str) -> None:
    ended = rlm_tui(command, *(flag.format(document=document) for flag in flags), "--json")
    assert ended.code == 0, ended.stdout + ended.stderr
    found = ended.json
    assert found["task"] == command.removeprefix("run-")
    assert held in str(found["outputs"])


def test_only_so_many_characters_are_given(document: str) -> None:
    flags = ("--docs-path", document, "--json")
    whole = rlm_tui("run-custom-tool", *flags).json["outputs"]["headers"]
    part = rlm_tui("run-custom-tool", *flags, "--chars", "12").json["outputs"]["headers"]
    assert whole == ["Guide", "class Sower(Module)"]
    assert part == ["Guide"]


def test_what_is_asked_wrongly(tmp_path: Path) -> None:
    missing = rlm_tui("run-api-endpoints", "--docs-path", str(tmp_path / "none.md"))
    assert missing.code == 2
    assert "none.md" in missing.stderr
    assert rlm_tui("run-trajectory", "--chars", "0").code == 2
    unknown = rlm_tui("run-basic", "--docs-path", "x", "--json")
    assert unknown.code == 2
    assert unknown.json["error"]["message"]
    assert rlm_tui("run-basic", "--volume-name", "../x").code == 2


def test_every_task_has_a_command_and_completion_is_offered() -> None:
    names = [task["name"] for task in rlm_tui("tasks", "--json").json]
    shown = rlm_tui("--help").stdout
    for name in names:
        assert f"run-{name}" in shown
    assert "--install-completion" in shown
