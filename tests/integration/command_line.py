"""Run `rlm-tui` as a person would: its own process, its own home."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.warm_program import run_warm


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
    code, stdout, stderr = run_warm(
        arguments,
        cwd=cwd or Path.cwd(),
        environment={**os.environ, **environment},
        stdin=stdin or "",
        timeout=timeout,
    )
    return Ended(code, stdout, stderr)
