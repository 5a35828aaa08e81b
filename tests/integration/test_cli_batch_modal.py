"""`rlm-tui batch --sandbox modal`: N sandboxes at a time, and none left when it ends or is interrupted."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.sandboxes import needs_bubblewrap
from tests.modal_server import LoopbackModal

pytestmark = [pytest.mark.bubblewrap, needs_bubblewrap, pytest.mark.slow]

NAMES = ("Harvester", "Pruner", "Planter", "Sower", "Weeder")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in NAMES:
        text = f"# Handbook\n\n## class {name}(Module)\n\nA module that is called with inputs.\n"
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


def start(folder: Path, *more: str) -> subprocess.Popen[str]:
    arguments = ["batch", "architecture", "--documents", str(folder / "*.md"), "--sandbox", "modal"]
    return subprocess.Popen(
        [sys.executable, "-m", "rlm_tui", *arguments, "--input", "query=Which modules are there?", *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd=folder,
    )


def watch(process: subprocess.Popen[str], look: Callable[[], bool], seconds: float = 90) -> None:
    """Look again and again until `look` says that it has seen enough, or the process has ended."""
    until = time.monotonic() + seconds
    while process.poll() is None and not look():
        assert time.monotonic() < until, "the batch does not end"
        time.sleep(0.01)


def test_as_many_sandboxes_at_a_time_as_asked_and_none_left(
    loopback_modal: LoopbackModal, folder: Path, tmp_path: Path
) -> None:
    # A sandbox that starts at once would be gone before the next one is seen beside it.
    loopback_modal.misbehave.slow = {"*": 0.05}
    most = 0
    process = start(folder, "--parallel", "2", "--json", "--results", str(tmp_path / "results.jsonl"))

    def look() -> bool:
        nonlocal most
        most = max(most, sum(sandbox.alive for sandbox in loopback_modal.sandboxes))
        return False

    watch(process, look)
    out, err = process.communicate()
    assert process.returncode == 0, err
    found = [json.loads(line) for line in out.splitlines()]
    assert sorted(Path(line["document"]).stem for line in found) == sorted(NAMES)
    for line in found:
        assert line["status"] == "submitted"
        assert Path(line["document"]).stem in str(line["outputs"]["modules"])
    assert len(loopback_modal.sandboxes) == len(NAMES)
    assert most == 2
    assert not any(sandbox.alive for sandbox in loopback_modal.sandboxes)
    documents = loopback_modal.volume("rlm-volume-dspy") / "documents"
    assert len(list(documents.iterdir())) == len(NAMES)


def test_an_interrupted_batch_leaves_no_sandbox(loopback_modal: LoopbackModal, folder: Path) -> None:
    loopback_modal.misbehave.slow = {"*": 0.05}
    process = start(folder, "--parallel", "3")
    watch(process, lambda: sum(sandbox.alive for sandbox in loopback_modal.sandboxes) >= 2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, (out, err)
    assert "Traceback" not in err
    until = time.monotonic() + 10
    while any(sandbox.alive for sandbox in loopback_modal.sandboxes):
        assert time.monotonic() < until
        time.sleep(0.02)
