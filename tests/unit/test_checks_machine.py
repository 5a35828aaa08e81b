"""What the doctor says of settings, libraries, disk, terminal and the local sandbox."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from rlm_tui.core.settings import SandboxSettings, Settings, SettingsError, load_settings
from rlm_tui.engine.checks import local_sandbox, machine
from rlm_tui.engine.checks.check import Finding
from tests.contract.sandboxes import needs_bubblewrap

TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


def settings_finding(directory: Path, environment: Mapping[str, str]) -> Finding:
    settings = load_settings(environment=environment, directory=directory)
    return machine.look_at_settings(settings, None, environment, directory)


def test_settings_say_where_they_were_found(tmp_path: Path, own_home: Path) -> None:
    assert settings_finding(tmp_path, {}).words == "no .env and no config.toml: the defaults hold"
    (tmp_path / ".env").write_text("DSPY_LM_MODEL=openai/test\n")
    (own_home / "config").mkdir()
    (own_home / "config" / "config.toml").write_text("[budgets]\nmax_iterations = 5\n")
    found = settings_finding(tmp_path, {"RLM_TUI_SANDBOX_CONFINED": "off", "HOME": "/nowhere"})
    assert found.outcome == "ok"
    config = own_home / "config" / "config.toml"
    assert found.words == f"from {tmp_path / '.env'}, {config}, 1 variable of the environment"


def test_a_remark_on_the_settings_is_shown_with_what_mends_it(tmp_path: Path) -> None:
    found = settings_finding(tmp_path, {"DSPY_LLM_API_KEY": "planted-4711"})
    assert found.outcome == "missing"
    assert "DSPY_LLM_API_KEY in the environment is set and no model is" in found.words
    assert "`DSPY_LM_MODEL`" in found.mend
    assert "planted" not in repr(found)


def test_settings_that_can_not_be_read_are_a_finding(tmp_path: Path) -> None:
    problem = SettingsError("lm.retries", "x", "RLM_TUI_LM_RETRIES is no number.", "Write one.")
    found = machine.look_at_settings(Settings(), problem, {}, tmp_path)
    assert found == Finding("failing", "RLM_TUI_LM_RETRIES is no number.", "Write one.")


def test_libraries_are_imported_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = machine.look_at_libraries()
    assert found.outcome == "ok"
    for name in ("Python 3.", "dspy 3.", "textual ", "modal 1."):
        assert name in found.words
    monkeypatch.setitem(sys.modules, "modal", None)
    missing = machine.look_at_libraries()
    assert missing.outcome == "missing"
    assert missing.words.startswith("modal can't be imported")
    assert "`uv sync`" in missing.mend


def test_the_disk_is_written_to_and_measured(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = machine.look_at_disk()
    assert found.outcome == "ok"
    assert str(own_home / "data") in found.words
    assert list(own_home.iterdir()) == [], "looking leaves nothing behind"
    monkeypatch.setattr(machine, "LEAST_FREE_BYTES", 10**18)
    full = machine.look_at_disk()
    assert full.outcome == "failing"
    assert "`RLM_TUI_HOME`" in full.mend


def test_a_home_that_is_a_file_or_refuses_is_failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").write_text("a file")
    monkeypatch.setenv("RLM_TUI_HOME", str(tmp_path / "home"))
    assert "is a file" in machine.look_at_disk().words
    monkeypatch.setenv("RLM_TUI_HOME", "/proc/rlm-tui-home")
    refused = machine.look_at_disk()
    assert refused.outcome == "failing"
    assert "can't be written" in refused.words


@contextmanager
def terminal(columns: int, lines: int, encoding: str = "utf-8") -> Iterator[None]:
    """A terminal of this size as the standard output of this process."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    before = sys.__stdout__
    with os.fdopen(slave, "w", encoding=encoding) as stream:
        sys.__stdout__ = stream  # type: ignore[misc]
        try:
            yield
        finally:
            sys.__stdout__ = before  # type: ignore[misc]
            os.close(master)


@pytest.mark.parametrize(
    ("size", "encoding", "environment", "outcome", "words"),
    [
        ((120, 36), "utf-8", TERMINAL, "ok", "120×36, 16 million colours, xterm-256color, utf-8"),
        ((120, 36), "utf-8", {"TERM": "xterm-256color"}, "ok", "256 colours"),
        ((120, 36), "utf-8", {**TERMINAL, "NO_COLOR": "1"}, "ok", "no colours (NO_COLOR)"),
        ((79, 24), "utf-8", TERMINAL, "failing", "79×24"),
        ((120, 36), "latin-1", TERMINAL, "failing", "need UTF-8"),
        ((120, 36), "utf-8", {"TERM": "dumb"}, "failing", "dumb"),
        ((120, 36), "utf-8", {}, "failing", "TERM is not set"),
    ],
)
def test_the_terminal(
    size: tuple[int, int], encoding: str, environment: dict[str, str], outcome: str, words: str
) -> None:
    with terminal(*size, encoding):
        found = machine.look_at_terminal(environment)
    assert found.outcome == outcome
    assert words in found.words
    assert bool(found.mend) == (outcome == "failing")


def test_without_a_terminal_it_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "__stdout__", None)
    assert machine.look_at_terminal(TERMINAL).outcome == "skipped"


def local(confined: str) -> Settings:
    return Settings(sandbox=SandboxSettings(confined=confined))  # type: ignore[arg-type]


def program(folder: Path, name: str, script: str = "exit 0") -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_bubblewrap_that_is_missing_names_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = local_sandbox.look_at_bubblewrap(local("auto"))
    assert (found.outcome, found.words) == ("missing", "bubblewrap is not installed")
    assert found.mend == "Install the package bubblewrap."
    program(tmp_path, "dnf")
    assert "`sudo dnf install bubblewrap`" in local_sandbox.look_at_bubblewrap(local("auto")).mend


def test_bubblewrap_that_is_refused_is_told_in_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "bwrap", "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = local_sandbox.look_at_bubblewrap(local("required"))
    assert found.outcome == "failing"
    assert "setting up uid map: Permission denied" in found.words
    assert "AppArmor" in found.mend


def test_confinement_that_is_switched_off_is_said() -> None:
    assert local_sandbox.look_at_bubblewrap(local("off")).outcome == "missing"


@pytest.mark.parametrize(
    "confined",
    [pytest.param("required", marks=[pytest.mark.bubblewrap, needs_bubblewrap]), "off"],
)
def test_a_cell_really_runs(confined: str, own_home: Path) -> None:
    found = local_sandbox.look_at_cell(local(confined))
    how = "confined" if confined == "required" else "unconfined"
    assert found == Finding("ok", f"a cell ran {how}, submitted, and kept a file in rlm-volume-dspy")
    volume = own_home / "data" / "volumes" / "rlm-volume-dspy"
    assert [path.name for path in volume.iterdir() if path.name.startswith(".rlm-tui-check")] == []


def test_a_cell_that_can_not_run_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = local_sandbox.look_at_cell(local("required"))
    assert found.outcome == "failing"
    assert "Confinement is required and bubblewrap is not installed" in found.words
    assert found.mend


def test_a_volume_that_can_not_be_written_says_so(own_home: Path) -> None:
    (own_home / "data").mkdir()
    (own_home / "data" / "volumes").write_text("a file where a folder is needed")
    assert local_sandbox.look_at_cell(local("off")).outcome == "failing"
