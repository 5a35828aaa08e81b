"""dspy's import without the work that it does for messages which nobody may ever read.

For each optional package that is missing (NumPy, five times), dspy 3.4 asks `inspect.stack` who wanted it,
with the source lines of every frame below: a fourth of what its import takes.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


def import_dspy_quickly() -> None:
    """Have the first import of dspy read no source lines, whoever asks for it; then all is as it was."""
    if "dspy" not in sys.modules:
        sys.meta_path.insert(0, _DspyFinder())


class _DspyFinder:
    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "dspy":
            return None
        with contextlib.suppress(ValueError):
            sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                with _no_source_lines():
                    execute(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


@contextlib.contextmanager
def _no_source_lines() -> Iterator[None]:
    import inspect

    whole = inspect.stack
    inspect.stack = lambda context=1: whole(0)[1:]  # the first one is here
    try:
        yield
    finally:
        inspect.stack = whole
