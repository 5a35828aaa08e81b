"""The volume of a sandbox that takes the place of a lost one, when cells that wrote to it are run again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from rlm_tui.core.text import number_of, one_line
from rlm_tui.engine.gate import Gate
from rlm_tui.engine.invocation import Invocation
from rlm_tui.engine.recorder import Recorder
from rlm_tui.engine.sandboxes import SandboxFactory
from rlm_tui.engine.volume_watch import VolumeWatch
from rlm_tui.sandbox.errors import SandboxLostError
from rlm_tui.sandbox.interpreter import DriverInterpreter

_SHOWN = 3
_WATCH = "Watch the run on the screen, or with --hold: then you are asked."
_KEEP_MORE = (
    "Let a run keep a copy of a larger volume with debugger.volume_copy_bytes, or watch it: then you are "
    "asked."
)


class NoCopyError(SandboxLostError):
    """A lost sandbox that is not replaced: its cells wrote to the volume, and nobody can be asked."""


class Writes(Struct, frozen=True):
    """The paths that cells to be run again wrote or removed; `unknown`: they may have changed more.

    `others_wrote`: another RLM of the run wrote as well. `by_path`: cells name the volume by where it lies on
    this machine.
    """

    paths: Sequence[str]
    unknown: bool = False
    others_wrote: bool = False
    by_path: bool = False

    @property
    def words(self) -> str:
        """What the cells did, as the beginning of a sentence."""
        if not self.paths:
            return (
                "Cells that would be run again may have written to the volume, which could not be looked over"
            )
        shown = ", ".join(one_line(path, 60) for path in self.paths[:_SHOWN])
        more = f" and {len(self.paths) - _SHOWN:,} more" if len(self.paths) > _SHOWN else ""
        files = number_of(len(self.paths), "file")
        return f"Cells that would be run again wrote {files} to the volume ({shown}{more})"


class NextVolume(Struct, frozen=True):
    """What lies at `/data` next: as before (no `path`), or the copy `name` in the directory `path`."""

    name: str = ""
    path: str = ""


class VolumeAgain:
    """Decides what becomes of writes that are made again. `copy` makes a volume of how it was when the run
    began, and gives its directory; None when no such copy was kept.
    """

    def __init__(
        self,
        recorder: Recorder,
        gate: Gate,
        sandboxes: SandboxFactory,
        watch: VolumeWatch,
        *,
        attended: bool,
        copy: Callable[[], Path | None],
    ) -> None:
        self._recorder = recorder
        self._gate = gate
        self._sandboxes = sandboxes
        self._watch = watch
        self._attended = attended
        self._copy = copy

    def before(self, invocation: Invocation, writes: Writes, error: SandboxLostError) -> NextVolume | None:
        """The volume of the fresh sandbox; None when the person finishes the run instead.

        Raises NoCopyError when there is nobody to be asked.
        """
        if not writes.paths and not writes.unknown:
            return NextVolume()
        if invocation.depth == 0 and not writes.others_wrote and not writes.by_path:
            directory = self._copy()
            if directory is not None:
                return NextVolume(directory.name, str(directory))
        why, hint = "there is no copy of the volume as it was when the run began", _KEEP_MORE
        if self._sandboxes.kind == "modal":
            why, hint = "Modal's volumes are not copied", _WATCH
        elif invocation.depth or writes.others_wrote:
            why, hint = "a nested RLM has its part in it, so that no copy can stand in its place", _WATCH
        elif writes.by_path:
            why, hint = "they name it by its path, where no copy can stand in its place", _WATCH
        if not self._attended:
            raise NoCopyError(f"{error} It is not replaced: {writes.words}, and {why}.", hint)
        detail = (
            f"The sandbox was lost. {writes.words}, and {why}: release the run to have that written again to "
            "the volume as it is, or finish it."
        )
        released = self._gate.ask(
            invocation.iteration, invocation.control, why="sandbox", before="call", detail=detail
        )
        return NextVolume() if released else None

    def after(self, sandbox: DriverInterpreter, volume: NextVolume) -> None:
        """The cells were run again, in `sandbox`, with `volume` at `/data`."""
        directory = Path(volume.path) if volume.path else None
        self._watch.renewed(sandbox, directory)
        if directory is not None:
            self._sandboxes.use_volume(directory)
            self._recorder.note(
                "warning",
                f"From now on the volume of this run is {volume.name}, a copy of how it was when the run "
                "began: cells that wrote to it were run again.",
            )
