"""From paths to the documents of a run: one file is a text, anything else a set of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rlm_tui.core.document_conversion import ConversionStopped, readable
from rlm_tui.core.document_set import AnyDocument, GatheringStopped, gather, is_several

__all__ = ["ConversionStopped", "GatheringStopped", "open_documents"]


def open_documents(
    paths: Sequence[Path | str],
    *,
    html: bool = False,
    progress: Callable[[int], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> AnyDocument:
    """What these files, folders and patterns are; `html`: web pages are converted.

    Raises a DocumentError, GatheringStopped or ConversionStopped.
    """
    if is_several(paths):
        return gather(paths, html=html, progress=progress, stop=stop)
    return readable(paths[0], html=html, stop=stop)
