"""`rlm-tui volume` as a process, on a directory and on a loopback Modal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.core.paths import volumes_directory
from tests.integration.command_line import Ended, rlm_tui
from tests.modal_server.server import LoopbackModal

FILE_BYTES = 60_000_000


class Command:
    """`rlm-tui volume` on one kind of volume."""

    def __init__(self, kind: str, server: LoopbackModal | None) -> None:
        self.kind = kind
        self.server = server

    def __call__(self, *arguments: str | Path) -> Ended:
        return rlm_tui("volume", *map(str, arguments), "--backend", self.kind)

    def json(self, *arguments: str | Path) -> Any:
        return self(*arguments, "--json").json

    @property
    def files(self) -> Path:
        if self.server is not None:
            return self.server.volume("rlm-volume-dspy")
        return volumes_directory() / "rlm-volume-dspy"


@pytest.fixture(params=["local", "modal"])
def command(request: pytest.FixtureRequest) -> Command:
    server = request.getfixturevalue("loopback_modal") if request.param == "modal" else None
    return Command(request.param, server)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    (folder / "inner").mkdir(parents=True)
    (folder / "notes.md").write_text("kept\n")
    (folder / "inner" / "data.bin").write_bytes(bytes(range(256)))
    return folder


@pytest.mark.slow
def test_a_folder_goes_in_is_looked_at_and_comes_back(command: Command, own: Path, tmp_path: Path) -> None:
    put = command("put", own, "/kept/")
    assert (put.code, put.stdout) == (0, f"{own} is at /kept/own\n")
    listed = command.json("ls", "/kept/own")
    assert [(one["path"], one["kind"], one["size"]) for one in listed["entries"]] == [
        ("/kept/own/inner", "folder", None),
        ("/kept/own/notes.md", "file", 5),
    ]
    assert (listed["volume"], listed["backend"]) == ("rlm-volume-dspy", command.kind)
    assert "notes.md" in command("ls", "kept/own").stdout
    used = command.json("du")
    assert (used["size"], used["files"], used["folders"]) == (261, 2, 3)
    assert used["entries"] == [{"path": "/kept", "size": 261, "files": 2}]
    assert [one["path"] for one in command.json("find", "*.BIN")["entries"]] == ["/kept/own/inner/data.bin"]
    assert command("find", "nothing-like-it").code == 1
    got = command("get", "/kept/own", tmp_path / "back")
    assert got.code == 0
    assert (tmp_path / "back/inner/data.bin").read_bytes() == bytes(range(256))
    assert command("get", "/kept/own/notes.md", "-").stdout == "kept\n"
    assert command.json("volumes")["volumes"][0]["name"] == "rlm-volume-dspy"


@pytest.mark.slow
def test_copies_moves_and_deletions(command: Command, own: Path) -> None:
    command("put", own / "notes.md", "/")
    assert command.json("cp", "/notes.md", "/more/")["path"] == "/more/notes.md"
    assert command("mv", "/notes.md", "/more/new.md").stdout == "/notes.md is now /more/new.md\n"
    occupied = command("cp", "/more/new.md", "/more/notes.md")
    assert occupied.code == 1
    assert "/more/notes.md is there already" in occupied.stderr
    unasked = command("rm", "/more")
    assert (unasked.code, "Add --yes." in unasked.stderr) == (2, True)
    assert sorted(path.name for path in (command.files / "more").iterdir()) == ["new.md", "notes.md"]
    assert command("rm", "/more", "--yes").stdout == "/more is deleted\n"
    gone = command("ls", "/more", "--json")
    assert gone.code == 1
    assert "/more is not in the volume" in gone.json["error"]["message"]


@pytest.mark.slow
def test_paths_that_lead_out_are_asked_wrongly(command: Command, own: Path, tmp_path: Path) -> None:
    command("put", own / "notes.md", "/")
    for arguments in (
        ("ls", "/.."),
        ("get", "../../etc/passwd", str(tmp_path)),
        ("put", str(own / "notes.md"), "../out"),
        ("rm", "a/../../x", "--yes"),
        ("mv", "/notes.md", "/../notes.md"),
    ):
        refused = command(*arguments)
        assert refused.code == 2, refused
        assert "leads out of the volume" in refused.stderr
    assert [path.name for path in command.files.iterdir() if path.is_file()] == ["notes.md"]


def _wait_for(condition: Any, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, "it never began"
        time.sleep(0.01)


def _interrupted(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "rlm_tui", "volume", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_an_interrupted_upload_leaves_no_half_file(loopback_modal: LoopbackModal, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(os.urandom(FILE_BYTES))
    loopback_modal.misbehave.upload_seconds = 0.01
    process = _interrupted("put", str(tmp_path / "large"), "/", "--backend", "modal")
    _wait_for(lambda: loopback_modal.bytes_uploaded > 0, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, (out, err)
    assert "nothing of it is" in err
    assert "Traceback" not in err
    assert list(loopback_modal.volume("rlm-volume-dspy").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_local_transfer_leaves_no_half_file(tmp_path: Path, kind: signal.Signals) -> None:
    root = volumes_directory() / "rlm-volume-dspy"
    root.mkdir(parents=True)
    with (root / "sparse").open("wb") as file:
        file.truncate(2**36)
    target = tmp_path / "to"
    target.mkdir()
    process = _interrupted("get", "/sparse", str(target), "--backend", "local")
    _wait_for(lambda: any(target.iterdir()), process)
    process.send_signal(kind)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, (out, err)
    assert "nothing of it is" in err
    assert list(target.iterdir()) == []


@pytest.mark.slow
def test_a_full_volume_and_a_broken_upload(loopback_modal: LoopbackModal, own: Path) -> None:
    loopback_modal.misbehave.quota = 100
    full = rlm_tui("volume", "put", str(own), "/", "--backend", "modal")
    assert full.code == 1
    assert "volume rlm-volume-dspy is full" in full.stderr
    assert "rlm-tui volume du" in full.stderr
    assert list(loopback_modal.volume("rlm-volume-dspy").iterdir()) == []
    loopback_modal.misbehave.quota = None
    loopback_modal.misbehave.break_uploads = 1
    mended = rlm_tui("volume", "put", str(own), "/", "--backend", "modal")
    assert mended.code == 0, "a connection that breaks once is tried again"


@pytest.mark.slow
def test_modal_that_can_not_be_asked(loopback_modal: LoopbackModal) -> None:
    wrong = rlm_tui("volume", "ls", "--backend", "modal", MODAL_TOKEN_SECRET="as-planted-9")
    assert wrong.code == 1
    assert "does not accept the token" in wrong.stderr
    assert "as-planted-9" not in wrong.stdout + wrong.stderr
    loopback_modal.misbehave.unreachable = True
    began = time.monotonic()
    away = rlm_tui("volume", "ls", "--backend", "modal", "--json", RLM_TUI_MODAL_CALL_SECONDS="3")
    assert away.code == 1
    assert time.monotonic() - began < 20
    assert "Modal" in away.json["error"]["message"]
    assert away.json["error"]["hint"]


def test_what_is_asked_wrongly() -> None:
    assert "There is no kind of volume 's3'" in rlm_tui("volume", "ls", "--backend", "s3").stderr
    for name in ("../x", "..", "", "a/b"):
        refused = rlm_tui("volume", "ls", "--volume", name)
        assert refused.code == 2, name
        assert "sandbox.volume" in refused.stderr
    absent = rlm_tui("volume", "ls", "--backend", "local", "--volume", "absent")
    assert (absent.code, absent.stderr) == (
        1,
        "rlm-tui: There is no volume absent. A run or an upload makes it.\n",
    )
    assert not (volumes_directory() / "absent").exists()
