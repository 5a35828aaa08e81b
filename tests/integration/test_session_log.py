"""The run's folder: what was told is what is kept, and a log that can't be written does not end the run."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rlm_tui.core.events import AnyEvent, CellOutput, Note, PlanReady, RunFinished, RunStarted
from rlm_tui.core.settings import SandboxSettings, Settings
from rlm_tui.core.tasks import TaskRegistry
from rlm_tui.engine.session import RunRequest, Session
from rlm_tui.store.errors import StoreError
from rlm_tui.store.run_log import open_run
from rlm_tui.store.runs import RunFolder
from tests.integration.session_runs import QUESTION, READING, SUBMIT, request, run
from tests.lm_server import planner_script
from tests.lm_server.fixtures import StartLM


def test_what_was_told_is_what_is_kept(loopback_lm: StartLM, tmp_path: Path) -> None:
    document = tmp_path / "text.txt"
    document.write_text("some words\n" * 1000)
    server = loopback_lm(planner_script([("Look.", "print(docs)"), SUBMIT]))
    watched = run(request(READING, server, document=document), keep=True)
    path = watched.session.events_path
    assert path is not None
    log = open_run(path.parent)
    kept = list(log.events())
    assert kept == watched.events
    ready = watched.all(PlanReady)[1]
    assert ready.prompt.blob is not None
    assert "some words" in log.text(ready.prompt)
    until = time.monotonic() + 5
    documents = path.parent / "documents.json"
    while not documents.exists() and time.monotonic() < until:
        time.sleep(0.01)
    told = json.loads(documents.read_text())["docs"]
    assert told["sha256"] == hashlib.sha256(document.read_bytes()).hexdigest()
    assert told["size"] == document.stat().st_size
    asked = json.loads((path.parent / "run.json").read_text())
    assert asked["task"] == "reading"
    assert asked["inputs"] == {"query": "What?"}


class FullDisk(RunFolder):
    """A run's folder on a disk that is full after some events."""

    room = 5

    def append(self, event: AnyEvent) -> None:
        self.room -= 1
        if self.room < 0:
            raise StoreError("events.jsonl can't be written: no space left on device.")
        super().append(event)


def test_a_full_disk_costs_the_log_and_not_the_run(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([("Print.", "print('still here')"), SUBMIT]))
    asked = request(server=server)
    events: list[AnyEvent] = []
    session = Session(asked, events.append, folder=FullDisk.create("full", {}))
    session.run()
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    assert finished.status == "submitted"
    notes = [event.text for event in events if isinstance(event, Note)]
    assert len(notes) == 1
    assert "no space left" in notes[0]
    assert [event.seq for event in events] == list(range(len(events)))
    assert any(isinstance(event, CellOutput) for event in events)


def test_a_data_folder_that_is_a_file(loopback_lm: StartLM, own_home: Path) -> None:
    (own_home / "data").write_text("in the way")
    server = loopback_lm(planner_script([SUBMIT]))
    watched = run(request(server=server), keep=True)
    assert watched.session.events_path is None
    assert any("without a log" in note.text for note in watched.all(Note))
    assert isinstance(watched.events[0], RunStarted)
    assert watched.finished().status in ("submitted", "failed")  # the volume can't be made there either


@pytest.mark.parametrize("name", ["basic", "architecture"])
def test_the_offline_demo_runs_to_its_end(name: str, tmp_path: Path) -> None:
    document = tmp_path / "modules.md"
    document.write_text(
        "# Modules\n\nclass Predict(Module): predicts.\n\nclass MyOptimizer(Teleprompter): optimizes.\n" * 30
    )
    task = TaskRegistry().get(name)
    inputs = (
        {"question": "What are the first 12 Fibonacci numbers?"} if name == "basic" else {"query": "modules"}
    )
    found = None if name == "basic" else document
    asked = request(task, document=found, **inputs)  # type: ignore[arg-type]
    finished = run(asked).finished()
    assert finished.status == "submitted"
    assert set(finished.outputs) == {item.name for item in task.outputs}
    assert finished.totals.cost_usd == 0
    if name == "basic":
        assert "0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89" in finished.outputs["answer"]


def test_confinement_that_is_required_and_not_to_be_had(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from rlm_tui.sandbox import confinement

    missing = confinement.Probe(usable=False, words="bubblewrap is not installed", hint="Install bubblewrap.")
    monkeypatch.setattr(confinement, "probe_bubblewrap", lambda *_a, **_k: missing)
    settings = Settings(sandbox=SandboxSettings(confined="required"))
    asked = RunRequest(task=QUESTION, inputs={"question": "What?"}, documents={}, settings=settings)
    finished = run(asked).finished()
    assert finished.status == "failed"
    assert finished.error is not None
    assert finished.error.kind == "SandboxStartError"
    assert "bubblewrap is not installed" in finished.error.message
    assert finished.error.hint == "Install bubblewrap."


@pytest.mark.slow
def test_a_cancelled_run_does_not_keep_the_program_alive(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([SUBMIT], delay=60))
    program = f"""
import time
from rlm_tui.core.events import PlanStarted
from tests.integration.session_runs import WatchedRun, request
class Server: api_base = {server.api_base!r}
with WatchedRun(request(server=Server)) as watched:
    watched.wait_for(PlanStarted)
    time.sleep(0.3)
print("left", flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "left\n"
    began = time.monotonic()
    process.wait(30)
    assert time.monotonic() - began < 20
