"""dspy is imported without reading source lines, and nothing else is different for it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROGRAM = """
import inspect, json, sys
from rlm_tui.commands.dspy_import import import_dspy_quickly

whole, finders = inspect.stack, list(sys.meta_path)
if sys.argv[1] == "quickly":
    import_dspy_quickly()
import dspy
from dspy.utils.lazy_import import _MissingModule

missing = [
    value._frame_data
    for name, module in sorted(sys.modules.items())
    if name.startswith("dspy.")
    for value in vars(module).values()
    if isinstance(value, _MissingModule)
]
print(json.dumps({
    "missing": [[frame["filename"], frame["lineno"], frame["function"]] for frame in missing],
    "lines": sum(frame["code_context"] is not None for frame in missing),
    "as it was": inspect.stack is whole and sys.meta_path == finders,
    "names": sorted(name for name in vars(dspy) if not name.startswith("_")),
}))
"""


def import_dspy(how: str) -> dict[str, object]:
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=False, timeout=60
    )
    assert process.returncode == 0, process.stderr
    found: dict[str, object] = json.loads(process.stdout)
    return found


def test_it_is_the_same_dspy_and_reads_no_source_lines() -> None:
    quickly, as_usual = import_dspy("quickly"), import_dspy("as usual")
    if not as_usual["missing"]:
        pytest.skip("nothing that dspy would take is missing here")
    assert (quickly["lines"], bool(as_usual["lines"])) == (0, True)
    assert quickly["as it was"]
    for same in ("missing", "names"):
        assert quickly[same] == as_usual[same]
