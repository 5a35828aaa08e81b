"""A held run without a screen, as a person at a terminal meets it: the prompt, an editor, and the keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.session_runs import KEY, SUBMIT
from tests.integration.terminal import Terminal
from tests.lm_server import planner_script
from tests.lm_server.fixtures import StartLM

CONTROL_C, CONTROL_D = b"\x03", b"\x04"
RUN = ("run", "basic", "--lm", "offline", "--hold")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLM_TUI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RLM_TUI_SANDBOX_CONFINED", "off")


def test_a_person_steps_edits_in_an_editor_and_leaves_with_the_end_of_input(tmp_path: Path) -> None:
    editor = tmp_path / "my editor"
    editor.write_text('#!/bin/sh\ngrep -q question "$1" || exit 3\necho "$MINE" > "$1"\n')
    editor.chmod(0o700)
    more = {"VISUAL": f"'{editor}'", "MINE": "print('mine' * 2)"}
    with Terminal(*RUN, cwd=tmp_path, **more) as terminal:
        terminal.wait_for("held before the plan of iteration 1: as asked")
        terminal.wait_for("held>")
        terminal.press(b"step\n")
        terminal.wait_for("held before the cell of iteration 1")
        terminal.press(b"edit\n")
        terminal.wait_for("the code was edited")
        terminal.press(b"s\n")
        terminal.wait_for("minemine")
        terminal.wait_for("held before the plan of iteration 2")
        terminal.press(CONTROL_D)
        terminal.wait_for("The input has ended")
        terminal.wait_for("submitted")
        assert terminal.code() == 0


def test_code_that_does_not_parse_comes_back_with_the_next_edit(tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text(
        "#!/bin/sh\n"
        'if grep -q broken "$1"; then echo "print(40 + 2)" > "$1"; else echo "broken (" > "$1"; fi\n'
    )
    editor.chmod(0o700)
    with Terminal(*RUN, cwd=tmp_path, EDITOR=str(editor), VISUAL="") as terminal:
        terminal.wait_for("held>")
        terminal.press(b"step\n")
        terminal.wait_for("held before the cell of iteration 1")
        terminal.press(b"edit\n")
        terminal.wait_for("'(' was never closed")
        terminal.press(b"edit\n")
        terminal.wait_for("the code was edited")
        terminal.press(b"go\n")
        terminal.wait_for("42")
        assert terminal.code() == 0


def test_control_c_cancels_a_held_run(tmp_path: Path) -> None:
    with Terminal(*RUN, cwd=tmp_path, leads=True) as terminal:
        terminal.wait_for("held>")
        terminal.press(CONTROL_C)
        terminal.wait_for("cancelled")
        assert terminal.code() == 130


def test_control_c_stops_what_is_evaluated_and_not_the_run(tmp_path: Path) -> None:
    with Terminal(*RUN, cwd=tmp_path, leads=True) as terminal:
        terminal.wait_for("held>")
        terminal.press(b"next\n")
        terminal.wait_for("held before the plan of iteration 2")
        terminal.press(b"> kept = 1\n")
        terminal.press(b"> while True: pass\n")
        terminal.wait_for("Ctrl-C stops it, and the run keeps its state")
        terminal.press(CONTROL_C)
        terminal.wait_for("You interrupted it; what it had set is kept.")
        terminal.press(b"> kept + 41\n")
        terminal.wait_for("42")
        terminal.press(b"go\n")
        terminal.wait_for("submitted")
        assert terminal.code() == 0


def test_a_run_that_goes_on_is_held_by_a_word(tmp_path: Path, loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([("I look.", "x = 1"), SUBMIT], delay=2.0), key=KEY)
    model = {
        "DSPY_LM_MODEL": "openai/test-model",
        "DSPY_LM_API_BASE": server.api_base,
        "DSPY_LLM_API_KEY": KEY,
    }
    arguments = ("run", "basic", "--breakpoint", "iteration=9")
    with Terminal(*arguments, cwd=tmp_path, **model) as terminal:
        terminal.wait_for("planner")
        terminal.press(b"step\n")
        terminal.wait_for("The run is not held now")
        terminal.press(b"hold\n")
        terminal.wait_for("It is held at its next plan or cell.")
        terminal.wait_for("held before the cell of iteration 1: as asked")
        terminal.press(b"go\n")
        assert terminal.code() == 0
