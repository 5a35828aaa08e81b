"""The documents of a run: brought into the shape in which sandboxes take them, and watched for changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from rlm_tui.core.document_conversion import readable_again
from rlm_tui.core.document_pack import packed
from rlm_tui.core.documents import AnyDocument, Document, DocumentSet, Member
from rlm_tui.core.settings import Settings
from rlm_tui.core.text import human_size, one_line
from rlm_tui.engine.recorder import Recorder
from rlm_tui.engine.sandboxes import check_documents
from rlm_tui.sandbox.document_input import DocumentInput, DocumentSetInput, FileInput

TOLD_FROM_BYTES = 64 * 1024**2
"""A set of this size takes a while to pack: that is said."""


@dataclass(frozen=True)
class RunDocuments:
    """`files` are what sandboxes have to be started with, `inputs` the RLM's inputs by name."""

    files: tuple[Document, ...]
    inputs: Mapping[str, FileInput]


@contextmanager
def open_documents(
    documents: Mapping[str, AnyDocument], settings: Settings, recorder: Recorder, run_id: str
) -> Iterator[RunDocuments]:
    """The documents of one run, for as long as the block lasts; sets of them are packed for that time.

    A document that changed since it was chosen is read as it is now; one that changes while the run lasts is
    told of at the end. Raises a DocumentError, `DocumentTooLarge` or OSError.
    """
    fresh = {name: _fresh(document, recorder) for name, document in documents.items()}
    check_documents(list(fresh.values()), settings)
    inputs: dict[str, FileInput] = {}
    with ExitStack() as packs:
        for name, document in fresh.items():
            if isinstance(document, DocumentSet):
                if document.size >= TOLD_FROM_BYTES:
                    recorder.note("info", f"Packing {document.name}, {human_size(document.size)}.")
                pack = packs.enter_context(packed(document, f"{run_id}-{name}"))
                inputs[name] = DocumentSetInput(document, pack)
            else:
                inputs[name] = DocumentInput(document)
        yield RunDocuments(tuple(entered.file for entered in inputs.values()), inputs)
        for document in fresh.values():
            if isinstance(document, Document) and document.has_changed:
                recorder.note(
                    "warning",
                    f"{one_line(document.name, 80)} changed while the run lasted: cells kept the text that "
                    "they began with, and an RLM that began later may have read another.",
                )


def _fresh(document: AnyDocument, recorder: Recorder) -> AnyDocument:
    if isinstance(document, Document):
        return _described_again(document, recorder) if document.has_changed else document
    changed = [member for member in document.members if member.document.has_changed]
    if not changed:
        return document
    newer = {member.key: readable_again(member.document) for member in changed}
    noun = "document has" if len(changed) == 1 else "documents have"
    recorder.note(
        "warning",
        f"{len(changed):,} {noun} changed since {one_line(document.name, 80)} was chosen: "
        "they are read as they are now.",
    )
    members = (Member(member.key, newer.get(member.key, member.document)) for member in document.members)
    return DocumentSet(document.path, tuple(members), document.given, document.passed_over)


def _described_again(document: Document, recorder: Recorder) -> Document:
    newer = readable_again(document)
    recorder.note(
        "warning",
        f"{one_line(document.name, 80)} has changed since it was chosen "
        f"({human_size(document.size)} then, {human_size(newer.size)} now): it is read as it is now.",
    )
    return newer
