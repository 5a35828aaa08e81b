"""Encodings are told from samples and named as Python names them."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core.documents import DocumentBinary, DocumentEncodingUnknown, describe, read_text
from rlm_tui.core.encodings import Encoded, tell_encoding

TEXTS = {
    "french": "Où est la bibliothèque ? L'été dernier, nous avons mangé des crêpes à Orléans. Voilà ça.\n",
    "german": "Die Straße führt über Köln. Größere Mäuse fressen öfter Käse.\n",
    "japanese": "これは日本語のテキストです。吾輩は猫である。名前はまだ無い。\n",
    "russian": "Все счастливые семьи похожи друг на друга, каждая несчастлива по-своему.\n",
    "chinese": "人类一思考，上帝就发笑。天下大势，分久必合，合久必分。话说天下大势。\n",
    "korean": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.\n",
    "greek": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια.\n",
    "polish": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są żółte.\n",
}


@pytest.mark.parametrize("times", [4, 4_000], ids=["small", "sampled"])
@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("french", "cp1252"),
        ("french", "latin-1"),
        ("french", "mac_roman"),
        ("german", "cp1252"),
        ("japanese", "shift_jis"),
        ("japanese", "euc_jp"),
        ("japanese", "iso2022_jp"),
        ("russian", "cp1251"),
        ("russian", "koi8_r"),
        ("chinese", "gb18030"),
        ("korean", "euc_kr"),
        ("greek", "cp1253"),
        ("polish", "cp1250"),
        ("polish", "iso8859_2"),
        *[(language, name) for language in TEXTS for name in ("utf-8", "utf-8-sig", "utf-16", "utf-32")],
        *[
            (language, name)
            for language in ("french", "japanese", "chinese")
            for name in ("utf-16-le", "utf-16-be")
        ],
    ],
)
def test_the_text_reads_as_it_was_written(tmp_path: Path, language: str, written: str, times: int) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes((TEXTS[language] * times).encode(written))
    document = describe(path)
    assert read_text(document) == TEXTS[language] * times
    assert not document.broken
    if written.startswith("utf"):
        assert document.encoding == written


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE])
def test_a_mark_tells_the_byte_order(tmp_path: Path, mark: bytes) -> None:
    name = "utf-16-be" if mark == codecs.BOM_UTF16_BE else "utf-16-le"
    (tmp_path / "t").write_bytes(mark + "日本 text".encode(name))
    document = describe(tmp_path / "t")
    assert document.encoding == "utf-16"
    assert read_text(document) == "日本 text"


@given(st.text(min_size=1, alphabet=st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co"))), st.data())
def test_utf8_is_told_from_parts_cut_anywhere(text: str, data: st.DataObject) -> None:
    whole = (text * 20).encode()
    cut = data.draw(st.integers(1, max(1, len(whole) - 1)))
    end = data.draw(st.integers(cut, len(whole)))
    if text.startswith(("\ufeff", "%PDF-")):
        return
    assert tell_encoding([whole[:cut], whole[cut:end], whole[end:]]) == Encoded("utf-8")


def test_a_few_broken_bytes_leave_it_utf8_and_are_told(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes("Größe über alles\n".encode() * 50 + b"cut \xc3\n" + b"ok\n")
    document = describe(path)
    assert (document.encoding, document.broken) == ("utf-8", True)
    assert "cut \ufffd\nok" in read_text(document)


def test_one_accent_in_an_old_file(tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    path.write_bytes(b"plain line\n" * 1000 + b"na\xefve\n")
    assert describe(path).encoding == "cp1252"


def test_a_text_without_a_line_end(tmp_path: Path) -> None:
    path = tmp_path / "one-line.txt"
    path.write_bytes(b"caf\xe9")
    assert describe(path).encoding == "cp1252"


@given(st.binary(max_size=4_000))
def test_any_bytes_are_described_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "any.txt"
    path.write_bytes(content)
    try:
        document = describe(path)
    except (DocumentBinary, DocumentEncodingUnknown, ValueError):
        return
    # What is called text can be read, and is not mostly replacements.
    text = read_text(document)
    assert text.count("\ufffd") <= max(1, len(text) // 2)
