"""A wheel built from this checkout works elsewhere: the driver and the documents are inside."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rlm_tui.ui.help_pages import TO_READ

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_wheel_installed_elsewhere_runs_the_demo(tmp_path: Path) -> None:
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not on the PATH of this test run: `uv run pytest` has it")
    run([uv, "build", "--wheel", "--out-dir", str(tmp_path), str(CHECKOUT)], tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "rlm_tui/_bundled/driver/driver.py" in names
    assert any(name.startswith("rlm_tui/_bundled/rlm_content/") for name in names)

    pages = [name for name in names if name.startswith("rlm_tui/ui/pages/")]
    assert pages
    assert {Path(name).stem for name in pages} == {page.name for page in TO_READ}

    # What the wheel needs is installed here already; only rlm-tui itself is to come from the wheel.
    site = tmp_path / "site"
    run([uv, "pip", "install", "--no-deps", "--quiet", "--target", str(site), str(wheel)], tmp_path)
    answer = rlm_tui(
        site, tmp_path, "run", "basic", "--input", "question=What are the first 12 Fibonacci numbers?"
    )
    assert answer["status"] == "submitted"
    assert "89" in answer["outputs"]["answer"]

    asked = [
        "--document",
        "rlm_content/dspy-knowledge/dspy-doc.txt",
        "--input",
        "query=modules and optimizers",
    ]
    found = rlm_tui(site, tmp_path, "run", "architecture", *asked)
    assert found["status"] == "submitted"
    assert "Predict" in found["outputs"]["modules"]
    assert (tmp_path / "home" / "cache").is_dir(), (
        "the document is built into the cache, not into the package"
    )


def rlm_tui(site: Path, folder: Path, *arguments: str) -> dict:
    # The editable install of the checkout must not be found: -S leaves .pth files out.
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    code = (
        "import sys; sys.path[:0] = [sys.argv.pop(1)]; sys.path.append(sys.argv.pop(1));"
        "import rlm_tui; assert 'site' in rlm_tui.__file__, rlm_tui.__file__;"
        "from rlm_tui.cli import main; main()"
    )
    command = [sys.executable, "-S", "-c", code, str(site), packages, *arguments, "--json"]
    return json.loads(run(command, folder))


def run(command: list[str], folder: Path) -> str:
    environment = {**os.environ, "RLM_TUI_HOME": str(folder / "home")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
