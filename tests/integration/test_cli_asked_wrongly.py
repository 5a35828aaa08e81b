"""What is asked wrongly: one sentence that names what, where and what to do; exit 2; nothing started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.integration.command_line import rlm_tui


def bad_document(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.txt"
    match kind:
        case "missing":
            pass
        case "empty":
            path.write_bytes(b"")
        case "binary":
            path.write_bytes(b"\x7fELF\x02\x01" + bytes(range(256)) * 8)
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "no-encoding":
            path.write_bytes(bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D, 0xFF, 0xC0, 0x01]) * 200)
    return path


@pytest.mark.parametrize("kind", ["missing", "empty", "binary", "folder", "pipe", "no-encoding"])
def test_a_document_that_cannot_be_used(kind: str, tmp_path: Path) -> None:
    path = bad_document(tmp_path, kind)
    ended = rlm_tui("run", "architecture", "--document", str(path), "--json")
    assert ended.code == 2
    assert ended.json["status"] == "failed"
    assert path.name in ended.json["error"]["message"]
    assert ended.json["error"]["message"].count("\n") == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["run", "architektur"], "architecture"),
        (["run", "basic", "--input", "quesion=1"], "question"),
        (["run", "basic", "--input", "question"], "NAME=VALUE"),
        (["run", "basic", "--document", "x.txt"], "no document"),
        (["run", "basic", "--sandbox", "moon"], "local"),
        (["run", "basic", "--input", "question="], "question"),
        (["run", "basic", "--max-iterations", "none"], "max-iterations"),
        (["run"], "task"),
    ],
)
def test_what_is_wrong_is_named(arguments: list[str], named: str) -> None:
    ended = rlm_tui(*arguments, "--json")
    assert ended.code == 2
    assert named in str(ended.json["error"])
    plain = rlm_tui(*arguments)
    assert plain.code == 2
    assert named in plain.stderr
    assert "Traceback" not in plain.stderr
    assert plain.stdout == ""


def test_a_number_in_the_environment_that_is_none() -> None:
    ended = rlm_tui("run", "basic", "--json", DSPY_LM_MODEL="openai/x", DSPY_LM_MAX_TOKENS="many")
    assert ended.code == 2
    assert "DSPY_LM_MAX_TOKENS" in str(ended.json["error"])


def test_no_terminal_is_said() -> None:
    ended = rlm_tui()
    assert ended.code == 2
    assert "terminal" in ended.stderr
    assert "rlm-tui run" in ended.stderr


def test_the_version_and_the_tasks() -> None:
    assert rlm_tui("--version").stdout.startswith("rlm-tui 0.")
    listed = rlm_tui("tasks", "--json").json
    assert {"basic", "architecture"} <= {task["name"] for task in listed}
    assert "question -> answer" in rlm_tui("tasks").stdout


def test_the_document_is_built_by_a_command(tmp_path: Path) -> None:
    target = tmp_path / "reference.txt"
    ended = rlm_tui("knowledge", str(target))
    assert ended.code == 0, ended.stderr
    assert target.stat().st_size >= 80_000
    assert "class" in target.read_text()
