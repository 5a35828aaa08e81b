"""Which files of a volume in the cloud a cell wrote, seen by looking from inside the sandbox."""

from __future__ import annotations

import json
import logging
import weakref
from pathlib import Path

from rlm_tui.engine.volume_watch import MOST_ENTRIES, Marks, VolumeLook, compared
from rlm_tui.sandbox.errors import SandboxError
from rlm_tui.sandbox.interpreter import DriverInterpreter

LOOK_SECONDS = 5.0
_LOOK = """(lambda o, json, root: print(json.dumps([
    [name, stat.st_mtime_ns, stat.st_size]
    for folder, _, files in o.walk(root)
    for name in [o.path.relpath(o.path.join(folder, file), root) for file in files]
    if name.split('/')[0] not in ('.rlm', 'documents')
    for stat in [o.lstat(o.path.join(root, name))]
][:{most}])))(__import__('os'), __import__('json'), {root!r})"""
_log = logging.getLogger(__name__)


class RemoteVolumeWatch:
    """Compares the volume with how it was at the last look, for each sandbox by itself: until it publishes,
    a sandbox sees a volume of its own. A look costs one turn to the sandbox and back. One too large, or one
    that can't be looked over, is not watched.
    """

    def __init__(self) -> None:
        self._marks = weakref.WeakKeyDictionary[DriverInterpreter, "Marks | None"]()

    def prepare(self, sandbox: DriverInterpreter) -> None:
        """Look at the volume before the sandbox's first cell."""
        if sandbox not in self._marks:
            self._marks[sandbox] = self._look(sandbox)

    def changes(self, sandbox: DriverInterpreter) -> VolumeLook:
        """What happened since the last look. A sandbox that was lost took with it what it did not publish."""
        if sandbox.lost is not None:
            return VolumeLook()
        before = self._marks.get(sandbox)
        after = None if before is None else self._look(sandbox)
        self._marks[sandbox] = after
        return compared(before, after)

    def renewed(self, sandbox: DriverInterpreter, directory: Path | None = None) -> None:
        """Look again before the sandbox's next cell: a fresh one sees what was published."""
        self._marks.pop(sandbox, None)

    def _look(self, sandbox: DriverInterpreter) -> Marks | None:
        root = sandbox.description.volume
        try:
            code = _LOOK.format(most=MOST_ENTRIES + 1, root=root)
            found = json.loads(sandbox.evaluate(code, timeout=LOOK_SECONDS, console=False).text)
        except (SandboxError, ValueError) as error:
            # A sandbox that was lost says so where the cell ends; a look adds nothing to it.
            _log.debug("the volume could not be looked at: %s", error)
            return None
        if len(found) > MOST_ENTRIES:
            return None
        return {str(name): (int(modified), int(size)) for name, modified, size in found}
