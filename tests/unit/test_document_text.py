"""Pages tile a document; counts and fingerprints are those of the whole."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core.documents import Document, character_count, describe, preview, read_text, sha256
from rlm_tui.core.paths import cache_directory

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "cp1252"]
MIXED = "añ日😀b\r\n" * 50


def written(folder: Path, text: str, encoding: str) -> Document:
    path = folder / "d.txt"
    path.write_bytes(text.encode(encoding, "replace"))
    return Document("d.txt", path, path.stat().st_size, encoding, path.stat().st_mtime)


def pages(document: Document, length: int) -> list[str]:
    return [preview(document, start, length) for start in range(0, document.size, length)]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("length", [1, 2, 3, 5, 7, 64, 10_000])
def test_pages_laid_end_to_end_are_the_text(tmp_path: Path, encoding: str, length: int) -> None:
    document = written(tmp_path, MIXED, encoding)
    assert "".join(pages(document, length)) == read_text(document)


@given(
    st.text(max_size=60, alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff")),
    st.sampled_from(ENCODINGS),
    st.integers(1, 40),
)
def test_any_text_in_any_pages(
    tmp_path_factory: pytest.TempPathFactory, text: str, encoding: str, length: int
) -> None:
    document = written(tmp_path_factory.mktemp("pages"), text, encoding)
    whole = read_text(document)
    assert "".join(pages(document, length)) == whole
    assert character_count(document) == len(whole)


def test_beyond_the_end_is_nothing(tmp_path: Path) -> None:
    document = written(tmp_path, "abc", "utf-8")
    assert preview(document, 100, 10) == ""
    assert preview(document, 1, 0) == ""
    assert preview(document, -5, 2) == "ab"


def test_line_ends_stay_as_they_are(tmp_path: Path) -> None:
    document = written(tmp_path, "a\r\nb\rc\n", "utf-8")
    assert read_text(document) == "a\r\nb\rc\n"
    assert character_count(document) == 7


@given(st.binary(min_size=1, max_size=300))
def test_the_count_of_broken_text_is_that_of_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("broken") / "b.txt"
    path.write_bytes(content)
    document = Document("b.txt", path, len(content), "utf-8", 0.0, broken=True)
    assert character_count(document) == len(read_text(document))


def test_the_fingerprint_and_its_progress(tmp_path: Path) -> None:
    content = b"0123456789" * 300_000
    (tmp_path / "d").write_bytes(content)
    heard: list[int] = []
    assert sha256(describe(tmp_path / "d"), heard.append) == hashlib.sha256(content).hexdigest()
    assert heard == sorted(heard)
    assert heard[-1] == len(content)


def test_a_large_count_is_remembered_until_the_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "d.txt"
    path.write_text("ä" * 3_000_000, encoding="utf-8")
    document = describe(path)
    assert character_count(document) == 3_000_000
    (remembered,) = (cache_directory() / "character-counts").iterdir()
    remembered.write_text("123")
    assert character_count(document) == 123
    remembered.write_text("nonsense")
    assert character_count(document) == 3_000_000
    path.write_text("ä" * 3_000_001, encoding="utf-8")
    assert character_count(describe(path)) == 3_000_001


def test_a_cache_that_can_not_be_written_costs_only_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    monkeypatch.setenv("RLM_TUI_HOME", str(tmp_path / "home"))
    (tmp_path / "d.txt").write_text("b" * 5_000_000)
    assert character_count(describe(tmp_path / "d.txt")) == 5_000_000


def test_a_hundred_megabytes_are_counted_in_a_moment(tmp_path: Path) -> None:
    line = "Größere Mäuse fressen öfter Käse, über Köln hinaus: 日本\n"
    block = (line * 20_000).encode()
    path = tmp_path / "d.txt"
    with path.open("wb") as file:
        for _ in range(100_000_000 // len(block)):
            file.write(block)
    document = describe(path)
    began = time.perf_counter()
    count = character_count(document)
    assert time.perf_counter() - began < 10
    assert count == len(line) * 20_000 * (100_000_000 // len(block))
