"""Documents of any size: found, described, paged and measured without being loaded; the door to all of it."""

from __future__ import annotations

from rlm_tui.core.document import (
    Document,
    DocumentBinary,
    DocumentEmpty,
    DocumentEncodingUnknown,
    DocumentError,
    DocumentMissing,
    DocumentUnreadable,
    describe,
)
from rlm_tui.core.document_set import (
    AnyDocument,
    DocumentSet,
    DocumentsTooMany,
    GatheringStopped,
    Member,
    gather,
    is_several,
)
from rlm_tui.core.document_text import PAGE_BYTES, character_count, preview, read_text, sha256
from rlm_tui.core.document_tree import Entry, children, discover

__all__ = [
    "PAGE_BYTES",
    "AnyDocument",
    "Document",
    "DocumentBinary",
    "DocumentEmpty",
    "DocumentEncodingUnknown",
    "DocumentError",
    "DocumentMissing",
    "DocumentSet",
    "DocumentUnreadable",
    "DocumentsTooMany",
    "Entry",
    "GatheringStopped",
    "Member",
    "character_count",
    "children",
    "describe",
    "discover",
    "gather",
    "is_several",
    "preview",
    "read_text",
    "sha256",
]
