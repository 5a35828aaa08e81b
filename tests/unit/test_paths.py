"""Data, config and cache have one place each, and one variable moves them all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rlm_tui.core import paths


def test_one_variable_moves_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RLM_TUI_HOME", str(tmp_path / "home"))
    assert paths.data_directory() == tmp_path / "home" / "data"
    assert paths.config_directory() == tmp_path / "home" / "config"
    assert paths.cache_directory() == tmp_path / "home" / "cache"
    assert paths.runs_directory() == tmp_path / "home" / "data" / "runs"
    assert paths.volumes_directory() == tmp_path / "home" / "data" / "volumes"
    assert paths.config_file() == tmp_path / "home" / "config" / "config.toml"
    assert paths.working_environment() == {"RLM_TUI_HOME": str(tmp_path / "home")}
    assert not (tmp_path / "home").exists()


def test_a_relative_or_home_path_becomes_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RLM_TUI_HOME", "here")
    assert paths.data_directory() == tmp_path / "here" / "data"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RLM_TUI_HOME", "~/there")
    assert paths.data_directory() == tmp_path / "there" / "data"


@pytest.mark.parametrize("value", [None, "", "  "])
def test_without_it_the_platform_decides(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str | None
) -> None:
    monkeypatch.delenv("RLM_TUI_HOME")
    if value is not None:
        monkeypatch.setenv("RLM_TUI_HOME", value)
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    found = [paths.data_directory(), paths.config_directory(), paths.cache_directory()]
    assert all(path.is_relative_to(tmp_path) and "rlm-tui" in path.parts for path in found)
    assert paths.working_environment() == {}


def test_new_folders_are_private(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        made = paths.private_directory(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    assert paths.private_directory(made) == made
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (made, made.parent)] == [0o700, 0o700]


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotADirectoryError, match="file is a file"):
        paths.private_directory(tmp_path / "file")
