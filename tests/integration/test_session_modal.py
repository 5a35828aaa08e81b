"""Runs in Modal's sandboxes (on the loopback): the same events as a local run, and what it leaves there."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rlm_tui.core.events import (
    AnyEvent,
    CellOutput,
    CellStarted,
    SandboxReady,
    SandboxStarting,
    VolumeChanged,
)
from rlm_tui.core.settings import ModalSettings
from tests.contract.sandboxes import needs_bubblewrap
from tests.integration.session_runs import KEY, READING, SUBMIT, WatchedRun, request, run
from tests.lm_server import planner_script
from tests.lm_server.fixtures import StartLM
from tests.modal_server import LoopbackModal

pytestmark = [pytest.mark.bubblewrap, needs_bubblewrap]

MODAL = ModalSettings(call_seconds=15)
VOLUME = "rlm-volume-dspy"
DOCUMENT = "# Handbook\n\n" + "".join(
    f"## class Part{n}(Module)\n\nA module that is called with inputs.\n\n" for n in range(12)
)
OWN = (
    "at",
    "seq",
    "run_id",
    "started",
    "seconds",
    "sandbox",
    "path",
    "documents",
    "prompt",
    "usage",
    "totals",
)
"""Times and ids; the sandbox itself; and the prompt, which tells the planner its Python and its volume."""


def told(events: list[AnyEvent]) -> list[dict[str, Any]]:
    """The events without times, ids of the run, the sandbox's kind, and how text was cut into pieces."""
    found: list[dict[str, Any]] = []
    for event in events:
        if isinstance(event, SandboxStarting | SandboxReady):
            continue
        plain = {name: value for name, value in msgspec.to_builtins(event).items() if name not in OWN}
        if plain["type"] in ("cell_output", "plan_delta", "call_delta"):
            before = found[-1] if found else {}
            if before.get("type") == plain["type"] and before.get("span") == plain["span"]:
                before["text"] += plain["text"]
                continue
        found.append(_without_times(plain))
    return found


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_times(item) for name, item in value.items() if name not in OWN}
    if isinstance(value, list):
        return [_without_times(item) for item in value]
    return value


def test_the_events_are_those_of_a_local_run(
    loopback_modal: LoopbackModal, loopback_lm: StartLM, tmp_path: Path
) -> None:
    document = tmp_path / "handbook.md"
    document.write_text(DOCUMENT, encoding="utf-8")
    cells = [
        ("Look.", "print(len(docs))\nparts = docs.split('## ')"),
        ("Ask.", "answers = llm_query_batched([p[:20] for p in parts])\nlen(answers)"),
        ("Keep.", "save_to_volume('kept/parts.txt', '\\n'.join(parts))\n1 / 0"),
        ("Answer.", "SUBMIT(answer=str(len(parts)) + load_from_volume('kept/parts.txt')[:3])"),
    ]

    def events(modal: ModalSettings | None) -> list[dict[str, Any]]:
        server = loopback_lm(planner_script(cells, sub_answer=lambda prompt: prompt.upper()), key=KEY)
        watched = run(request(READING, server, document=document, query="?", workers=1, modal=modal))
        assert watched.finished().status == "submitted", watched.finished().error
        return told(watched.events)

    local, modal = events(None), events(MODAL)
    assert len(local) > 20
    assert modal == local
    assert any(
        event["type"] == "volume_changed" and event["written"] == ["kept/parts.txt"] for event in modal
    )


def test_the_start_tells_its_phases_and_the_document_goes_up_once(
    loopback_modal: LoopbackModal, loopback_lm: StartLM, tmp_path: Path
) -> None:
    document = tmp_path / "long.txt"
    document.write_text("a line of text\n" * 100_000, encoding="utf-8")
    loopback_modal.misbehave.build_seconds = 0.2

    def phases() -> list[str]:
        server = loopback_lm(planner_script([("Count.", "SUBMIT(answer=str(len(docs)))")]), key=KEY)
        watched = run(request(READING, server, document=document, query="?", modal=MODAL))
        finished = watched.finished()
        assert finished.outputs == {"answer": "1500000"}, finished
        ready = watched.all(SandboxReady)[0]
        assert ready.kind == "modal"
        assert ready.volume == "/data"
        return [event.phase for event in watched.all(SandboxStarting)]

    first = phases()
    assert first[0] == "connecting to Modal"
    assert "uploading long.txt" in first
    for words in ("looking up the app", "building the image", "starting the driver"):
        assert words in first
    assert any(VOLUME in phase and "/data" in phase for phase in first)
    uploaded = loopback_modal.bytes_uploaded
    assert uploaded == 1_500_000
    second = phases()
    assert "long.txt is in the volume already" in second
    assert loopback_modal.bytes_uploaded == uploaded


def test_what_a_sandbox_is_made_with(loopback_modal: LoopbackModal, loopback_lm: StartLM) -> None:
    server = loopback_lm(
        planner_script([("Show.", "import os\nprint(sorted(os.environ.values()))"), SUBMIT]), key=KEY
    )
    settings = ModalSettings(cpu=2.0, memory_mb=1024, region="eu", timeout_seconds=600)
    watched = run(request(server=server, modal=settings))
    assert watched.finished().status == "submitted"
    (sandbox,) = loopback_modal.sandboxes
    definition = sandbox.definition
    assert definition.timeout_secs == 600
    assert definition.resources.memory_mb == 1024
    assert definition.resources.milli_cpu == 2000
    assert list(definition.scheduler_placement.regions) == ["eu"]
    assert sandbox.secret_ids == []
    assert sandbox.tags["run"] == watched.session.run_id
    assert {"rlm-tui", "run", "host", "user"} <= sandbox.tags.keys()
    assert [mount.mount_path for mount in definition.volume_mounts] == ["/data"]
    from tests.modal_server.router import blocked

    assert definition.block_network or blocked(definition)
    assert not sandbox.alive, "the end of the run ends its sandbox"
    printed = "".join(event.text for event in watched.all(CellOutput))
    for secret in (KEY, "sk-loopback-planted-key", os.environ["MODAL_TOKEN_SECRET"]):
        assert secret not in printed


def test_the_secret_is_attached_only_by_its_setting(
    loopback_modal: LoopbackModal, loopback_lm: StartLM
) -> None:
    cells = [
        ("Show.", "import os\nprint('there' if os.environ.get('DSPY_LLM_API_KEY') else 'absent')"),
        SUBMIT,
    ]
    for attach, words in ((False, "absent"), (True, "there")):
        server = loopback_lm(planner_script(cells), key=KEY)
        settings = ModalSettings(attach_secret=attach, block_network=False)
        watched = run(request(server=server, modal=settings))
        assert words in "".join(event.text for event in watched.all(CellOutput))
    assert loopback_modal.sandboxes[-1].secret_ids == ["st-LITELLM"]


def test_what_a_run_wrote_is_there_for_the_next_one(
    loopback_modal: LoopbackModal, loopback_lm: StartLM
) -> None:
    first = loopback_lm(planner_script([("Write.", "save_to_volume('a/b.txt', 'kept')"), SUBMIT]), key=KEY)
    watched = run(request(server=first, modal=MODAL))
    assert [event.written for event in watched.all(VolumeChanged)] == [["a/b.txt"]]
    assert (loopback_modal.volume(VOLUME) / "a" / "b.txt").read_text() == "kept"
    second = loopback_lm(planner_script([("Read.", "SUBMIT(answer=load_from_volume('a/b.txt'))")]), key=KEY)
    assert run(request(server=second, modal=MODAL)).finished().outputs == {"answer": "kept"}


def test_a_running_sandbox_publishes_and_reloads_when_asked(
    loopback_modal: LoopbackModal, loopback_lm: StartLM
) -> None:
    cells = [
        ("Write.", "save_to_volume('from-inside.txt', 'x')\nprint('written')"),
        ("Wait.", "import os, time\nwhile not os.path.exists('/data/from-outside.txt'): time.sleep(0.05)"),
        SUBMIT,
    ]
    outside = loopback_modal.volume(VOLUME)
    server = loopback_lm(planner_script(cells), key=KEY)
    with WatchedRun(request(server=server, modal=MODAL)) as watched:
        watched.wait_for(CellStarted, lambda event: "from-outside" in str(event.code))
        assert not (outside / "from-inside.txt").exists()
        (outside / "from-outside.txt").write_text("y")
        time.sleep(0.2)
        assert watched.session.refresh_volume()
        assert (outside / "from-inside.txt").read_text() == "x"
        assert watched.finished().status == "submitted"
    assert not watched.session.refresh_volume()
