"""The machine: settings, libraries, disk and terminal."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rlm_tui.core.paths import config_file, data_directory
from rlm_tui.core.settings import Settings, SettingsError
from rlm_tui.core.settings_sources import find_dotenv
from rlm_tui.core.text import human_size, one_line
from rlm_tui.engine.checks.check import Finding

LEAST_FREE_BYTES = 200_000_000
LEAST_COLUMNS, LEAST_LINES = 80, 24
_LIBRARIES = ("dspy", "textual", "modal")


def look_at_settings(
    settings: Settings, problem: SettingsError | None, environment: Mapping[str, str], directory: Path
) -> Finding:
    """Where settings were found, and what in them can't have been meant."""
    if problem is not None:
        return Finding("failing", problem.message, problem.hint)
    if settings.remarks:
        return Finding(
            "missing", " ".join(settings.remarks), "Set `DSPY_LM_MODEL` in .env or the environment."
        )
    found = [str(path) for path in (find_dotenv(environment, directory), _existing(config_file())) if path]
    variables = sum(source == "the environment" for source in settings.source.values())
    if variables:
        found.append(f"{variables} variable{'s' if variables > 1 else ''} of the environment")
    return Finding(
        "ok", "from " + ", ".join(found) if found else "no .env and no config.toml: the defaults hold"
    )


def look_at_libraries() -> Finding:
    """Whether what a run is made of can be imported, and its versions."""
    found = [f"Python {platform.python_version()}"]
    for name in _LIBRARIES:
        try:
            importlib.import_module(name)
            found.append(f"{name} {version(name)}")
        except (ImportError, PackageNotFoundError) as error:
            return Finding(
                "missing", f"{name} can't be imported: {error}", "Run `uv sync` in the project's folder."
            )
    return Finding("ok", ", ".join(found))


def look_at_disk() -> Finding:
    """Whether runs and volumes can be written, and how much room is left."""
    folder = data_directory()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    name = one_line(str(folder), 120)
    mend = "Make room there, or set `RLM_TUI_HOME` to a folder of yours."
    if not there.is_dir():
        return Finding("failing", f"{there} is a file, and runs are kept in a folder there", mend)
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"rlm-tui")
            file.flush()
        free = shutil.disk_usage(there).free
    except OSError as error:
        return Finding("failing", f"{name} can't be written: {error.strerror or error}", mend)
    if free < LEAST_FREE_BYTES:
        return Finding("failing", f"{name} has only {human_size(free)} left", mend)
    return Finding("ok", f"{name} can be written, {human_size(free)} are free")


def look_at_terminal(environment: Mapping[str, str]) -> Finding:
    """Whether the screen can be shown here: a terminal, its size, colours and letters."""
    stream = sys.__stdout__
    if stream is None or not stream.isatty():
        return Finding("skipped", "standard output is no terminal, and the screen needs one")
    columns, lines = os.get_terminal_size(stream.fileno())
    kind = environment.get("TERM", "")
    encoding = (stream.encoding or "").lower().replace("-", "")
    words = [f"{columns}×{lines}", _colours(environment), kind or "TERM is not set", stream.encoding or "?"]
    told = ", ".join(words)
    if kind in ("", "dumb"):
        return Finding("failing", told, "Set `TERM=xterm-256color`, or use another terminal.")
    if encoding != "utf8":
        return Finding("failing", f"{told}: signs and borders need UTF-8", "Set `LANG=C.UTF-8`.")
    if columns < LEAST_COLUMNS or lines < LEAST_LINES:
        return Finding("failing", told, f"Make the window at least {LEAST_COLUMNS}×{LEAST_LINES}.")
    return Finding("ok", told)


def _colours(environment: Mapping[str, str]) -> str:
    from rich.console import Console

    if environment.get("NO_COLOR"):
        return "no colours (NO_COLOR)"
    system = Console(force_terminal=True, _environ=environment).color_system
    named = {"truecolor": "16 million colours", "256": "256 colours", "standard": "16 colours"}
    return named.get(system or "", "no colours")


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None
