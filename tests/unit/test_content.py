"""The driver and the built-in documents are found in a checkout and in an installed wheel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.core import content
from rlm_tui.core.content import CONTENT, KNOWLEDGE, knowledge_path, resolve_content

CHECKOUT = Path(__file__).resolve().parents[2]
DOCUMENT = f"{CONTENT}/{KNOWLEDGE}"

QUESTIONS = f"""
import json, sys
from pathlib import Path
from rlm_tui.core import content
print(json.dumps({{
    "package": str(Path(content.__file__).parents[1]),
    "checkout": content.in_checkout(),
    "driver": str(content.driver_path()),
    "source": len(content.driver_source()),
    "content": str(content.content_directory()),
    "knowledge": str(content.knowledge_path()),
    "relative": str(content.resolve_content({DOCUMENT!r})),
    "bundled": str(content.resolve_content(content.content_directory() / {KNOWLEDGE!r})),
    "readme": str(content.resolve_content("rlm_content/README.md")),
}}))
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The package as a wheel lays it out, with its files beside it and no source tree."""
    site = tmp_path / "site"
    shutil.copytree(
        CHECKOUT / "src" / "rlm_tui", site / "rlm_tui", ignore=shutil.ignore_patterns("__pycache__")
    )
    bundled = site / "rlm_tui" / "_bundled"
    (bundled / "driver").mkdir(parents=True)
    (bundled / "driver" / "driver.py").write_text("# the driver\n")
    shutil.copytree(CHECKOUT / CONTENT, bundled / CONTENT)
    return site


def answers(site: Path, folder: Path, home: Path) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": str(site), "RLM_TUI_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", QUESTIONS],
        cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_an_installed_wheel_has_its_own_files_and_builds_in_the_cache(
    installed: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    found = answers(installed, tmp_path, home)
    bundled = installed / "rlm_tui" / "_bundled"
    built = str(home / "cache" / CONTENT / KNOWLEDGE)
    assert found == {
        "package": str(installed / "rlm_tui"),
        "checkout": False,
        "driver": str(bundled / "driver" / "driver.py"),
        "source": len("# the driver\n"),
        "content": str(bundled / CONTENT),
        "knowledge": built,
        "relative": built,
        "bundled": built,
        "readme": str(bundled / CONTENT / "README.md"),
    }


def test_a_checkout_uses_its_own_tree_from_any_folder(tmp_path: Path) -> None:
    found = answers(CHECKOUT / "src", tmp_path, tmp_path / "home")
    assert found["checkout"] is True
    assert found["driver"] == str(CHECKOUT / "driver" / "driver.py")
    assert found["content"] == str(CHECKOUT / CONTENT)
    assert found["knowledge"] == found["relative"] == found["bundled"] == str(CHECKOUT / DOCUMENT)


def test_other_paths_are_no_content(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolve_content("notes.txt") is None
    assert resolve_content(tmp_path / DOCUMENT) is None
    assert resolve_content(f"{CONTENT}/../secret.txt") is None
    assert resolve_content(f"./{DOCUMENT}") == knowledge_path()


def test_a_file_of_the_persons_own_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / DOCUMENT).parent.mkdir(parents=True)
    (tmp_path / DOCUMENT).write_text("mine")
    assert resolve_content(DOCUMENT) == tmp_path / DOCUMENT


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(content, "_BUNDLED", tmp_path / "_bundled")
    monkeypatch.setattr(content, "_CHECKOUT", tmp_path)
    for find in (content.driver_path, content.content_directory):
        with pytest.raises(content.ContentMissing, match="install rlm-tui again"):
            find()
