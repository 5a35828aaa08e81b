"""Write the documents of the demos, and beside each the truth about it: the same seed, the same bytes.

    python rlm_content/generator                         all of them, as they are committed
    python rlm_content/generator log --size 200MB --to big.log

Standard library only. Nothing in the documents is of a real product, person or place.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import api_handbook
import incident_log
import narrative

HERE = Path(__file__).resolve().parents[1]
SEED = 20260206
LOG_BYTES = 2_000_000
_UNITS = {"": 1, "K": 1_000, "M": 1_000_000, "G": 1_000_000_000}


def write(path: Path, pieces: Iterator[str], truth: dict[str, Any]) -> None:
    """Write a document piece by piece, then its truth, which is whole once the pieces are."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for piece in pieces:
            file.write(piece)
    truth["document"] = path.name
    target = path.with_name(path.name + ".truth.json")
    target.write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{path} {path.stat().st_size:,} bytes")


def size_of(text: str) -> int:
    """Bytes of a size such as 2000000, 2MB or 1.5 GB."""
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([KMG]?)B?\s*", text.upper())
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write 2000000, 2MB or 1.5GB")
    return round(float(match[1]) * _UNITS[match[2]])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["all", "handbook", "log", "narrative"], default="all")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--size", type=size_of, default=LOG_BYTES, help="of the log, as in 200MB")
    parser.add_argument("--to", type=Path, help="the file to write; beside this script by default")
    asked = parser.parse_args()
    for name, file_name, module in (
        ("handbook", "api-handbook.md", api_handbook),
        ("log", "incident.log", incident_log),
        ("narrative", "the-lighthouse-of-varn.txt", narrative),
    ):
        if asked.what in ("all", name):
            truth: dict[str, Any] = {}
            path = asked.to if asked.to is not None and asked.what == name else HERE / file_name
            write(path, module.pieces(Random(asked.seed), asked.size, truth), truth)


if __name__ == "__main__":
    main()
