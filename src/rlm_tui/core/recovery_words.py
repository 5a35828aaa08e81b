"""What is said of a lost sandbox that was replaced, on screens and in lines."""

from __future__ import annotations

from rlm_tui.core.text import human_seconds, number_of


def recovery_words(cells: int, differed: int, seconds: float, volume: str = "") -> str:
    """`sandbox was lost and replaced in 0.21 s: 5 cells executed again, with 1 difference`."""
    again = f"{number_of(cells, 'cell')} executed again" if cells else "no cell had run in it"
    otherwise = f", with {number_of(differed, 'difference')}" if differed else ""
    where = f"; /data is {volume} since, a copy of the volume as it was when the run began" if volume else ""
    return f"sandbox was lost and replaced in {human_seconds(seconds)}: {again}{otherwise}{where}"
