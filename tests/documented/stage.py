"""Where a documented command is run: a folder with the files that it names, and nothing of the person's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.documented.pages import ROOT, files
from tests.integration.command_line import Ended
from tests.integration.terminal import Terminal

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
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            cwd=self.folder,
            env={**os.environ, **self.environment},
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
