"""What every `rlm-tui volume` command shares: the volume that is meant, errors in one sentence, progress."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from rlm_tui.commands.refusal import described, print_json, refuse, without_secrets
from rlm_tui.core.events import ErrorDetail
from rlm_tui.core.text import one_line, visible

if TYPE_CHECKING:
    from rlm_tui.core.settings import Settings
    from rlm_tui.volumes.protocol import Volume

Told = Callable[[int, int], None]
Stop = Callable[[], bool]
CANCELLED = 130


class VolumeSession(AbstractContextManager["VolumeSession"]):
    """One command on one volume. What goes wrong in the block ends the command with one sentence.

    Exit codes: 1 it can't be done, 2 asked wrongly, 130 interrupted.
    """

    def __init__(self, name: str | None, backend: str | None, as_json: bool) -> None:
        from rlm_tui.core.settings import SettingsError, load_settings
        from rlm_tui.volumes.catalog import open_volume

        self.as_json = as_json
        if backend not in (None, "local", "modal"):
            self._leave(
                ErrorDetail(
                    kind="AskedWrongly",
                    message=f"There is no kind of volume {backend!r}.",
                    hint="Write --backend local or --backend modal.",
                ),
                2,
            )
        try:
            self.used = load_settings().sandbox.volume
            self.settings: Settings = load_settings(
                overrides={"sandbox.volume": name, "sandbox.kind": backend}
            )
        except SettingsError as error:
            self._leave(described(error), 2)
        self.volume: Volume = open_volume(self.settings)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        from rlm_tui.volumes.protocol import TransferStoppedError, VolumeError, VolumePathError

        match error:
            case TransferStoppedError():
                self._leave(described(error), CANCELLED)
            case VolumePathError() if "leads out" in str(error):
                self._leave(described(error), 2)
            case VolumeError():
                self._leave(described(error), 1)
            case BrokenPipeError():
                # Whoever read standard output has enough.
                sys.stderr.close()
                raise typer.Exit(0)
            case OSError() | UnicodeError():
                self._leave(described(error), 1)
            case KeyboardInterrupt():
                self._leave(ErrorDetail(kind="Interrupted", message="Interrupted.", hint=""), CANCELLED)

    def print_object(self, **fields: Any) -> None:
        """One JSON object that also says which volume it is about."""
        print_json({"volume": self.volume.name, "backend": self.volume.kind, **fields})

    def say_moved(self, source: str, done: str, words: str) -> None:
        """Say where something is now."""
        if self.as_json:
            self.print_object(source=f"/{source.strip('/')}", path=f"/{done}")
        else:
            typer.echo(f"/{visible(source.strip('/'))} {words} /{visible(done)}")

    def must_be_asked(self, why: str) -> None:
        """Leave if nobody can be asked."""
        if self.as_json or not sys.stdin.isatty():
            hint = "Add --yes."
            self._leave(
                ErrorDetail(kind="NotAsked", message=f"{why}, and nobody can be asked here.", hint=hint), 2
            )

    @contextmanager
    def transfer(self, what: str) -> Iterator[tuple[Told, Stop]]:
        """Progress on standard error if that is a terminal; the first Ctrl-C ends the transfer tidily."""
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

        from rlm_tui.headless.interrupts import cancelled_by_signals

        stop = threading.Event()
        console = Console(stderr=True)
        progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal or self.as_json,
        )
        task = progress.add_task(one_line(what, 60), total=None)

        def told(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        with cancelled_by_signals(stop.set), progress:
            yield told, stop.is_set

    def _leave(self, error: ErrorDetail, code: int) -> NoReturn:
        error = without_secrets(error)
        if self.as_json:
            from rlm_tui.headless.result import error_object

            refuse(error, as_json={"error": error_object(error)}, code=code)
        refuse(error, code=code)
