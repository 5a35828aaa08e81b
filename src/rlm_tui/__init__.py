"""rlm-tui: a terminal explorer and debugger for Recursive Language Models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlm_tui.headless.explorer import Explorer

__all__ = ["Explorer"]


def __getattr__(name: str) -> Any:
    """`Explorer` and `__version__`, looked up when somebody asks: the first paint does without both."""
    if name == "Explorer":
        from rlm_tui.headless.explorer import Explorer

        return Explorer
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("rlm-tui")
    except PackageNotFoundError:  # a source tree that was never installed
        return "0+unknown"
