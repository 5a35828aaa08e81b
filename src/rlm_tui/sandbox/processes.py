"""Processes of a sandbox: started from a lasting thread, found again as a tree, ended without a remainder."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

_PROC = Path("/proc")
PIPE_BYTES = 1024 * 1024
"""So much fits into a pipe to a sandbox, if the system lets one choose: in 64 KiB long frames take turns."""


def spawn(start: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """Run `start` in the one thread that lives as long as this process.

    A child that asks to die with its parent (PR_SET_PDEATHSIG, `bwrap --die-with-parent`) dies with the
    *thread* that started it, and a session's thread may end before its sandbox does.
    """
    outcome: Future[subprocess.Popen[bytes]] = Future()
    _spawner().put((start, outcome))
    return outcome.result()


def start_with_pipes(
    command: Sequence[str],
    environment: Mapping[str, str],
    directory: str | None = None,
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, in `directory`, with pipes and the descriptors `keep`.

    Raises OSError, ValueError.
    """
    process = spawn(
        lambda: subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=directory,
            pass_fds=keep,
            start_new_session=True,
            bufsize=0,
        )
    )
    for stream in (process.stdin, process.stdout):
        _widen(stream)
    return process


def _widen(stream: object) -> None:
    """Make a pipe as wide as PIPE_BYTES. Only Linux can."""
    resize = getattr(fcntl, "F_SETPIPE_SZ", None)
    if resize is not None:
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(stream.fileno(), resize, PIPE_BYTES)  # type: ignore[attr-defined]


@functools.cache
def _spawner() -> queue.SimpleQueue[
    tuple[Callable[[], subprocess.Popen[bytes]], Future[subprocess.Popen[bytes]]]
]:
    requests: queue.SimpleQueue[
        tuple[Callable[[], subprocess.Popen[bytes]], Future[subprocess.Popen[bytes]]]
    ] = queue.SimpleQueue()

    def serve() -> None:
        while True:
            start, outcome = requests.get()
            try:
                outcome.set_result(start())
            except BaseException as error:
                outcome.set_exception(error)

    threading.Thread(target=serve, name="sandbox-spawner", daemon=True).start()
    return requests


def descendants(pid: int) -> list[int]:
    """The processes below `pid`, nearest first; without `pid` itself. Empty when it is gone."""
    children = _children_from_tasks if _tasks_list_children() else _children_from_table()
    found: list[int] = []
    queue_of_parents = [pid]
    while queue_of_parents:
        for child in children(queue_of_parents.pop(0)):
            if child not in found:
                found.append(child)
                queue_of_parents.append(child)
    return found


def living(pids: Iterable[int]) -> list[int]:
    """Those that have not ended: a child that nobody waited for stays in the tree, and takes nothing."""
    found = []
    for pid in pids:
        try:
            state = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
        except (OSError, IndexError):
            state = "gone" if _PROC.joinpath("self", "stat").exists() else "unknown"
        if state not in ("Z", "X", "gone"):
            found.append(pid)
    return found


def marked(name: str, value: str) -> list[int]:
    """Processes whose environment holds `name=value`, also those that left the tree; only Linux can tell."""
    mark = f"{name}={value}".encode()
    found = []
    for entry in _process_entries():
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def end(pids: Iterable[int], group: int | None = None) -> None:
    """SIGKILL to each process, and to the process group `group`."""
    if group is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def end_marked(name: str, value: str, patience: float = 1.0) -> None:
    """SIGKILL to all that is `marked`, until two looks in a row find none or `patience` seconds pass.

    One look is not enough: a process that forks meanwhile leaves a child behind it, and one that is just
    being replaced by another program has no environment for that moment.
    """
    until = time.monotonic() + patience
    clean = 0
    while clean < 2 and time.monotonic() < until:
        if found := living(marked(name, value)):
            end(found)
        clean = 0 if found else clean + 1
        time.sleep(0.01)


# Waits for the end of its input, which comes with the end of the host. A shell's builtins and grep, no more.
_GUARDIAN = """\
while read -r _; do :; done
kill -s KILL -- "-$1"
for look in first second; do
  for process in /proc/[0-9]*; do
    if grep -qs "$3" "$process/environ"; then kill -s KILL "${process#/proc/}"; fi
  done
done
rm -rf -- "$2"
"""


def start_guardian(group: int, scratch: str, name: str, value: str) -> subprocess.Popen[bytes]:
    """A small process that outlives this one by a moment: when this one ends, however, it ends the process
    group, what is `marked`, and removes the scratch directory. For a sandbox that does not end as a whole.
    """
    return subprocess.Popen(
        ["/bin/sh", "-c", _GUARDIAN, "rlm-tui-guardian", str(group), scratch, f"{name}={value}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin"},
        cwd="/",
        start_new_session=True,
    )


def dismiss_guardian(guardian: subprocess.Popen[bytes]) -> None:
    """End a guardian whose work is done. Idempotent."""
    guardian.kill()
    guardian.wait()
    if guardian.stdin is not None:
        guardian.stdin.close()


@functools.cache
def _tasks_list_children() -> bool:
    return (_PROC / "self" / "task" / str(threading.get_native_id()) / "children").exists()


def _children_from_tasks(pid: int) -> list[int]:
    children: list[int] = []
    with contextlib.suppress(OSError):
        for task in (_PROC / str(pid) / "task").iterdir():
            with contextlib.suppress(OSError):
                children.extend(int(word) for word in (task / "children").read_text().split())
    return children


def _children_from_table() -> Callable[[int], list[int]]:
    table: dict[int, list[int]] = {}
    for pid, parent in _pid_pairs():
        table.setdefault(parent, []).append(pid)
    return lambda pid: table.get(pid, [])


def _pid_pairs() -> list[tuple[int, int]]:
    if _PROC.joinpath("self", "stat").exists():
        pairs = []
        for entry in _process_entries():
            with contextlib.suppress(OSError, ValueError, IndexError):
                # The command may hold spaces and parentheses; the fields after the last ")" are plain.
                after = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                pairs.append((int(entry.name), int(after[1])))
        return pairs
    listing = subprocess.run(
        ["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=False, timeout=5
    ).stdout
    return [
        (int(pid), int(parent)) for pid, parent in (line.split() for line in listing.splitlines() if line)
    ]


def _process_entries() -> list[Path]:
    try:
        return [entry for entry in _PROC.iterdir() if entry.name.isdigit()]
    except OSError:
        return []
