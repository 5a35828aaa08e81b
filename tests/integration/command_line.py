"""Run `rlm-tui` as a person would: its own process, its own home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """Its standard output, which must be exactly one JSON value."""
        return json.loads(self.stdout)


def rlm_tui(
    *arguments: str,
    cwd: Path | None = None,
    timeout: float = 90,
    stdin: str | None = None,
    **environment: str,
) -> Ended:
    """Run a command to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "rlm_tui", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        input=stdin or "",
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)
