"""A driver in a sandbox of Modal's cloud: started by `exec`, reached over its standard streams."""

from __future__ import annotations

import collections
import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rlm_tui.cloud import modal_client
from rlm_tui.cloud.deadlines import within
from rlm_tui.cloud.errors import CloudError, explained
from rlm_tui.core.content import driver_path
from rlm_tui.core.documents import Document
from rlm_tui.core.events import SandboxDescription
from rlm_tui.core.settings import ModalSettings
from rlm_tui.sandbox import modal_commands, modal_parts
from rlm_tui.sandbox.limits import Limits
from rlm_tui.sandbox.modal_documents import bring_documents, check_sizes
from rlm_tui.sandbox.modal_ending import ending_of
from rlm_tui.sandbox.modal_living import END_SECONDS, LIVING
from rlm_tui.sandbox.modal_pool import POOL, ready_key
from rlm_tui.sandbox.phases import TellPhase, tell_nobody
from rlm_tui.sandbox.transport import Ending, TransportClosedError, TransportError, TransportStartError

T = TypeVar("T")
PIECE = 1024 * 1024  # of what is sent at once; Modal's client takes at most 16 MiB before it must be drained
ARRIVAL_SECONDS = 5.0


class ModalTransport:
    """One sandbox and the driver in it. The volume lies at `/data`; documents lie in it by their hash.

    `run_id` becomes a tag, by which `rlm-tui sandboxes` finds what a crash left behind.
    """

    def __init__(
        self,
        settings: ModalSettings,
        *,
        volume: str,
        documents: Sequence[Document] = (),
        limits: Limits = Limits(),  # noqa: B008 - frozen
        run_id: str = "",
        driver: Path | None = None,
    ) -> None:
        self._settings = settings
        self._volume_name = volume
        self._documents = tuple(documents)
        self._limits = limits
        self._run_id = run_id
        self._driver = driver or driver_path()
        self._sandbox: Any = None
        self.left_running = ""
        """The id of a sandbox that could not be ended yet."""
        self._process: Any = None
        self._stdout: Iterator[bytes] | None = None
        self._places: dict[str, str] = {}
        self._stop = threading.Event()
        self._send_lock = threading.Lock()
        self._kill_lock = threading.Lock()
        self._over = False
        self._reason = ""
        self._broken = ""
        self._known_ending: Ending | None = None
        self._stderr: collections.deque[bytes] = collections.deque(maxlen=16)

    @property
    def description(self) -> SandboxDescription:
        return modal_parts.modal_description(self._settings)

    @property
    def limits(self) -> dict[str, int | float | None]:
        """Modal limits memory and processes itself."""
        return {
            "output_bytes": self._limits.output_bytes,
            "idle_seconds": self._limits.idle_seconds,
            "address_space_bytes": None,
            "file_size_bytes": self._limits.file_size_bytes,
            "processes": None,
        }

    def take_private_file(self, name: str) -> str:
        return modal_commands.take_private_file(self._running(), name, self._settings.call_seconds)

    @property
    def way_seconds(self) -> float:
        return ARRIVAL_SECONDS

    @property
    def start_seconds(self) -> float:
        return self._settings.start_seconds

    @property
    def sandbox_id(self) -> str:
        """Modal's name for the sandbox; empty before its start."""
        return "" if self._sandbox is None else str(self._sandbox.object_id)

    def fresh(self, volume: str = "") -> ModalTransport:
        return ModalTransport(
            self._settings,
            volume=volume or self._volume_name,
            documents=self._documents,
            limits=self._limits,
            run_id=self._run_id,
            driver=self._driver,
        )

    def start(self, tell: TellPhase = tell_nobody) -> None:
        if self._sandbox is not None:
            raise TransportStartError("This sandbox was started before.")
        try:
            self._start(tell)
        except CloudError as error:
            self.kill()
            raise TransportStartError(error.message, error.hint) from error
        except (OSError, ValueError) as error:
            self.kill()
            raise TransportStartError(f"The sandbox can't be started: {error}.") from error

    def send(self, data: bytes, patience: float | None = None) -> bool:
        process = self._process
        if process is None:
            raise TransportClosedError("The sandbox has not been started.")
        if not self._send_lock.acquire(timeout=-1 if patience is None else patience):
            return False
        try:
            for at in range(0, len(data), PIECE):
                piece = data[at : at + PIECE]

                def put(piece: bytes = piece) -> None:
                    process.stdin.write(piece)
                    process.stdin.drain()

                within(self._settings.call_seconds, "sending to the sandbox", put)
        except CloudError as error:
            raise TransportClosedError(f"The sandbox takes no more frames: {error.message}") from error
        except (OSError, ValueError, RuntimeError) as error:
            raise TransportClosedError("The sandbox takes no more frames: it has ended.") from error
        finally:
            self._send_lock.release()
        return True

    def receive(self) -> bytes:
        if self._stdout is None:
            return b""
        try:
            return next(self._stdout)
        except StopIteration:
            return b""
        except BaseException as error:
            if not self._over:
                self._broken = str(explained(error, "reading from the sandbox"))
            return b""

    def stop_receiving(self) -> None:
        """Nothing to do: Modal's client ends the stream with the sandbox."""

    def publish_volume(self) -> None:
        self._in_sandbox(["sync", modal_parts.MOUNT], "publishing the volume")

    def reload_volume(self) -> None:
        sandbox = self._running()
        modal_commands.in_time(self._settings.call_seconds, "reloading the volume", sandbox.reload_volumes)

    def document_path(self, document: Document) -> str:
        place = self._places.get(str(document.path.resolve()))
        if place is None:
            raise TransportError(f"{document.name} was not given to the sandbox when it was started.")
        return f"{modal_parts.MOUNT}/{place}"

    def interrupt(self) -> None:
        def signal() -> None:
            with contextlib.suppress(TransportError):
                self._in_sandbox(modal_parts.interrupt_command(), "interrupting the cell")

        # What comes next waits for its effect: so it must have arrived, however long the way is.
        thread = threading.Thread(target=signal, name="modal-interrupt", daemon=True)
        thread.start()
        thread.join(ARRIVAL_SECONDS)

    def kill(self, reason: str = "") -> None:
        self._reason = self._reason or reason
        self._stop.set()
        with self._kill_lock:
            if self._over:
                return
            self._over = True
            sandbox = self._sandbox
            if sandbox is not None:
                self._end(sandbox, publish=not reason and not self._broken)

    def ending(self, patience: float = 2.0) -> Ending:
        if self._known_ending is None:
            self._known_ending = self._find_ending(patience)
        return self._known_ending

    def _find_ending(self, patience: float) -> Ending:
        last = b"".join(self._stderr).decode("utf-8", "replace").strip()
        words = last.splitlines()[-1][:300] if last else ""
        if self._reason or self._sandbox is None:
            return Ending(words=words, reason=self._reason or "the sandbox was not started")
        if self._over:
            return Ending(words=words, reason="it was ended")
        return ending_of(
            self._sandbox,
            self._process,
            self._settings,
            words=words,
            broken=lambda: self._broken,
            patience=patience,
        )

    # Starting

    def _start(self, tell: TellPhase) -> None:
        check_sizes(self._documents)
        settings, until = self._settings, time.monotonic() + self._settings.start_seconds

        def step(words: str, function: Callable[[], T]) -> T:
            tell(words)
            return within(max(0.5, until - time.monotonic()), words, function, self._stop)

        tell("connecting to Modal")
        client = modal_client.connect(settings)
        volume = modal_client.volume(settings, self._volume_name, create=True)
        modal_client.require_version_2(volume, self._volume_name)
        self._places = bring_documents(volume, self._documents, settings.call_seconds, tell, self._stop)
        until = time.monotonic() + settings.start_seconds
        taken = POOL.take(ready_key(settings, self._volume_name, client))
        if taken is not None:
            tell("taking the sandbox that was started ahead")
            self._adopt(taken)
            step("tagging it", lambda: taken.set_tags(modal_parts.tags(self._run_id)))
            # Whatever came into the volume since it was started, this run's documents too.
            step("reloading the volume", taken.reload_volumes)
        else:
            app = step("looking up the app", lambda: modal_client.app(settings))
            image = modal_parts.image(settings)
            step("building the image", lambda: image.build(app))
            options = modal_parts.create_options(settings, self._run_id)
            volumes = {modal_parts.MOUNT: volume}
            step(
                f"starting the sandbox with {self._volume_name} at {modal_parts.MOUNT}",
                lambda: self._adopt(modal_parts.create(app, volumes, image, options, client)),
            )
        command = modal_parts.driver_command(self._driver)
        self._process = step("starting the driver", lambda: self._sandbox.exec(*command, text=False))
        self._stdout = iter(self._process.stdout)
        threading.Thread(target=self._drain_stderr, name="modal-stderr", daemon=True).start()

    def _adopt(self, sandbox: Any) -> None:
        """Take the sandbox as this one's; a start that was given up meanwhile ends it again."""
        LIVING.add(sandbox)
        with self._kill_lock:
            if not self._over:
                self._sandbox = sandbox
                return
        self._end(sandbox, publish=False)

    def _drain_stderr(self) -> None:
        with contextlib.suppress(BaseException):
            for data in self._process.stderr:
                self._stderr.append(data)

    # Ending

    def _end(self, sandbox: Any, *, publish: bool) -> None:
        """Terminate it. What cells wrote is published before, while that can be done."""
        seconds = min(END_SECONDS, self._settings.call_seconds)
        if publish and self._process is not None:
            with contextlib.suppress(Exception):
                within(seconds, "publishing the volume", sandbox.exec("sync", modal_parts.MOUNT).wait)
        if not LIVING.end(sandbox, seconds):
            self.left_running = str(sandbox.object_id)

    def _running(self) -> Any:
        if self._sandbox is None or self._over:
            raise TransportClosedError("There is no running sandbox.")
        return self._sandbox

    def _in_sandbox(self, command: Sequence[str], what: str) -> None:
        modal_commands.run(self._running(), command, what, self._settings.call_seconds)
