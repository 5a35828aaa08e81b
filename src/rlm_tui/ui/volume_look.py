"""What a file of a volume is shown as: text by pages, JSON laid out, the facts of what is neither."""

from __future__ import annotations

import io
import json

from rlm_tui.core.text import human_size
from rlm_tui.ui.widgets.text_pages import TextPages, bytes_pages, text_pages
from rlm_tui.volumes.protocol import Volume

HEAD_BYTES = 64 * 1024
MOST_JSON_BYTES = 4 * 1024 * 1024
SHOWN_BYTES = 256


def look_into(volume: Volume, path: str, size: int) -> TextPages:
    """The pages to show of the file at `path`. Blocks; raises VolumeError."""
    head = volume.read(path, 0, HEAD_BYTES)
    if is_binary(head):
        return text_pages(path, facts(path, size, head), detail=f"{human_size(size)}, not text")
    if path.casefold().endswith(".json") and size <= MOST_JSON_BYTES:
        whole = head if size <= len(head) else volume.read(path, 0, size)
        try:
            laid_out = json.dumps(json.loads(whole), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError) as error:
            problem = str(error).split(":")[0].lower()
            return bytes_pages(
                path, size, lambda start, length: volume.read(path, start, length), f"no JSON: {problem}"
            )
        return text_pages(path, laid_out, detail="JSON, laid out")
    return bytes_pages(path, size, lambda start, length: volume.read(path, start, length))


def is_binary(head: bytes) -> bool:
    """Whether the first bytes of a file are those of no text."""
    if b"\0" in head:
        return True
    broken = head.decode("utf-8", "replace").count("�")
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b\x08" for byte in head)
    return (broken + controls) * 10 > len(head)


def facts(path: str, size: int, head: bytes) -> str:
    """What can be told of a file that is no text, from its first bytes."""
    kind, mime = _kind(path, head)
    lines = [("kind", kind), ("size", f"{human_size(size)} ({size:,} bytes)")]
    pixels = _pixels(head) if mime.startswith("image/") else ""
    if pixels:
        lines.append(("pixels", pixels))
    told = "\n".join(f"{name:<8}{words}" for name, words in lines)
    return f"{told}\n\nThe first bytes:\n{_hexadecimal(head[:SHOWN_BYTES])}"


def _kind(path: str, head: bytes) -> tuple[str, str]:
    """What the file is in words, and its media type ("" if that is not known)."""
    import puremagic

    try:
        found = puremagic.magic_string(head, filename=path.rsplit("/", 1)[-1])
    except (puremagic.PureError, ValueError):
        found = []
    if not found:
        return "not known", ""
    return (found[0].name or found[0].mime_type or "not known"), found[0].mime_type


def _pixels(head: bytes) -> str:
    import imagesize

    try:
        width, height = imagesize.get(io.BytesIO(head))
    except (ValueError, OSError):
        return ""
    return f"{width} × {height}" if width > 0 and height > 0 else ""


def _hexadecimal(content: bytes) -> str:
    lines = []
    for at in range(0, len(content), 16):
        row = content[at : at + 16]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in row)
        lines.append(f"{at:06x}  {row.hex(' '):<47}  {letters}")
    return "\n".join(lines)
