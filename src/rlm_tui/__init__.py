"""rlm-tui: a terminal explorer and debugger for Recursive Language Models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlm_tui.engine.recording import Recording, record
    from rlm_tui.headless.explorer import Explorer

__all__ = ["Explorer", "Recording", "record"]


def __getattr__(name: str) -> Any:
    """What the package offers, looked up when somebody asks: the first paint does without it."""
    if name == "Explorer":
        from rlm_tui.headless.explorer import Explorer

        return Explorer
    if name in ("record", "Recording"):
        from rlm_tui.engine import recording

        return getattr(recording, name)
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("rlm-tui")
    except PackageNotFoundError:  # a source tree that was never installed
        return "0+unknown"
