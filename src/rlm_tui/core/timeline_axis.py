"""The times on an axis: round ones, as many as there is room for, written as finely as they lie apart."""

from __future__ import annotations

import math

_ROUND = (1.0, 2.0, 5.0)
_ROUND_MINUTES = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1440.0)
LEAST_STEP = 0.0001


def step_of(length: float, most: int) -> float:
    """A round number of seconds that divides `length` into `most` parts at most."""
    wanted = max(length / max(most, 1), LEAST_STEP)
    if wanted > 30:
        minutes = wanted / 60
        days = math.ceil(minutes / 1440)
        return 60.0 * next((one for one in _ROUND_MINUTES if one >= minutes), 1440.0 * days)
    scale = 10.0 ** math.floor(math.log10(wanted))
    step = next((one * scale for one in _ROUND if one * scale >= wanted * 0.9999), 10 * scale)
    return 30.0 if 20 < step <= 50 else step


def ticks(start: float, end: float, most: int) -> list[tuple[float, str]]:
    """Round times from `start` to `end`, and the words of each: "0", "0.25 s", "1:30"."""
    step = step_of(end - start, most)
    first = math.ceil(start / step - 1e-9)
    last = math.floor(end / step + 1e-9)
    return [(number * step, time_words(number * step, step)) for number in range(first, last + 1)]


def time_words(at: float, step: float) -> str:
    """A time of the axis whose times lie `step` apart: "0", "12.5 s", "2:05", "1:02:05"."""
    decimals = 0 if step >= 0.9999 else min(4, math.ceil(-math.log10(step) - 1e-9))
    if at < 60:
        return "0" if at == 0 else f"{at:.{decimals}f} s"
    at = round(at, decimals)
    hours, rest = divmod(at, 3600)
    minutes, seconds = divmod(rest, 60)
    width = 3 + decimals if decimals else 2
    shown = f"{int(minutes)}:{seconds:0{width}.{decimals}f}"
    return f"{int(hours)}:{shown:0>{5 + (width - 2)}}" if hours else shown
