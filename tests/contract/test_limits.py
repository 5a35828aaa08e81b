"""What a sandbox may take of memory, files and processes, and that it takes nothing beyond its host's end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from dspy.primitives.code_interpreter import CodeExecutionError

from rlm_tui.core.documents import Document
from rlm_tui.sandbox import processes
from rlm_tui.sandbox.errors import SandboxLostError
from rlm_tui.sandbox.limits import DocumentTooLarge, Limits, available_memory, check_fits, memory_limit
from rlm_tui.sandbox.local import ProcessInterpreter, ProcessInterpreterFactory
from rlm_tui.sandbox.process_transport import Confinement
from tests.contract.sandboxes import both_confinements, needs_bubblewrap, on_linux, sandbox

GIBIBYTE = 1024**3


def a_document(size: int) -> Document:
    return Document(name="big.txt", path=Path("/nowhere/big.txt"), size=size, encoding="utf-8", modified=0.0)


def test_the_memory_limit_is_two_gibibytes_or_five_times_the_documents() -> None:
    assert memory_limit([]) == 2 * GIBIBYTE
    assert memory_limit([a_document(83_000)]) == 2 * GIBIBYTE
    assert memory_limit([a_document(GIBIBYTE), a_document(GIBIBYTE)]) == 10 * GIBIBYTE
    assert memory_limit([a_document(GIBIBYTE)], memory_bytes=7) == 7


def test_a_document_that_cannot_fit_is_refused_with_both_figures() -> None:
    with pytest.raises(
        DocumentTooLarge, match=r"big\.txt does not fit.*5.*GB.*2.*GB.*free on this machine"
    ) as caught:
        check_fits([a_document(10**9)], available=2 * 10**9)
    assert (caught.value.needed, caught.value.available) == (5 * 10**9, 2 * 10**9)
    with pytest.raises(DocumentTooLarge, match="the setting") as caught:
        check_fits([a_document(10**9)], memory_bytes=10**9, available=10**12)
    assert "sandbox.memory_bytes" in caught.value.hint
    with pytest.raises(DocumentTooLarge):
        ProcessInterpreterFactory(documents=[a_document(10**15)], confined="off").check_fits()
    check_fits([a_document(10**9)], available=6 * 10**9)


def test_the_memory_there_is_can_be_told() -> None:
    free = available_memory()
    assert free is not None
    assert free > 10_000_000


@on_linux
@both_confinements
def test_using_up_the_memory_is_an_error_of_the_cell(confined: Confinement) -> None:
    with sandbox(confined, limits=Limits(memory_bytes=400 * 1024**2)) as interpreter:
        with pytest.raises(CodeExecutionError, match="MemoryError"):
            interpreter.execute("kept = 1\nx = bytearray(600 * 1024**2)")
        with pytest.raises(CodeExecutionError, match="MemoryError"):
            interpreter.execute("lists = []\nwhile True: lists.append('x' * 10_000_000)")
        assert interpreter.execute("lists = None\nkept") == "1\n"


@both_confinements
def test_a_file_beyond_the_limit_is_an_error_of_the_cell(tmp_path: Path, confined: Confinement) -> None:
    with sandbox(confined, volume=tmp_path, limits=Limits(file_size_bytes=100_000)) as interpreter:
        with pytest.raises(CodeExecutionError, match="File too large"):
            interpreter.execute("save_to_volume('large.bin', b'x' * 200_000)")
        assert interpreter.execute("load_from_volume(save_to_volume('small.txt', 'fine'))") == "'fine'\n"


@on_linux
@both_confinements
def test_too_many_processes_are_ended_and_then_the_sandbox(confined: Confinement) -> None:
    with sandbox(confined, limits=Limits(processes=20)) as interpreter:
        driver = interpreter.pid
        assert driver is not None
        interpreter.execute("import subprocess\nsubprocess.run(['true'])")
        with pytest.raises(
            SandboxLostError, match=r"kept starting processes \(\d+; at most 20 are allowed\)"
        ):
            interpreter.execute(
                "import subprocess, time\nuntil = time.time() + 20\n"
                "while time.time() < until:\n"
                "    for _ in range(30): subprocess.Popen(['sleep', '30'])\n"
                "    time.sleep(0.01)"
            )
        assert processes.descendants(driver) == []


@on_linux
@both_confinements
def test_a_cells_surplus_processes_are_ended_and_the_session_lives(confined: Confinement) -> None:
    with sandbox(confined, limits=Limits(processes=20)) as interpreter:
        codes = interpreter.execute(
            "import subprocess, time\nstarted = [subprocess.Popen(['sleep', '30']) for _ in range(60)]\n"
            "time.sleep(1)\ncodes = {process.poll() for process in started}\n"
            "for process in started: process.kill()\n"
            "print(-9 in codes, codes <= {-9, None})"
        )
        assert codes == "True True\n"
        assert interpreter.execute("1") == "1\n"


# Speaks the wire itself: a host that imported dspy would take seconds to come up.
HOST = """
import sys
from pathlib import Path
from rlm_tui.sandbox.process_transport import ProcessTransport
from rlm_tui.sandbox.wire import Execute, FrameReader, Hello, Output, encode
transport = ProcessTransport(confined=sys.argv[1], volume=Path(sys.argv[2]))
transport.start()
code = '''
import subprocess, os, sys
subprocess.Popen(['sleep', '4321.25'])
subprocess.Popen(['sleep', '4321.25'], start_new_session=True)
subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(4321.25)', '4321.25'])
print(os.getcwd(), flush=True)
'''
transport.send(encode(Hello(limits=transport.limits)) + encode(Execute(id=1, code=code + sys.argv[3])))
reader = FrameReader()
while True:
    for frame in reader.feed(transport.receive()):
        if isinstance(frame, Output):
            print(transport.pid, frame.text.strip(), flush=True)
"""


@on_linux
@both_confinements
@pytest.mark.parametrize("busy", ["import time; time.sleep(99)", "sum(iter(int, 1))"], ids=["asleep", "hung"])
def test_it_dies_with_its_host_and_leaves_nothing(tmp_path: Path, confined: Confinement, busy: str) -> None:
    host = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOST), confined, str(tmp_path), busy],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert host.stdout is not None
        pid, scratch = host.stdout.readline().split()
        assert _runs(int(pid))
        time.sleep(0.2)
    finally:
        host.send_signal(signal.SIGKILL)
        host.wait()
    until = time.monotonic() + 5
    while _runs(int(pid)) or _of_command("4321.25") or (confined == "off" and Path(scratch).exists()):
        assert time.monotonic() < until, (_runs(int(pid)), _of_command("4321.25"), Path(scratch).exists())
        time.sleep(0.05)


@both_confinements
def test_it_outlives_the_thread_that_started_it(confined: Confinement) -> None:
    interpreter = ProcessInterpreter(confined=confined)
    starter = threading.Thread(target=interpreter.start)
    starter.start()
    starter.join()
    time.sleep(0.3)
    try:
        assert interpreter.execute("'alive'") == "'alive'\n"
    finally:
        interpreter.shutdown()


@pytest.mark.bubblewrap
@needs_bubblewrap
def test_scratch_memory_is_bounded_too() -> None:
    with sandbox("required") as interpreter:
        sizes = interpreter.execute(
            "import os\nprint(*[os.statvfs(p).f_blocks * os.statvfs(p).f_frsize "
            "for p in ('/tmp', '/dev/shm')])"
        )
        assert [int(size) for size in re.findall(r"\d+", sizes)] == [GIBIBYTE, 256 * 1024**2]


def test_the_process_tree_is_the_same_however_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with sandbox("off") as interpreter:
        assert interpreter.pid is not None
        interpreter.execute("import subprocess\nsubprocess.Popen(['sh', '-c', 'sleep 30 & sleep 30; true'])")
        until = time.monotonic() + 5
        while len(found := processes.descendants(interpreter.pid)) < 3:
            assert time.monotonic() < until
        monkeypatch.setattr(processes, "_tasks_list_children", lambda: False)
        assert sorted(processes.descendants(interpreter.pid)) == sorted(found)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _of_command(word: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if word.encode() in words:
                found.append(int(entry.name))
    return found
