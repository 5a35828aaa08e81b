"""What a run says of itself at its start: in `run_started`, and in the run folder's `run.json`."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from rlm_tui.core.documents import AnyDocument, Document, DocumentSet, sha256
from rlm_tui.core.event_codec import encode_value
from rlm_tui.core.events import DocumentMember, DocumentReference, SandboxDescription
from rlm_tui.core.paths import volumes_directory
from rlm_tui.core.settings import Settings
from rlm_tui.engine.plain import plain
from rlm_tui.sandbox.modal_parts import modal_description
from rlm_tui.sandbox.process_transport import ProcessTransport

if TYPE_CHECKING:
    from rlm_tui.engine.session import RunRequest


def asked(request: RunRequest) -> dict[str, Any]:
    """What `run.json` keeps of a request: enough to ask again, and no secret."""
    settings = request.settings
    return {
        "task": request.task.name,
        "signature": request.task.signature,
        "inputs": plain(request.inputs),
        "documents": {name: _given(document) for name, document in request.documents.items()},
        "lm": None if settings.lm is None else settings.lm.model,
        "sub_lm": None if settings.sub_lm is None else settings.sub_lm.model,
        "sandbox": settings.sandbox.kind,
        "budgets": msgspec.to_builtins(settings.budgets),
        "instructions": request.task.instructions,
        "descriptions": {
            **{item.name: item.description for item in request.task.inputs if item.description},
            **{item.name: item.description for item in request.task.outputs if item.description},
        },
        "tools": list(request.task.tools),
        "signature_class": request.task.signature_class,
        "document_input": request.task.document_input,
        "convert_html": settings.documents.convert_html,
        "sandbox_settings": msgspec.to_builtins(settings.sandbox),
        "directory": str(Path.cwd()),
    }


def reference(document: AnyDocument) -> DocumentReference:
    """A document as events name it; its hash and its length in characters take longer to know."""
    match document:
        case Document(name=name, source=path, size=size, encoding=encoding):
            return DocumentReference(name=name, path=str(path), size=size, encoding=encoding)
        case DocumentSet(name=name, path=path, size=size, members=members):
            return DocumentReference(name=name, path=str(path), size=size, count=len(members))


def hashed_reference(document: AnyDocument) -> DocumentReference:
    """A document as `documents.json` names it, with its hash; of a set, with that of each. Raises OSError."""
    found = reference(document)
    if isinstance(document, Document):
        return msgspec.structs.replace(found, sha256=sha256(document))
    members = {
        member.key: DocumentMember(str(one.source), one.size, sha256(one), one.encoding)
        for member in document.members
        for one in (member.document,)
    }
    return msgspec.structs.replace(found, members=members)


def _given(document: AnyDocument) -> str | list[str]:
    """What would choose it again."""
    return str(document.source) if isinstance(document, Document) else list(document.given)


def local_volume(settings: Settings) -> Path:
    """The directory that is the volume of a local sandbox."""
    return volumes_directory() / settings.sandbox.volume


def describe_sandbox(settings: Settings) -> SandboxDescription:
    """The sandbox of a run before there is one."""
    match settings.sandbox.kind:
        case "local":
            return ProcessTransport(
                volume=local_volume(settings), confined=settings.sandbox.confined
            ).description
        case "modal":
            return modal_description(settings.modal)


def as_text(value: Any) -> str:
    """An input's value as `run_started` shows it."""
    return value if isinstance(value, str) else encode_value(value).decode()


def versions() -> dict[str, str]:
    """What the run was made with; told without importing any of it."""
    found = {"python": platform.python_version()}
    for name in ("rlm-tui", "dspy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
