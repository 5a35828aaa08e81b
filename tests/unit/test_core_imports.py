"""The core stands alone: every module of it imports without a screen, a model library or a cloud."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys

import rlm_tui.core

FOREIGN = ("textual", "rich", "dspy", "litellm", "modal", "openai", "pydantic")


def test_the_core_imports_nothing_of_the_layers_above() -> None:
    modules = [f"rlm_tui.core.{module.name}" for module in pkgutil.iter_modules(rlm_tui.core.__path__)]
    assert "rlm_tui.core.events" in modules
    program = (
        "import importlib, json, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout))
    assert set(modules) <= loaded
    assert not {name for name in loaded if name.partition(".")[0] in FOREIGN}
    assert {name for name in loaded if name.startswith("rlm_tui.")} == {"rlm_tui.core", *modules}
