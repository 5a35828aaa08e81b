"""What a cell can reach: nothing but its own when confined, and no secret of the host in either case."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from dspy.primitives.code_interpreter import CodeExecutionError

from rlm_tui.sandbox.confinement import Probe, document_destination, probe_bubblewrap
from rlm_tui.sandbox.document_input import DocumentInput
from rlm_tui.sandbox.errors import SandboxStartError
from rlm_tui.sandbox.local import ProcessInterpreter
from rlm_tui.sandbox.process_transport import Confinement, ProcessTransport
from tests.contract.sandboxes import both_confinements, needs_bubblewrap, on_linux, sandbox, write_document

confined_only = [pytest.mark.bubblewrap, needs_bubblewrap]

REACH = """
import os, socket
def tries(action):
    try:
        return repr(action())
    except Exception as error:
        return type(error).__name__
"""


class TestConfined:
    pytestmark = confined_only

    def test_there_is_no_network(self) -> None:
        with sandbox("required") as interpreter:
            interpreter.execute(REACH)
            names = interpreter.execute("print(sorted(name for _, name in socket.if_nameindex()))")
            assert names == "['lo']\n"
            assert "OSError" in interpreter.execute(
                "tries(lambda: socket.create_connection(('192.0.2.1', 80), 2))"
            )

    def test_a_service_of_the_host_cannot_be_reached(self) -> None:
        import socket

        with socket.create_server(("127.0.0.1", 0)) as server, sandbox("required") as interpreter:
            port = server.getsockname()[1]
            interpreter.execute(REACH)
            outcome = interpreter.execute(
                f"tries(lambda: socket.create_connection(('127.0.0.1', {port}), 2))"
            )
            assert outcome == "'ConnectionRefusedError'\n"

    def test_no_file_of_the_host_is_there_but_the_system_and_the_interpreter(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret.txt"
        secret.write_text("x")
        with sandbox("required") as interpreter:
            interpreter.execute(REACH)
            for path in (
                secret,
                Path.home() / ".bashrc",
                Path(__file__),
                "/etc/shadow",
                "/etc/passwd",
                "/root/.ssh",
            ):
                assert interpreter.execute(f"os.path.exists({str(path)!r})") == "False\n"

    def test_the_system_is_read_only_and_only_the_scratch_and_the_volume_are_writable(
        self, tmp_path: Path
    ) -> None:
        with sandbox("required", volume=tmp_path / "volume") as interpreter:
            interpreter.execute(REACH)
            for path in ("/x", "/usr/x", "/etc/x", "/dev/x", "/documents/x", "/driver.py"):
                assert "Error" in interpreter.execute(f"tries(lambda: open({path!r}, 'w'))"), path
            assert interpreter.execute(
                "print(open('/tmp/x', 'w').write('ok'), open('/data/x', 'w').write('ok'))"
            )
        assert (tmp_path / "volume" / "x").read_text() == "ok"

    def test_processes_of_the_host_cannot_be_seen(self) -> None:
        with sandbox("required") as interpreter:
            listed = interpreter.execute(
                "print(*[p for p in __import__('os').listdir('/proc') if p.isdigit()])"
            )
            assert str(os.getpid()) not in listed.split() or os.getpid() < 10
            assert len(listed.split()) <= 3

    def test_no_privilege_is_left(self) -> None:
        with sandbox("required") as interpreter:
            status = interpreter.execute("print(open('/proc/self/status').read())")
            assert "CapEff:\t0000000000000000" in status
            assert "NoNewPrivs:\t1" in status

    def test_documents_are_read_only_and_carry_no_host_path(self, tmp_path: Path) -> None:
        document = write_document(tmp_path, "text", name="a b;$(x).txt")
        with sandbox("required", documents=[document]) as interpreter:
            interpreter.bind_document("docs", DocumentInput(document))
            interpreter.execute(REACH)
            assert interpreter.execute("docs") == "'text'\n"
            (name,) = interpreter.execute("print(*os.listdir('/documents'), sep='/')").split()
            assert name == "1-a_b_x_.txt"
            assert "Error" in interpreter.execute(f"tries(lambda: open('/documents/{name}', 'a'))")
            mounts = interpreter.execute("print(open('/proc/self/environ').read(), os.getcwd())")
            assert str(tmp_path) not in mounts

    def test_the_volume_lasts_from_one_sandbox_to_the_next(self, tmp_path: Path) -> None:
        for round_ in ("save_to_volume('notes/a.txt', 'kept')", "load_from_volume('notes/a.txt')"):
            with sandbox("required", volume=tmp_path / "volume") as interpreter:
                shown = interpreter.execute(round_)
        assert shown == "'kept'\n"
        assert (tmp_path / "volume" / "notes" / "a.txt").read_text() == "kept"

    def test_its_description_says_so(self, tmp_path: Path) -> None:
        with sandbox("required", volume=tmp_path) as interpreter:
            assert interpreter.description.confined
            assert interpreter.description.volume == "/data"
            assert "no network" in interpreter.description.detail


@on_linux
@both_confinements
def test_the_environment_holds_nothing_of_the_hosts(
    confined: Confinement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-secret")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    with sandbox(confined) as interpreter:
        names = interpreter.execute("import os\nprint(*sorted(os.environ))").split()
        everything = interpreter.execute("print(open('/proc/self/environ').read(), dict(os.environ))")
        assert "sk-planted-secret" not in everything
        assert set(names) <= {
            *("HOME", "LANG", "LC_ALL", "LC_CTYPE", "MALLOC_ARENA_MAX", "PATH", "PWD"),
            *("PYTHONHASHSEED", "RLM_TUI_SANDBOX", "TERM", "TMPDIR", "TZ"),
        }
        home = interpreter.execute("print(os.environ['HOME'], os.getcwd())").split()
        assert home[0] == home[1] != str(Path.home())


@both_confinements
def test_the_same_python_runs_without_the_packages_of_this_environment(confined: Confinement) -> None:
    import sys

    with sandbox(confined) as interpreter:
        version = interpreter.execute("import sys\nprint('.'.join(map(str, sys.version_info[:3])))")
        assert version.strip() == ".".join(map(str, sys.version_info[:3]))
        with pytest.raises(CodeExecutionError, match="No module named 'textual'"):
            interpreter.execute("import textual")


def test_without_bubblewrap_it_runs_unconfined_and_says_why(tmp_path: Path) -> None:
    probe = probe_bubblewrap("/nonexistent/bwrap")
    assert not probe.usable
    with sandbox("auto", probe=probe, volume=tmp_path) as interpreter:
        assert not interpreter.description.confined
        assert interpreter.description.detail.startswith("unconfined: bubblewrap can't be started")
        assert interpreter.description.volume == str(tmp_path)
        assert interpreter.execute("load_from_volume(save_to_volume('a.txt', 'x'))") == "'x'\n"


def test_required_without_bubblewrap_does_not_start_and_says_what_to_do() -> None:
    missing = Probe(False, "bubblewrap is not installed", "Install it, for example: apt install bubblewrap")
    interpreter = ProcessInterpreter(confined="required", probe=missing)
    with pytest.raises(SandboxStartError, match="bubblewrap is not installed") as caught:
        interpreter.start()
    assert "apt install" in caught.value.hint


def test_a_bubblewrap_that_fails_is_shown_in_its_own_words(tmp_path: Path) -> None:
    failing = tmp_path / "bwrap"
    failing.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    failing.chmod(failing.stat().st_mode | stat.S_IXUSR)
    probe = probe_bubblewrap(str(failing))
    assert not probe.usable
    assert "setting up uid map: Permission denied" in probe.words
    assert probe.hint


def test_a_document_that_was_not_given_at_the_start_is_refused(tmp_path: Path) -> None:
    document = write_document(tmp_path, "text")
    with sandbox("off") as interpreter, pytest.raises(RuntimeError, match=r"document\.txt was not given"):
        interpreter.bind_document("docs", DocumentInput(document))


def test_a_documents_name_never_leads_elsewhere() -> None:
    for name in ("../../etc/passwd", "..", "", "a/b", "x" * 300, "naïve 漢.txt", ".hidden"):
        place = document_destination(3, name)
        assert place.startswith("/documents/3-")
        assert "/" not in place.removeprefix("/documents/")
        assert len(place) < 120


def test_what_is_told_of_a_sandbox_before_it_starts() -> None:
    description = ProcessTransport(confined="off").description
    assert (description.kind, description.confined) == ("local", False)
    assert description.detail == "unconfined: switched off by the settings"
