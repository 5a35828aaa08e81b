"""JSON as others write it: lines or one document, with a byte order mark, NaN, lone surrogates."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

LONGEST_LINE = 256 * 1024 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_decode = msgspec.json.Decoder().decode


def decoded(data: bytes) -> Any:
    """The value. Raises ValueError, whose words say where it is damaged, and RecursionError."""
    try:
        return _decode(data)
    except ValueError as error:
        # Python's own writer makes NaN and lone surrogates, which are no JSON, and its reader takes them.
        try:
            return json.loads(data)
        except UnicodeDecodeError:
            raise ValueError("it is not in UTF-8") from None
        except ValueError:
            raise ValueError(str(error)) from None


def json_lines(
    path: Path, damaged: list[int], most_damaged: float = math.inf
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of the file in order, numbered as lines; the numbers of others go to `damaged`.

    After `most_damaged` of them it is given up. Raises OSError.
    """
    with path.open("rb") as file:
        if file.read(len(BYTE_ORDER_MARK)) != BYTE_ORDER_MARK:
            file.seek(0)
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), 1):
            if len(damaged) > most_damaged:
                return
            if not line.strip():
                continue
            try:
                value = decoded(line)
            except (ValueError, RecursionError):
                damaged.append(number)
                continue
            if isinstance(value, dict):
                yield number, value
            else:
                damaged.append(number)


def json_document(path: Path) -> Any:
    """The value that the file is. Raises OSError, ValueError, RecursionError."""
    return decoded(path.read_bytes().removeprefix(BYTE_ORDER_MARK))
