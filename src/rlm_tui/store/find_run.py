"""A saved run as a person names it: by its id, the beginning of one, its folder, or as the last."""

from __future__ import annotations

from pathlib import Path

from rlm_tui.core.paths import runs_directory
from rlm_tui.core.text import number_of, one_line
from rlm_tui.store.errors import StoreError, cannot
from rlm_tui.store.runs import ASKED, EVENTS

LAST = "last"
_SHOWN = 3
_SECOND = len("20260206-141503")


def find_run(asked: str, runs: Path | None = None) -> Path:
    """The folder of the run that `asked` names, or the log file. Raises StoreError, which names near ones."""
    root = runs_directory() if runs is None else runs
    as_path = Path(asked).expanduser()
    if (root / asked / EVENTS).is_file() and "/" not in asked:
        return root / asked
    if as_path.name == EVENTS and as_path.is_file():
        return as_path.parent
    if as_path.is_file():
        return as_path
    if (as_path / EVENTS).is_file():
        return as_path
    names = _names(root)
    if asked == LAST:
        if not names:
            raise StoreError(f"There is no run in {root} yet.")
        return _newest(root, names)
    fitting = [name for name in names if asked and name.startswith(asked)]
    match fitting:
        case [only]:
            return root / only
        case []:
            raise StoreError(
                f"There is no run {one_line(asked, 80)} in {root}: give a run's id, the beginning of one, "
                f"its folder, or {LAST}."
            )
        case _:
            shown = ", ".join(fitting[-_SHOWN:])
            raise StoreError(
                f"{number_of(len(fitting), 'run')} begin with {one_line(asked, 80)}: give more of the id "
                f"(the newest are {shown})."
            )


def _newest(root: Path, names: list[str]) -> Path:
    """The run that was begun last. Ids tell the second; runs of one second are told apart by their files."""
    same = [root / name for name in names if name[:_SECOND] == names[-1][:_SECOND]]
    if len(same) == 1:
        return same[0]
    try:
        return max(same, key=lambda run: (run / ASKED).stat().st_mtime_ns)
    except OSError:
        return same[-1]


def _names(root: Path) -> list[str]:
    """The ids of all runs, oldest first."""
    try:
        return sorted(path.name for path in root.iterdir() if (path / EVENTS).is_file())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise cannot("read", root, error) from error
