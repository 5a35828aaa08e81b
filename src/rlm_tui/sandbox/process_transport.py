"""A driver as a process on this machine: under bubblewrap where that is usable, else a plain process."""

from __future__ import annotations

import collections
import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from rlm_tui.core.content import driver_path
from rlm_tui.core.documents import Document
from rlm_tui.core.events import SandboxDescription
from rlm_tui.sandbox import confinement, processes
from rlm_tui.sandbox.driver_process import DriverProcess, start_confined, start_plain
from rlm_tui.sandbox.limits import Limits, driver_limits
from rlm_tui.sandbox.phases import TellPhase, tell_nobody
from rlm_tui.sandbox.private_files import take_file
from rlm_tui.sandbox.transport import Ending, TransportClosedError, TransportError, TransportStartError

Confinement = Literal["auto", "required", "off"]

# Without /proc each look at the processes starts `ps`.
WATCH_SECONDS = 0.25 if Path("/proc/self").exists() else 2.0
START_SECONDS = 20.0


class ProcessTransport:
    """One driver process with pipes. Cells see the volume at `/data` when confined, else at its real path.

    `confined` "auto" takes bubblewrap if it is usable, "required" fails without it, "off" never uses it.
    """

    def __init__(
        self,
        *,
        documents: Sequence[Document] = (),
        volume: Path | None = None,
        confined: Confinement = "auto",
        limits: Limits = Limits(),  # noqa: B008 - frozen
        probe: confinement.Probe | None = None,
        driver: Path | None = None,
    ) -> None:
        self._volume = volume
        self._confined_wish = confined
        self._limits = limits
        self._documents = tuple(documents)
        self._probe = probe
        self._driver = driver
        self._process: DriverProcess | None = None
        self._send_lock = threading.Lock()
        self._kill_lock = threading.Lock()
        self._stderr: collections.deque[bytes] = collections.deque(maxlen=16)
        self._stderr_reader = threading.Thread(target=self._drain_stderr, name="sandbox-stderr", daemon=True)
        self._reason = ""

    @property
    def confined(self) -> bool:
        return self._confined_wish != "off" and self._probed().usable

    @property
    def description(self) -> SandboxDescription:
        """Kind, confinement and the reason for it, and the volume's path as cells see it."""
        if self._confined_wish == "off":
            detail = "unconfined: switched off by the settings"
        else:
            detail = self._probed().words if self.confined else f"unconfined: {self._probed().words}"
        return SandboxDescription(
            kind="local", confined=self.confined, detail=detail, volume=self._volume_inside() or ""
        )

    @property
    def limits(self) -> dict[str, int | float | None]:
        return driver_limits(self._limits, self._documents, confined=self.confined)

    def take_private_file(self, name: str) -> str:
        return take_file(self._volume, name)

    @property
    def pid(self) -> int | None:
        """The process id of the driver (of bubblewrap, when confined) on this machine."""
        return None if self._process is None else self._process.popen.pid

    @property
    def way_seconds(self) -> float:
        return 0.0

    @property
    def start_seconds(self) -> float:
        return START_SECONDS

    def fresh(self, volume: str = "") -> ProcessTransport:
        return ProcessTransport(
            documents=self._documents,
            volume=Path(volume) if volume else self._volume,
            confined=self._confined_wish,
            limits=self._limits,
            probe=self._probe,
            driver=self._driver,
        )

    def start(self, tell: TellPhase = tell_nobody) -> None:
        tell("bubblewrap" if self.confined else "process")
        if self._process is not None:
            raise TransportStartError("This sandbox was started before.")
        if self._confined_wish == "required" and not self.confined:
            raise TransportStartError(
                f"Confinement is required and {self._probed().words}.",
                self._probed().hint or "Set sandbox.confined to auto to run without it.",
            )
        try:
            if self._volume is not None:
                self._volume.mkdir(parents=True, exist_ok=True)
            self._process = self._start_driver()
        except (OSError, ValueError) as error:
            raise TransportStartError(f"The sandbox can't be started: {error}.") from error
        self._stderr_reader.start()
        threading.Thread(target=self._supervise, name="sandbox-watch", daemon=True).start()

    def send(self, data: bytes, patience: float | None = None) -> bool:
        stdin = None if self._process is None else self._process.popen.stdin
        if stdin is None:
            raise TransportClosedError("The sandbox has not been started.")
        if not self._send_lock.acquire(timeout=-1 if patience is None else patience):
            return False
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(stdin.fileno(), rest) :]
        except (OSError, ValueError) as error:
            raise TransportClosedError("The sandbox takes no more frames: it has ended.") from error
        finally:
            self._send_lock.release()
        return True

    def receive(self) -> bytes:
        stdout = None if self._process is None else self._process.popen.stdout
        if stdout is None:
            return b""
        try:
            data = os.read(stdout.fileno(), processes.PIPE_BYTES)
        except (OSError, ValueError):
            return b""
        if not data:
            stdout.close()
        return data

    def stop_receiving(self) -> None:
        # Nobody else may close it: the reader reads by number, and a number is soon another file's.
        if self._process is not None and self._process.popen.stdout is not None:
            self._process.popen.stdout.close()

    def publish_volume(self) -> None:
        """Nothing to do: the volume is a directory, and everybody sees it as it is."""

    def reload_volume(self) -> None:
        """Nothing to do, as for `publish_volume`."""

    def document_path(self, document: Document) -> str:
        for source, inside in self._document_places().items():
            if source == document.path.resolve():
                return inside if self.confined else str(source)
        raise TransportError(f"{document.name} was not given to the sandbox when it was started.")

    def interrupt(self) -> None:
        pid = None if self._process is None else self._process.driver_pid()
        if pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGINT)

    def kill(self, reason: str = "") -> None:
        with self._kill_lock:
            self._reason = self._reason or reason
            if self._process is not None:
                self._process.end_everything()
                self._process.tidy_up()

    def ending(self, patience: float = 2.0) -> Ending:
        process = self._process
        if process is None:
            return Ending(reason=self._reason or "the sandbox was not started")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.popen.wait(patience)
            self._stderr_reader.join(0.5)
        words = b"".join(self._stderr).decode("utf-8", "replace").strip()
        last = words.splitlines()[-1][:300] if words else ""
        code = process.popen.returncode
        if code is None:
            return Ending(words=last, reason=self._reason)
        if code < 0:
            return Ending(signal=-code, words=last, reason=self._reason)
        if self.confined and code > 128:
            # Bubblewrap says of a program that a signal ended: 128 and the signal's number.
            return Ending(signal=code - 128, words=last, reason=self._reason)
        return Ending(status=code, words=last, reason=self._reason)

    def _probed(self) -> confinement.Probe:
        if self._probe is None:
            self._probe = confinement.probe_bubblewrap()
        return self._probe

    def _volume_inside(self) -> str | None:
        if self._volume is None:
            return None
        return confinement.VOLUME if self.confined else str(self._volume.resolve())

    def _document_places(self) -> Mapping[Path, str]:
        return {
            document.path.resolve(): confinement.document_destination(number, document.name)
            for number, document in enumerate(self._documents, start=1)
        }

    def _start_driver(self) -> DriverProcess:
        driver = (self._driver or driver_path()).resolve()
        if not self.confined:
            return start_plain(driver)
        return start_confined(self._probed(), self._volume, driver, self._document_places())

    def _supervise(self) -> None:
        """Counts the processes while the driver lives; when it is gone, ends what it left.

        A forked child would hold the pipe open and the reader would wait for ever.
        """
        process = self._process
        assert process is not None
        beyond = 0
        while True:
            try:
                process.popen.wait(WATCH_SECONDS if beyond == 0 else 0.05)
                break
            except subprocess.TimeoutExpired:
                beyond = self._enforce_process_limit(process, beyond)
        process.end_everything()
        with self._send_lock, contextlib.suppress(OSError):
            if process.popen.stdin is not None:
                process.popen.stdin.close()

    def _enforce_process_limit(self, process: DriverProcess, beyond: int) -> int:
        most = self._limits.processes
        if most is None:
            return 0
        driver = process.driver_pid()
        if driver is None:
            return 0
        below = processes.descendants(driver)
        if len(below) <= most or len(below := processes.living(below)) <= most:
            return 0
        if beyond >= 2:
            self.kill(f"a cell kept starting processes ({len(below)}; at most {most} are allowed)")
        else:
            processes.end(below)
        return beyond + 1

    def _drain_stderr(self) -> None:
        assert self._process is not None
        stderr = self._process.popen.stderr
        assert stderr is not None
        with contextlib.suppress(OSError, ValueError):
            while data := os.read(stderr.fileno(), 4096):
                self._stderr.append(data)
            stderr.close()
