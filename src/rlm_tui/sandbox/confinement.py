"""Bubblewrap: whether it is usable here, and the arguments that confine a driver with it.

Inside there is no network, no home, no environment but what is listed, a read-only system, `/tmp` of its own,
the volume at `/data` and the documents read-only under `/documents`.
"""

from __future__ import annotations

import functools
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

VOLUME = "/data"
DOCUMENTS = "/documents"
DRIVER = "/driver.py"
SCRATCH = "/tmp"
SCRATCH_BYTES = 1024**3
SHARED_MEMORY_BYTES = 256 * 1024**2
HASH_SEED = "0"
"""The same in every sandbox: a set of texts has the same order when its cell is executed again."""

_SYSTEM_DIRECTORIES = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime", "/etc/nsswitch.conf")
# Package stores whose programs need more of the store than their own prefix.
_STORES = ("/nix/store", "/gnu/store", "/home/linuxbrew/.linuxbrew")
_SAFE_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class Features(msgspec.Struct, frozen=True):
    """What this bubblewrap and this kernel allow, from most to least."""

    disable_userns: bool = True
    sized_tmpfs: bool = True
    proc: bool = True


_VARIANTS = (
    Features(),
    Features(disable_userns=False),
    Features(disable_userns=False, sized_tmpfs=False),
    Features(disable_userns=False, sized_tmpfs=False, proc=False),
)


class Probe(msgspec.Struct, frozen=True):
    """Whether cells can be confined here; if not, `words` are bubblewrap's own and `hint` says what to do."""

    usable: bool
    words: str
    hint: str = ""
    executable: str = ""
    features: Features = Features()


def probe_bubblewrap(executable: str | None = None) -> Probe:
    """Start this Python under the arguments that a driver will have; asked once for each executable."""
    return _probe(executable or shutil.which("bwrap") or "")


@functools.cache
def _probe(executable: str) -> Probe:
    if platform.system() != "Linux":
        return Probe(False, "bubblewrap runs on Linux only")
    if not executable:
        return Probe(
            False,
            "bubblewrap is not installed",
            "Install it to confine cells, for example: apt install bubblewrap",
        )
    words = ""
    for features in _VARIANTS:
        probe = Probe(True, "bubblewrap: no network, no home, read-only system", "", executable, features)
        arguments = [
            *bubblewrap_arguments(probe, None, {}, {}),
            str(python_executable()),
            "-I",
            "-S",
            "-c",
            "pass",
        ]
        try:
            outcome = subprocess.run(
                arguments, capture_output=True, stdin=subprocess.DEVNULL, timeout=10, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return Probe(False, f"bubblewrap can't be started: {error}", "", executable)
        if outcome.returncode == 0:
            return probe
        words = outcome.stderr.decode("utf-8", "replace").strip() or f"exit status {outcome.returncode}"
    return Probe(
        False,
        f"bubblewrap is not usable here: {words.splitlines()[-1][:200]}",
        "Containers and AppArmor can forbid it: see kernel.apparmor_restrict_unprivileged_userns.",
        executable,
    )


def bubblewrap_arguments(
    probe: Probe, volume: Path | None, files: Mapping[Path, str], environment: Mapping[str, str]
) -> list[str]:
    """The command line up to the program: `files` maps what is shown read-only to its path inside."""
    features = probe.features
    arguments = [probe.executable, "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
    arguments += ["--disable-userns"] if features.disable_userns else []
    arguments += ["--cap-drop", "ALL", "--hostname", "sandbox", "--clearenv"]
    for name, value in environment.items():
        arguments += ["--setenv", name, value]
    for directory in map(Path, _SYSTEM_DIRECTORIES):
        if directory.is_symlink():
            arguments += ["--symlink", str(directory.readlink()), str(directory)]
        elif directory.is_dir():
            arguments += ["--ro-bind", str(directory), str(directory)]
    for path in _SYSTEM_FILES:
        arguments += ["--ro-bind-try", path, path]
    for root in python_roots():
        arguments += ["--ro-bind", str(root), str(root)]
    arguments += ["--proc", "/proc"] if features.proc else ["--dir", "/proc"]
    arguments += ["--dev", "/dev", *_tmpfs("/dev/shm", SHARED_MEMORY_BYTES, features), "--remount-ro", "/dev"]
    arguments += _tmpfs(SCRATCH, SCRATCH_BYTES, features)
    for source, destination in files.items():
        arguments += ["--ro-bind", str(source), destination]
    if volume is not None:
        arguments += ["--bind", str(volume), VOLUME]
    return [*arguments, "--remount-ro", "/", "--chdir", SCRATCH]


def document_destination(number: int, name: str) -> str:
    """Where the sandbox sees a document: never a path that its name could lead elsewhere."""
    return f"{DOCUMENTS}/{number}-{_SAFE_NAME.sub('_', name).strip('.')[-80:] or 'document'}"


@functools.cache
def python_executable() -> Path:
    """The real interpreter binary: not a virtual environment's link nor a version manager's shim."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    return Path(base).resolve()


@functools.cache
def python_roots() -> tuple[Path, ...]:
    """Directories outside the system's that the interpreter needs, none inside another."""
    executable = python_executable()
    wanted = {Path(sys.base_prefix).resolve(), Path(sys.base_exec_prefix).resolve()}
    wanted.add(executable.parent.parent if executable.parent.name == "bin" else executable.parent)
    for store in map(Path, _STORES):
        if any(root.is_relative_to(store) for root in wanted):
            wanted.add(store)
    system = [Path(directory).resolve() for directory in _SYSTEM_DIRECTORIES]
    outside = {
        root
        for root in wanted
        if root != Path(root.anchor) and not any(root.is_relative_to(directory) for directory in system)
    }
    return tuple(
        sorted(
            root
            for root in outside
            if not any(root != other and root.is_relative_to(other) for other in outside)
        )
    )


def sandbox_environment(home: str, mark: tuple[str, str]) -> dict[str, str]:
    """All that a sandbox's environment holds, confined or not: nothing of the host's but its time zone."""
    environment = {
        "PATH": f"{python_executable().parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "PYTHONHASHSEED": HASH_SEED,
        # Each arena reserves 64 MB of address space, which the memory limit would count.
        "MALLOC_ARENA_MAX": "2",
        mark[0]: mark[1],
    }
    if "TZ" in os.environ:
        environment["TZ"] = os.environ["TZ"]
    return environment


def _tmpfs(path: str, size: int, features: Features) -> list[str]:
    return [*(["--size", str(size)] if features.sized_tmpfs else []), "--tmpfs", path]
