"""rlm-tui: a terminal explorer and debugger for Recursive Language Models."""

from __future__ import annotations


def __getattr__(name: str) -> str:
    """`__version__`, looked up when somebody asks: it is slow, and the first paint does without."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("rlm-tui")
    except PackageNotFoundError:  # a source tree that was never installed
        return "0+unknown"
