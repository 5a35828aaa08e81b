"""A person's own editor, opened on a piece of code."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


class EditorError(RuntimeError):
    """The editor could not be used; the message is one sentence."""


def editor_command(environment: Mapping[str, str]) -> list[str] | None:
    """What $VISUAL or $EDITOR names, with its options; None if neither can be started."""
    for name in ("VISUAL", "EDITOR"):
        try:
            words = shlex.split(environment.get(name, ""))
        except ValueError:
            continue
        if words and shutil.which(words[0]):
            return words
    return None


def edited(code: str, command: list[str]) -> str:
    """`code` as it was left in the editor. Waits until it is closed. Raises EditorError."""
    with tempfile.TemporaryDirectory(prefix="rlm-tui-") as folder:
        path = Path(folder) / "cell.py"
        path.write_text(code if not code or code.endswith("\n") else code + "\n", encoding="utf-8")
        try:
            with _deaf_to_interrupts():
                # Standard output may go to a file.
                shows_on = 1 if os.isatty(1) else 2
                ended = subprocess.run([*command, str(path)], stdout=shows_on, stderr=shows_on, check=False)
        except OSError as error:
            raise EditorError(f"{command[0]} can't be started: {error.strerror or error}.") from error
        if ended.returncode:
            raise EditorError(f"{command[0]} ended with code {ended.returncode}: nothing was changed.")
        try:
            return path.read_text(encoding="utf-8").rstrip("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise EditorError(f"What {command[0]} wrote can't be read: nothing was changed.") from error


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Ctrl-C in the editor is the editor's: it must not cancel the run."""
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def own_editor() -> list[str] | None:
    """The editor of this environment."""
    return editor_command(os.environ)
