"""`rlm-tui check` as a process, without Modal: models, machine and local sandbox; what mends each."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.integration.doctor import DOTENV_KEY, LM_KEY, by_name, doctor, outcomes
from tests.lm_server import EMPTY, Answer, StatusFailure, always
from tests.lm_server.fixtures import StartLM
from tests.modal_server import LoopbackModal


def lm(api_base: str) -> dict[str, str]:
    """The environment of a planner at this address, with a planted key."""
    return {
        "DSPY_LM_MODEL": "openai/test-model",
        "DSPY_LM_API_BASE": api_base,
        "DSPY_LLM_API_KEY": LM_KEY,
    }


def test_without_modal_all_is_well_and_the_offline_demo_is_named(loopback_modal: LoopbackModal) -> None:
    ended = doctor("check", modal=loopback_modal)
    assert ended.code == 0, ended.stdout
    assert "the offline demo answers" in ended.stdout
    assert "a cell ran" in ended.stdout
    assert ended.stdout.rstrip().endswith("Everything is there that a run needs.")
    assert ended.stderr == ""
    assert not loopback_modal.calls, "nobody is asked without --modal"


def test_a_planner_that_answers_is_asked_once(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(Answer("ready")), key=LM_KEY)
    ended = doctor("check", "--json", **lm(server.api_base))
    found = by_name(ended)
    assert ended.code == 0, ended.stdout
    assert found["planner address"]["words"].startswith(f"{server.url} answers in ")
    assert found["planner"]["words"] == "openai/test-model answers: ready"
    assert len(server.requests) == 1


def test_a_planner_that_answers_nothing_is_failing(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(EMPTY))
    ended = doctor("check", "--json", **lm(server.api_base))
    assert ended.code == 1
    assert "empty answer" in by_name(ended)["planner"]["words"]


def test_a_refused_key_is_told_without_the_key(loopback_lm: StartLM) -> None:
    words = f"Incorrect API key provided: {LM_KEY}."
    server = loopback_lm(always(StatusFailure(401, words, code="invalid_api_key")))
    ended = doctor("check", "--json", **lm(server.api_base))
    assert ended.code == 1
    found = by_name(ended)
    assert found["planner address"]["outcome"] == "ok"
    assert found["planner"]["outcome"] == "failing"
    assert "[redacted]" in found["planner"]["words"]
    assert "DSPY_LLM_API_KEY" in found["planner"]["mend"]
    assert len(server.requests) == 1


def test_an_address_where_nobody_is_names_the_variable() -> None:
    ended = doctor("check", **lm("http://127.0.0.1:1/v1"))
    assert ended.code == 1
    text = " ".join(ended.stdout.split())
    assert "nothing answers at http://127.0.0.1:1" in text
    assert "DSPY_LM_API_BASE" in text
    assert 'not looked at: see "planner address"' in text
    assert "To be mended: planner address." in text
    assert "offline demo" not in text


def test_a_sub_lm_is_looked_at_by_itself(loopback_lm: StartLM) -> None:
    planner, sub = loopback_lm(always(Answer("ready"))), loopback_lm(always(StatusFailure(404, "No.")))
    more = {"DSPY_SUB_LM_MODEL": "openai/other", "DSPY_SUB_LM_API_BASE": sub.api_base}
    ended = doctor("check", "--json", **lm(planner.api_base), DSPY_SUB_LM_API_KEY=LM_KEY, **more)
    assert ended.code == 1
    found = outcomes(ended)
    assert (found["planner"], found["sub-LM address"], found["sub-LM"]) == ("ok", "ok", "failing")


def test_settings_that_can_not_be_read_are_one_of_the_checks(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(f"A_KEY={DOTENV_KEY}\nDSPY_LM_MAX_TOKENS={DOTENV_KEY}\n", encoding="utf-8")
    ended = doctor("check", "--json", RLM_TUI_DOTENV=str(dotenv), DSPY_LM_MODEL="openai/x")
    assert ended.code == 1
    settings = by_name(ended)["settings"]
    assert settings["outcome"] == "failing"
    assert "DSPY_LM_MAX_TOKENS" in settings["words"]
    assert by_name(ended)["local cell"]["outcome"] == "ok", "the rest is looked at all the same"


def test_a_key_without_a_model_is_told(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(f"DSPY_LLM_API_KEY={DOTENV_KEY}\n", encoding="utf-8")
    ended = doctor("check", RLM_TUI_DOTENV=str(dotenv))
    assert ended.code == 1
    assert "To be mended: settings." in ended.stdout
    assert "Set `DSPY_LM_MODEL`" in ended.stdout


def test_a_home_that_is_no_folder_is_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("a file", encoding="utf-8")
    ended = doctor("check", "--json", RLM_TUI_HOME=str(home))
    assert ended.code == 1
    disk = by_name(ended)["disk"]
    assert disk["outcome"] == "failing"
    assert "RLM_TUI_HOME" in disk["mend"]


def test_bubblewrap_is_needed_only_where_it_is_required(tmp_path: Path) -> None:
    nothing = {"PATH": str(tmp_path)}
    auto = doctor("check", "--json", **nothing)
    assert auto.code == 0, auto.stdout
    assert outcomes(auto)["bubblewrap"] == "missing"
    assert "unconfined" in by_name(auto)["local cell"]["words"]
    required = doctor("check", "--json", RLM_TUI_SANDBOX_CONFINED="required", **nothing)
    assert required.code == 1
    assert outcomes(required)["local cell"] == "failing"


@pytest.mark.parametrize(
    ("environment", "size", "words"),
    [
        ({"TERM": "xterm-256color"}, (30, 100), "ok Machine terminal 100×30, 256 colours"),
        ({"TERM": "dumb"}, (30, 100), "Set `TERM=xterm-256color`"),
        ({"TERM": "xterm-256color"}, (20, 70), "Make the window at least 80×24."),
    ],
)
def test_the_terminal_is_looked_at_where_there_is_one(
    environment: dict[str, str], size: tuple[int, int], words: str
) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, size)
    unset = {"COLORTERM": "", "COLUMNS": "", "LINES": "", "PYTHONUTF8": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "rlm_tui", "check"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, **unset, **environment},
    ) as process:
        os.close(theirs)
        written = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", read_all(ours))
        assert process.wait(60) == 0, "a run does not need a terminal"
    os.close(ours)
    lines = [line.rstrip("\r").split("\r")[-1] for line in written.split("\n")]
    assert max(len(line) for line in lines if "→" not in line) <= size[1], "a command alone is not wrapped"
    text = " ".join(" ".join(lines).split())
    assert words in text
    assert "Everything is there that a run needs." in text
    assert ("Not needed for it: terminal." in text) is not words.startswith("ok")


def read_all(terminal: int) -> str:
    """What is written to a terminal until nobody has it open."""
    read = bytearray()
    with contextlib.suppress(OSError):
        while data := os.read(terminal, 65536):
            read += data
    return read.decode()
