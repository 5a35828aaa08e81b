"""`rlm-tui runs`, `replay` and `open`, each in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rlm_tui.core.paths import runs_directory
from rlm_tui.store.labels import labels_of
from tests.integration.command_line import rlm_tui
from tests.integration.terminal import Terminal
from tests.saved_runs import save, told_run

DATA = Path(__file__).parents[1] / "importers_data"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RLM_TUI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RLM_TUI_DOTENV", "")
    save(runs_directory(), "20260101-100000-basic-aaaa", told_run(thoughts=("Brass key.", "b", "c")).events)
    save(runs_directory(), "20260102-100000-basic-bbbb", told_run(answer="\x1b[2Jno").events)
    return tmp_path


def test_runs_are_listed_shown_labelled_and_deleted(home: Path) -> None:
    every = rlm_tui("runs", "list")
    assert every.code == 0
    assert [line.split()[0] for line in every.stdout.splitlines()] == [
        "20260102-100000-basic-bbbb",
        "20260101-100000-basic-aaaa",
    ]
    found = rlm_tui("runs", "list", "brass status:submitted", "--json").json
    assert [run["run_id"] for run in found] == ["20260101-100000-basic-aaaa"]
    assert found[0]["iterations"] == 3
    shown = rlm_tui("runs", "show", "last")
    assert "answer: ␛[2Jno" in shown.stdout
    assert "error" in shown.stdout
    assert rlm_tui("runs", "show", "20260101", "--json").json["outputs"] == {"answer": "yes"}
    assert rlm_tui("runs", "tag", "last", "good", "draft").code == 0
    assert rlm_tui("runs", "tag", "last", "--", "-draft").stdout.endswith(": good\n")
    assert rlm_tui("runs", "note", "last", "key sk-abcdefghij0123456789").code == 0
    labels = labels_of(runs_directory() / "20260102-100000-basic-bbbb")
    assert (labels.tags, "sk-abc" in labels.note) == (("good",), False)
    used = rlm_tui("runs", "du", "--json").json
    assert (used["runs"], used["tasks"][0]["runs"]) == (2, 2)
    unasked = rlm_tui("runs", "rm", "last")
    assert (unasked.code, "add --yes" in unasked.stderr) == (2, True)
    gone = rlm_tui("runs", "rm", "--matching", "-tag:good", "--yes", "--json").json
    assert (gone["deleted"], gone["stayed"]) == (1, [])
    assert [path.name for path in runs_directory().iterdir()] == ["20260102-100000-basic-bbbb"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list", "colour:red"), "There is no field colour"),
        (("show", "2099"), "There is no run 2099"),
        (("rm",), "Nothing is named"),
        (("tag", "last", "a:b"), "can't be a tag"),
    ],
)
def test_what_is_asked_wrongly(home: Path, arguments: tuple[str, ...], words: str) -> None:
    ended = rlm_tui("runs", *arguments)
    assert ended.code == 2
    assert words in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_saved_run_is_replayed_in_a_terminal(home: Path) -> None:
    refused = rlm_tui("replay", "last")
    assert (refused.code, "in a terminal" in refused.stderr) == (2, True)
    with Terminal("replay", "20260101", "--at", "2", cwd=home) as terminal:
        terminal.wait_for("replay of 20260101-100000-basic-aaaa")
        terminal.wait_for("iteration 2")
        terminal.press(b"\x11")
        assert terminal.code() == 0


def test_a_run_is_exported(home: Path) -> None:
    read = rlm_tui("export", "last", "--format", "md")
    assert read.code == 0
    assert read.stdout.startswith("# architecture")
    target = home / "page.html"
    written = rlm_tui("export", "20260101", "--format", "html", "-o", str(target))
    assert (written.code, "page.html: " in written.stderr) == (0, True)
    again = rlm_tui("export", "20260101", "--format", "html", "-o", str(target))
    assert (again.code, "is there already" in again.stderr) == (2, True)
    unknown = rlm_tui("export", "last", "--format", "pdf")
    assert (unknown.code, "--format is one of md, html" in unknown.stderr) == (2, True)
    (home / "out").mkdir()
    assert rlm_tui("export", "last", "--format", "svg", "-o", str(home / "out")).code == 0
    (picture,) = (home / "out").iterdir()
    text = picture.read_text(encoding="utf-8")
    assert (picture.name, text.startswith("<svg")) == ("20260102-100000-basic-bbbb.svg", True)
    assert "submitted" in text
    assert 'url("http' not in text
    assert rlm_tui("export", "last", "-o", str(home / "by-its-name.csv")).code == 0
    printed = rlm_tui("export", "last", "--format", "csv", "-o", "-")
    assert printed.stdout.splitlines() == (home / "by-its-name.csv").read_text(encoding="utf-8").splitlines()
    unnamed = rlm_tui("export", "last", "-o", str(home / "run.txt"))
    assert (unnamed.code, "The format is missing" in unnamed.stderr) == (2, True)


def test_a_log_of_another_program_is_imported_and_opened(home: Path) -> None:
    told = rlm_tui("import", str(DATA / "rlms-0.1.3.jsonl"), "--json").json
    assert (told["format"], told["iterations"], told["left_out"]) == ("alexzhang13/rlm", 4, [])
    found = rlm_tui("runs", "list", "format:alexzhang13", "--json").json
    assert [run["run_id"] for run in found] == [told["run_id"]]
    assert (found[0]["tokens"], found[0]["cost_usd"]) == (None, None)
    refused = rlm_tui("import", str(DATA / "README.md"))
    assert (refused.code, "is no log that is known" in refused.stderr) == (2, True)
    with Terminal("open", str(DATA / "dspy-3.4.json"), cwd=home) as terminal:
        terminal.wait_for("imported from dspy")
        terminal.wait_for("? calls")
        terminal.press(b"\x11")
        assert terminal.code() == 0


def test_two_runs_are_compared(home: Path) -> None:
    told = rlm_tui("compare", "20260101", "20260102", "--json").json
    assert (told["left"]["iterations"], told["right"]["iterations"]) == (3, 4)
    assert told["outputs"]["answer"]["same"] is False
    lines = rlm_tui("compare", "20260101", "20260102")
    assert (lines.code, "\x1b[2J" in lines.stdout) == (0, False)
    assert rlm_tui("compare", "20260101", "2099").code == 2


@pytest.mark.parametrize(
    "command",
    [
        ("import", str(DATA / "rlms-0.1.3.jsonl")),
        ("export", "last", "--format", "html", "-o", "page.html"),
        ("runs", "note", "last", "x" * 9_000),
    ],
)
def test_a_disk_that_fills_leaves_nothing_half_written(home: Path, command: tuple[str, ...]) -> None:
    before = sorted(path.name for path in runs_directory().iterdir())
    script = 'ulimit -f 2; exec "$0" -m rlm_tui "$@"'
    ended = subprocess.run(
        ["bash", "-c", script, sys.executable, *command],
        capture_output=True, text=True, timeout=60, cwd=home, check=False,
        # What Python would compile meanwhile stayed behind cut, and no program started any more.
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert ended.returncode in (1, 2)
    assert "can't be" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("\n") <= 2
    assert sorted(path.name for path in runs_directory().iterdir()) == before
    assert list(home.glob("*page.html*")) == []
    assert rlm_tui("runs", "show", "last").code == 0


def test_several_processes_share_one_library(home: Path) -> None:
    for number in range(60):
        save(runs_directory(), f"20260103-1000{number:02}-basic-cccc", told_run().events)
    listed = ("runs", "list", "--limit", "90", "--json")
    commands = [listed, ("find", "Brass", "--newest", "90", "--json")] * 3
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "rlm_tui", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for command in commands
    ]
    told = [process.communicate(timeout=60) for process in started]
    assert [process.returncode for process in started] == [0] * 6, told
    assert {len(json.loads(out)) for out, _ in told[::2]} == {62}
    assert {len(json.loads(out)) for out, _ in told[1::2]} == {1}
