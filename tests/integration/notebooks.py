"""The notebook of this repository, and its execution in a fresh kernel with an environment of the test's."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "rlm-dspy-modal.ipynb"
SECONDS_A_CELL = 120


def read_notebook() -> Any:
    """The committed file."""
    return nbformat.read(NOTEBOOK, as_version=4)


def kernel_environment(home: Path, **more: str) -> dict[str, str]:
    """What a stranger's kernel has: an empty home, and nothing of the person's who runs the tests."""
    private = ("RLM_TUI_", "DSPY_", "MODAL_", "XDG_", "JUPYTER", "IPYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(private)}
    return {**kept, "HOME": str(home), "RLM_TUI_DOTENV": "off", **more}


@contextmanager
def jupyter_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within the block Jupyter keeps its files in `home` and sees no kernel of the person's."""
    with monkeypatch.context() as patched:
        for name, folder in (("CONFIG", "config"), ("DATA", "data"), ("RUNTIME", "runtime")):
            patched.setenv(f"JUPYTER_{name}_DIR", str(home / "jupyter" / folder))
        patched.setenv("JUPYTER_PREFER_ENV_PATH", "1")
        yield


def execute(environment: dict[str, str]) -> Executed:
    """The notebook, run to its end. Raises for a cell that fails."""
    notebook = read_notebook()
    folder = {"metadata": {"path": str(NOTEBOOK.parent)}}
    client = NotebookClient(notebook, timeout=SECONDS_A_CELL, kernel_name="python3", resources=folder)
    client.execute(env=environment)
    return Executed(notebook)


def execute_once(folder: Path, environment: dict[str, str]) -> Executed:
    """`execute`, once for all workers of this test run; they share `folder`."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", "alone")
    kept = folder / f"executed-{run}.ipynb"
    with (folder / f"executed-{run}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.exists() and run != "alone":
            return Executed(nbformat.read(kept, as_version=4))
        done = execute(environment)
        nbformat.write(done.notebook, kept)
        return done


class Executed:
    """The notebook after all its cells have run; what a cell showed is found by the cell's id."""

    def __init__(self, notebook: Any) -> None:
        self.notebook = notebook

    def _outputs(self, cell: str) -> list[Any]:
        (found,) = [one for one in self.notebook.cells if one.id == cell]
        return list(found.outputs)

    def text(self, cell: str) -> str:
        """What a person reads of the cell without a browser, warnings included."""
        parts = [
            output.text if output.output_type == "stream" else output.data.get("text/plain", "")
            for output in self._outputs(cell)
        ]
        return "".join(parts)

    def html(self, cell: str) -> str:
        return "".join(
            output.data.get("text/html", "")
            for output in self._outputs(cell)
            if output.output_type in ("display_data", "execute_result")
        )

    @property
    def everything(self) -> str:
        """The whole file as it would be saved."""
        return str(nbformat.writes(self.notebook))
