"""A document is described in a moment at any size, or refused in one sentence."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from rlm_tui.core.documents import (
    DocumentBinary,
    DocumentEmpty,
    DocumentEncodingUnknown,
    DocumentError,
    DocumentMissing,
    DocumentUnreadable,
    describe,
)
from rlm_tui.core.text import one_line

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def refused(path: Path, error: type[DocumentError], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        describe(path)
    sentence = str(caught.value)
    assert one_line(path.name, 80).removesuffix("…") in sentence
    assert sentence.endswith((".", "?"))
    assert "\n" not in sentence
    assert caught.value.path.is_absolute()


def test_a_document_is_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notes.txt").write_text("héllo\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    document = describe("notes.txt")
    assert (document.name, document.path) == ("notes.txt", tmp_path / "notes.txt")
    assert (document.size, document.encoding, document.broken) == (7, "utf-8", False)
    assert document.modified == (tmp_path / "notes.txt").stat().st_mtime


def test_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "dspy-doc.txt").write_text("x")
    refused(
        tmp_path / "dspy-docs.txt", DocumentMissing, "There is no document at .*: did you mean dspy-doc.txt?"
    )
    refused(tmp_path / "entirely-else", DocumentMissing, "check the path")
    refused(tmp_path / "no" / "folder", DocumentMissing, "the folder .* isn't there either")
    refused(tmp_path / "dspy-doc.txt" / "below", DocumentMissing, "There is no document")
    refused(tmp_path / "nul\0", DocumentMissing, "a character that no path has")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    refused(tmp_path / "link", DocumentMissing, "There is no document")


def test_what_is_no_file(tmp_path: Path) -> None:
    refused(tmp_path, DocumentUnreadable, "is a folder: choose a file in it")
    refused(Path("/dev/null"), DocumentUnreadable, "is a device")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    refused(tmp_path / "loop", DocumentUnreadable, "a symbolic link that leads to itself")
    refused(tmp_path / ("long" * 200), DocumentUnreadable, "File name too long")


def test_a_file_that_the_system_makes_up(tmp_path: Path) -> None:
    if not Path("/proc/cpuinfo").exists():
        pytest.skip("there is no /proc here")
    refused(Path("/proc/cpuinfo"), DocumentUnreadable, "copy it to a file")


def test_a_home_that_is_nobodys(tmp_path: Path) -> None:
    refused(Path("~nobody-of-that-name/notes.txt"), DocumentMissing, "There is no document")


def test_a_pipe_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    began = time.perf_counter()
    refused(tmp_path / "pipe", DocumentUnreadable, "is a pipe, not a file")
    assert time.perf_counter() - began < 10


def test_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("sock")
        refused(tmp_path / "sock", DocumentUnreadable, "is a socket")


@pytest.mark.skipif(AS_ROOT, reason="root may read every file")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "closed.txt").write_text("x")
    (tmp_path / "closed.txt").chmod(0)
    refused(tmp_path / "closed.txt", DocumentUnreadable, "may not be read by you: change its permissions")


def test_permission_in_words_whoever_runs_this(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed.txt").write_text("x")

    def deny(path: object, flags: int) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", deny)
    refused(tmp_path / "closed.txt", DocumentUnreadable, "may not be read by you")


@pytest.mark.parametrize("content", [b"", b"   \n\t\r\n", b"\n" * 400_000])
def test_an_empty_document(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "empty.txt").write_bytes(content)
    refused(tmp_path / "empty.txt", DocumentEmpty, "is empty: choose a document that has text")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7\n%plain so far", "is a PDF; turn it into text first"),
        (b"PK\x03\x04rest", "a ZIP archive or an Office document"),
        (b"\x1f\x8b\x08\x00", "compressed with gzip"),
        (b"\x7fELF\x02", "a program"),
        (b"SQLite format 3\x00", "an SQLite database"),
        (b"text\x00with\x00nul\x00bytes in it", "is binary data"),
        (bytes(range(256)) * 100, "is binary data"),
        (bytes(range(1, 256)) * 100, "is binary data"),
        (b"A" * 500_000 + b"\x00" * 100_000 + b"A" * 500_000, "is binary data"),
    ],
)
def test_what_is_no_text(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "thing.bin").write_bytes(content)
    refused(tmp_path / "thing.bin", DocumentBinary, words)


def test_bytes_in_no_encoding(tmp_path: Path) -> None:
    # Bytes above ASCII in a fixed disorder: no language in any encoding reads like it.
    state, noise = 12_345, bytearray()
    while len(noise) < 8_000:
        state = (state * 1_103_515_245 + 12_345) % 2**31
        noise.append(0x80 + (state >> 16) % 0x80)
    (tmp_path / "noise.txt").write_bytes(bytes(noise))
    refused(
        tmp_path / "noise.txt", DocumentEncodingUnknown, "an encoding that can't be told: convert it to UTF-8"
    )


def test_a_name_can_not_colour_the_sentence(tmp_path: Path) -> None:
    with pytest.raises(DocumentMissing) as caught:
        describe(tmp_path / "\x1b[31mred\n.txt")
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_gigabyte_is_described_in_a_moment(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    size = 2**30
    with path.open("wb") as file:
        file.write(b"The beginning.\n" * 20_000)
        file.truncate(size)
        for start in (size // 2 - 200_000, size - 400_000):
            file.seek(start)
            file.write(b"Some lines on.\n" * 26_000)
        file.truncate(size)
        file.seek(size - 80_000)
        file.write(b"x" * 80_000)
    began = time.process_time()
    document = describe(path)
    assert time.process_time() - began < 2
    assert (document.size, document.encoding) == (size, "utf-8")
