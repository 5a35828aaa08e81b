"""The lines of a JSON-lines file, one by one; what is no JSON object is counted and left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

LONGEST_LINE = 256 * 1024 * 1024
_decode = msgspec.json.Decoder().decode


def json_lines(path: Path, damaged: list[int]) -> Iterator[dict[str, Any]]:
    """The objects of the file in order; the numbers of other lines go to `damaged`. Raises OSError."""
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), 1):
            if not line.strip():
                continue
            try:
                value = _decode(line)
            except (ValueError, RecursionError):
                damaged.append(number)
                continue
            if isinstance(value, dict):
                yield value
            else:
                damaged.append(number)
