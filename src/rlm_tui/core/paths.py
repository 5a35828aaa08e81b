"""Where data, config and cache live: the platform's own folders, or all of them under `RLM_TUI_HOME`."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_APP = "rlm-tui"


def home_override() -> Path | None:
    """The folder that `RLM_TUI_HOME` names, absolute; None if it is not set or empty."""
    value = os.environ.get("RLM_TUI_HOME", "").strip()
    return expanded(value).absolute() if value else None


def data_directory() -> Path:
    """Runs and local volumes: what a person would miss."""
    home = home_override()
    return home / "data" if home else platformdirs.user_data_path(_APP, appauthor=False)


def config_directory() -> Path:
    """config.toml, the person's own tasks and keymap."""
    home = home_override()
    return home / "config" if home else platformdirs.user_config_path(_APP, appauthor=False)


def cache_directory() -> Path:
    """What can be made again: built documents, character counts."""
    home = home_override()
    return home / "cache" if home else platformdirs.user_cache_path(_APP, appauthor=False)


def runs_directory() -> Path:
    """One folder for each run."""
    return data_directory() / "runs"


def volumes_directory() -> Path:
    """One folder for each local volume, by its name."""
    return data_directory() / "volumes"


def config_file() -> Path:
    """The person's settings."""
    return config_directory() / "config.toml"


def expanded(path: Path | str) -> Path:
    """`path` with "~" for the home folder, where there is one; otherwise "~" is a name like any other."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path.expanduser raises for an unknown user


def private_directory(path: Path) -> Path:
    """`path`, made if it wasn't there, with new folders readable by their owner alone. Raises OSError."""
    missing = []
    current = path
    while not current.exists():
        missing.append(current)
        current = current.parent
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    if not path.is_dir():
        raise NotADirectoryError(f"{path} is a file, and a folder is needed there")
    return path


def working_environment() -> dict[str, str]:
    """The variables that make another process of ours use the same folders as this one."""
    home = home_override()
    return {"RLM_TUI_HOME": str(home)} if home else {}
