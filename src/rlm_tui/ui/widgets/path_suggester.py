"""Completes the path of a file of this machine while it is typed."""

from __future__ import annotations

from textual.suggester import Suggester

from rlm_tui.core.paths import expanded

PATH_STARTS = ("/", "~", "./", "../")


def complete_path(text: str) -> str | None:
    """`text` completed by the first entry of its directory that fits, or None."""
    head, separator, start = text.rpartition("/")
    if not separator:
        return None
    try:
        fitting = sorted(
            entry.name + ("/" if entry.is_dir() else "")
            for entry in expanded(head + "/").iterdir()
            if entry.name.startswith(start) and (start or not entry.name.startswith("."))
        )
    except OSError:
        return None
    return f"{head}/{fitting[0]}" if fitting else None


class PathSuggester(Suggester):
    """Completes what begins like a path; `right` takes the suggestion."""

    async def get_suggestion(self, value: str) -> str | None:
        return complete_path(value) if value.startswith(PATH_STARTS) else None
