"""Where a documented command is run: a folder with the files that it names, and nothing of the person's."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.documented.pages import ROOT, files
from tests.integration.command_line import Ended
from tests.integration.terminal import Terminal
from tests.integration.warm_program import run_warm

NOTES = """# Release of the orchard service

## Decisions

Maren decides when a release goes out. Tobias decides what it costs.

## Open points

The bill for water is late. Nobody has looked at the third pump.
"""
# `uv run` with what is installed already: nothing is synced, and other subcommands are no business of a test.
_UV = """#!/bin/sh
[ "$1" = run ] || { echo "uv $1 is not run by tests" >&2; exit 97; }
shift
exec "$@"
"""
_QUOTED = re.compile(r"""'[^']*'|"[^"$`\\]*\"""")
_FOR_A_SHELL = re.compile(r"[*?\[{|<>&;$~`\\#]")
_BIN = Path(sys.executable).parent


class Stage:
    """A working folder, a home and an environment of its own."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self.folder = directory / "work"
        shutil.copytree(ROOT / "rlm_content", self.folder / "rlm_content")
        for name in ("README.md", ".env.example"):
            shutil.copy(ROOT / name, self.folder)
        for name, text in files().items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        (self.folder / "notes.md").write_text(NOTES, "utf-8")
        (self.folder / "letters.txt").write_bytes("Grüße von der Küste.\n".encode("cp1252"))
        (self.folder / "notes").mkdir()
        for name in ("notes.md", "decisions.md"):
            (self.folder / "notes" / name).write_text(NOTES, "utf-8")
        (self.folder / "src").mkdir()
        (self.folder / "src" / "harvest.py").write_text('"""It says when to harvest."""\n', "utf-8")
        shutil.copy(ROOT / "rlm_content" / "incident.log", self.folder)
        home, programs = directory / "home", directory / "programs"
        home.mkdir()
        programs.mkdir()
        (programs / "uv").write_text(_UV)
        (programs / "uv").chmod(0o755)
        self.environment = {
            "HOME": str(home),
            "RLM_TUI_HOME": str(directory / "rlm-tui"),
            "RLM_TUI_DOTENV": "",
            "PATH": os.pathsep.join([str(programs), str(_BIN), os.environ.get("PATH", os.defpath)]),
            "MODAL_CONFIG_PATH": str(directory / "no-modal.toml"),
            "LANG": "C.UTF-8",
            **environment,
        }

    def run(self, line: str) -> Ended:
        """Run a line as a shell does, to its end."""
        environment = {**os.environ, **self.environment}
        if arguments := _of_the_program(line):
            return Ended(
                *run_warm(arguments, cwd=self.folder, environment=environment, stdin="", timeout=100)
            )
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def show(self, line: str, steps: Sequence[tuple[str, bytes]]) -> int:
        """Run a line in a terminal: wait for the words of each step, then press its keys. Its exit code."""
        with Terminal(cwd=self.folder, program=("bash", "-c", line), **self.environment) as terminal:
            for words, keys in steps:
                terminal.wait_for(words)
                terminal.press(keys)
            return terminal.code()


def _of_the_program(line: str) -> list[str]:
    """The arguments of a line that does nothing but run `rlm-tui`; none where a shell is needed."""
    if _FOR_A_SHELL.search(_QUOTED.sub("", line)):
        return []
    words = shlex.split(line)
    if words[:2] == ["uv", "run"]:
        del words[:2]
    return words[1:] if words[:1] == ["rlm-tui"] else []
