"""`rlm-tui batch` as a process: a run a document, resumed, cancelled, and honest about what failed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.command_line import Ended, rlm_tui
from tests.lm_server import planner_script
from tests.lm_server.fixtures import StartLM
from tests.unit.foreign_documents import write_pdf

TEXT = """# Handbook

## class {name}(Module)

A module that is called with inputs and predicts its outputs.
"""
KEYS = {"document", "size", "modified", "run_id", "status", "outputs", "iterations", "llm_calls", "error"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("Harvester", "Pruner", "Planter"):
        (folder / f"{name}.md").write_text(TEXT.format(name=name), encoding="utf-8")
    return folder


def batch(folder: Path, *more: str) -> Ended:
    inputs = ("--input", "query=Which modules are there?")
    return rlm_tui("batch", "architecture", "--documents", str(folder / "*"), *inputs, *more)


def lines(ended: Ended) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ended.stdout.splitlines()]


@pytest.mark.slow
def test_each_document_gets_its_own_answer_and_is_not_run_again(own_home: Path, folder: Path) -> None:
    results = folder.parent / "results.jsonl"
    first = batch(folder, "--results", str(results), "--json")
    assert first.code == 0, first.stderr
    found = {Path(line["document"]).stem: line for line in lines(first)}
    assert set(found) == {"Harvester", "Pruner", "Planter"}
    for name, line in found.items():
        assert set(line) >= KEYS
        assert name in str(line["outputs"]["modules"])
        assert Path(line["events"]).is_file()
    assert [json.loads(line) for line in results.read_text().splitlines()] == lines(first)

    (folder / "New.md").write_text(TEXT.format(name="Newcomer"), encoding="utf-8")
    (folder / "Pruner.md").write_text(TEXT.format(name="Trimmer") + "\nAnd more.\n", encoding="utf-8")
    second = batch(folder, "--results", str(results), "--json")
    assert second.code == 0, second.stderr
    runs = {Path(line["document"]).stem: line["run_id"] for line in lines(second)}
    assert runs["Harvester"] == found["Harvester"]["run_id"]
    assert runs["Planter"] == found["Planter"]["run_id"]
    assert runs["Pruner"] != found["Pruner"]["run_id"]
    assert len(results.read_text().splitlines()) == 5

    third = batch(folder, "--results", str(results))
    assert third.code == 0
    assert "4 of them before" in third.stdout


@pytest.mark.slow
def test_a_document_that_can_not_be_read_fails_alone(own_home: Path, folder: Path) -> None:
    (folder / "bad.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    (folder / "binary.bin").write_bytes(bytes(range(256)) * 64)
    ended = batch(folder, "--json", "--parallel", "2")
    assert ended.code == 1
    found = {Path(line["document"]).name: line for line in lines(ended)}
    assert len(found) == 5
    good = [name for name, line in found.items() if line["status"] == "submitted"]
    assert sorted(good) == ["Harvester.md", "Planter.md", "Pruner.md"]
    assert "binary.bin" in found["binary.bin"]["error"]["message"]

    again = batch(folder)
    assert again.code == 1
    assert "3 of them before" in again.stdout
    assert "binary.bin" in again.stdout


def test_a_pdf_is_a_document_like_any_other(own_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    write_pdf(folder / "paper.pdf", "The code word is lantern.")
    asked = (
        "docs, question -> answer",
        "--documents",
        str(folder),
        "--input",
        "question=What is the code word?",
    )
    ended = rlm_tui("batch", *asked, "--json")
    (line,) = lines(ended)
    assert line["document"] == str(folder / "paper.pdf")
    assert "lantern" in line["outputs"]["answer"]


def test_a_class_with_a_model_and_a_tool_runs_over_documents(
    own_home: Path, folder: Path, loopback_lm: StartLM
) -> None:
    (folder.parent / "batch_of_command.py").write_text(
        "import dspy, pydantic\n\nclass Finding(pydantic.BaseModel):\n"
        "    title: str\n    lines: list[int] = []\n\n"
        "class Look(dspy.Signature):\n"
        "    docs: str = dspy.InputField()\n    own: Finding = dspy.InputField()\n"
        "    answer: str = dspy.OutputField()\n\n"
        "def shout(text: str) -> str:\n    'Loud.'\n    return text.upper()\n",
        encoding="utf-8",
    )
    server = loopback_lm(
        planner_script([("Both.", "SUBMIT(answer=shout(own['title'] + str(own['lines'])))")])
    )
    ended = rlm_tui(
        "batch", "batch_of_command:Look", "--documents", str(folder / "Pruner.md"), "--json",
        "--input", 'own={"title": "t"}', "--tool", "batch_of_command:shout",
        cwd=folder.parent,
        DSPY_LM_MODEL="openai/test-model", DSPY_LM_API_BASE=server.api_base, DSPY_LLM_API_KEY="loopback-4711",
    )  # fmt: skip
    assert [line["outputs"] for line in lines(ended)] == [{"answer": "T[]"}], ended.stderr


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_answered(own_home: Path, folder: Path) -> None:
    for number in range(7):
        (folder / f"more-{number:02}.md").write_text(TEXT.format(name=f"Part{number}"), encoding="utf-8")
    results = folder.parent / "results.jsonl"
    arguments = ["batch", "architecture", "--documents", str(folder / "*"), "--input", "query=Which modules?"]
    process = subprocess.Popen(
        [sys.executable, "-m", "rlm_tui", *arguments, "--results", str(results), "--parallel", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    until = time.monotonic() + 60
    while not (results.exists() and results.read_bytes().count(b"submitted")) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    states = [json.loads(line)["status"] for line in results.read_text().splitlines()]
    assert 1 <= states.count("submitted") < 10
    assert set(states) <= {"submitted", "cancelled"}
    assert str(results) in out
    assert "Traceback" not in err

    rest = batch(folder, "--results", str(results), "--json")
    assert rest.code == 0, rest.stderr
    assert len(lines(rest)) == 10
    assert {line["status"] for line in lines(rest)} == {"submitted"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing", "--documents", "*"], "nothing"),
        (["basic", "--documents", "*", "--input", "question=?"], "reads no document"),
        (["architecture", "--documents", "none/*", "--input", "query=?"], "No document fits 'none/*'"),
        (["architecture", "--documents", "*", "--parallel", "0", "--input", "query=?"], "runs at a time"),
        (["architecture", "--documents", "*", "--input", "queri=?"], "queri"),
    ],
)
def test_what_is_asked_wrongly_is_one_sentence(
    own_home: Path, folder: Path, arguments: list[str], words: str
) -> None:
    ended = rlm_tui("batch", *arguments, "--json", cwd=folder)
    assert ended.code == 2
    assert words in ended.json["error"]["message"]
    plain = rlm_tui("batch", *arguments, cwd=folder)
    assert plain.code == 2
    assert words in " ".join(plain.stderr.split())
    assert "Traceback" not in plain.stderr


def test_a_foreign_file_of_results_is_left_alone(own_home: Path, folder: Path) -> None:
    notes = folder.parent / "notes.txt"
    notes.write_text("my notes", encoding="utf-8")
    ended = batch(folder, "--results", str(notes), "--json")
    assert ended.code == 1
    assert "no result of a batch" in ended.json["error"]["message"]
    assert notes.read_text(encoding="utf-8") == "my notes"
