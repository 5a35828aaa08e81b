"""A driver's process on this machine, and all that it starts: started, found, ended without a remainder."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path

from rlm_tui.sandbox import confinement, processes

MARK = "RLM_TUI_SANDBOX"


def start_confined(
    probe: confinement.Probe, volume: Path | None, driver: Path, documents: Mapping[Path, str]
) -> DriverProcess:
    """Start `driver` under bubblewrap; `documents` maps files to paths inside. Raises OSError, ValueError."""
    mark = secrets.token_hex(16)
    files = {**documents, driver: confinement.DRIVER}
    environment = confinement.sandbox_environment(confinement.SCRATCH, (MARK, mark))
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as pipe:
        try:
            arguments = confinement.bubblewrap_arguments(probe, volume, files, environment)
            command = [*arguments, "--info-fd", str(write_end), *_python(confinement.DRIVER)]
            popen = processes.start_with_pipes(command, {}, keep=(write_end,))
        finally:
            os.close(write_end)
        # Nothing to read means that bubblewrap left; its stderr says why.
        information = pipe.read()
    init_pid: int | None = None
    with contextlib.suppress(ValueError, KeyError):
        init_pid = int(json.loads(information)["child-pid"])
    return DriverProcess(popen, mark, confined=True, init_pid=init_pid)


def start_plain(driver: Path) -> DriverProcess:
    """Start `driver` as a plain process in a scratch directory. Raises OSError, ValueError."""
    mark = secrets.token_hex(16)
    scratch = tempfile.mkdtemp(prefix="rlm-tui-sandbox-")
    try:
        environment = confinement.sandbox_environment(scratch, (MARK, mark))
        popen = processes.start_with_pipes(_python(str(driver)), environment, scratch)
        try:
            guardian = processes.spawn(lambda: processes.start_guardian(popen.pid, scratch, MARK, mark))
        except OSError:
            processes.end((), group=popen.pid)
            raise
    except (OSError, ValueError):
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return DriverProcess(popen, mark, confined=False, scratch=scratch, guardian=guardian)


class DriverProcess:
    """One driver and the processes below it. All of them carry `mark` in their environment.

    Confined, `init_pid` is the first process of its namespace; a plain one has a `scratch` directory and a
    `guardian`, which tidies up where this program can't.
    """

    def __init__(
        self,
        popen: subprocess.Popen[bytes],
        mark: str,
        *,
        confined: bool,
        init_pid: int | None = None,
        scratch: str | None = None,
        guardian: subprocess.Popen[bytes] | None = None,
    ) -> None:
        self.popen = popen
        self._mark = mark
        self._confined = confined
        self._init_pid = init_pid
        self._guardian = guardian
        self._ended = False
        self._remove_scratch: weakref.finalize[..., DriverProcess] | None = None
        if scratch is not None:
            self._remove_scratch = weakref.finalize(self, shutil.rmtree, scratch, ignore_errors=True)

    def driver_pid(self) -> int | None:
        """The process id of the driver itself on this machine; None once it is gone."""
        if self.popen.poll() is not None:
            return None
        if not self._confined:
            return self.popen.pid
        # Bubblewrap's own first process in the sandbox starts the driver before anything else can run there.
        below = processes.descendants(self._init_pid) if self._init_pid is not None else []
        return below[0] if below else None

    def end_everything(self) -> None:
        """End the driver and all that it started, also what left its tree. Idempotent."""
        if self._ended:
            return
        below = processes.descendants(self.popen.pid)
        if self._init_pid is not None:
            # The end of its first process ends the whole process namespace.
            processes.end([self._init_pid])
        processes.end(below, group=self.popen.pid)
        if not self._confined:
            processes.end_marked(MARK, self._mark)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(2)
            # From here on the process id may be somebody else's.
            self._ended = True

    def tidy_up(self) -> None:
        """Remove the scratch directory and dismiss the guardian, once everything has ended. Idempotent."""
        if self._remove_scratch is not None:
            self._remove_scratch()
        if self._guardian is not None:
            processes.dismiss_guardian(self._guardian)


def _python(driver: str) -> list[str]:
    # Not "-I": that has the seed of hashes ignored, too, and the environment is ours alone.
    return [str(confinement.python_executable()), "-s", "-P", "-B", "-u", "-X", "utf8", driver]
