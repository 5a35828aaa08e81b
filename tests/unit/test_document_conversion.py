"""PDF, Word and web pages as text: by the real converter, in its own process."""

from __future__ import annotations

import importlib.util
import os
import time
from pathlib import Path

import pytest

from rlm_tui.core import document_conversion
from rlm_tui.core.document_conversion import (
    ConversionFailed,
    ConversionStopped,
    ConverterMissing,
    readable,
    readable_again,
)
from rlm_tui.core.documents import DocumentMissing, gather, read_text
from tests.unit.foreign_documents import PAGE, write_docx, write_pdf


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RLM_TUI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "pypdf" else found(name, *rest)
    )


def test_a_pdf_is_its_pages(tmp_path: Path) -> None:
    document = readable(write_pdf(tmp_path / "report.pdf", "First things", "Second things"))
    assert (document.name, document.source) == ("report.pdf", tmp_path / "report.pdf")
    assert document.path != document.source
    assert read_text(document) == "[page 1]\nFirst things\n\n[page 2]\nSecond things\n"


def test_a_word_document_keeps_its_headings(tmp_path: Path) -> None:
    document = readable(write_docx(tmp_path / "Letter.DOCX", "# Heading", "Dear Ada,", "grüße"))
    assert read_text(document).split() == ["#", "Heading", "Dear", "Ada,", "grüße"]


def test_a_web_page_is_text_as_it_is_or_converted_when_that_is_wanted(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE)
    assert read_text(readable(page)) == PAGE
    text = read_text(readable(page, html=True))
    assert text.split() == ["#", "Guests", "Two", "&", "more.", "name", "room", "Ada", "7"]


def test_it_is_converted_once_while_it_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_pdf(tmp_path / "report.pdf", "First")
    first = readable(path)
    monkeypatch.setattr(document_conversion, "CONVERTER", "no.such.module")
    assert readable(path) == first
    write_pdf(path, "Changed things")
    with pytest.raises(ConversionFailed):
        readable(path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("broken.pdf", b"%PDF-1.4 and then nothing", "can't be converted to text"),
        ("broken.docx", b"no zip", "can't be converted to text: BadZipFile"),
        ("none.pdf", None, "There is no document at"),
    ],
)
def test_what_can_not_be_converted_is_refused_in_a_sentence(
    tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises((ConversionFailed, DocumentMissing), match=words) as caught:
        readable(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_pdf_without_text_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConversionFailed, match="there is no text in it; scanned pages need OCR first"):
        readable(write_pdf(tmp_path / "scan.pdf", " "))


def test_without_the_extra_the_sentence_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_pdf(tmp_path / "report.pdf", "First")
    without_the_extra(monkeypatch)
    with pytest.raises(ConverterMissing, match=r"not installed: pip install 'rlm-tui\[convert\]'"):
        readable(path)
    (tmp_path / "notes.md").write_text("notes")
    documents = gather([tmp_path])
    assert documents.passed_over == {"to be converted, and the converter is not installed": 1}


def test_a_converter_that_hangs_is_ended_by_the_person_or_by_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hangs.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(document_conversion, "CONVERTER", "hangs")
    path = write_pdf(tmp_path / "report.pdf", "First")
    began = time.monotonic()
    with pytest.raises(ConversionStopped):
        readable(path, stop=lambda: True)
    monkeypatch.setattr(document_conversion, "LONGEST_SECONDS", 0.3)
    with pytest.raises(ConversionFailed, match="convert it yourself first"):
        readable(path)
    assert time.monotonic() - began < 20


def test_the_converter_gets_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tells.py").write_text(
        "import os, pathlib, sys\npathlib.Path(sys.argv[2]).write_text(repr(sorted(os.environ)))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("DSPY_LLM_API_KEY", "sk-planted")
    monkeypatch.setattr(document_conversion, "CONVERTER", "tells")
    text = read_text(readable(write_pdf(tmp_path / "report.pdf", "First")))
    assert "PATH" in text
    assert "DSPY_LLM_API_KEY" not in text


def test_a_set_holds_converted_documents_under_their_own_names(tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    write_pdf(folder / "report.pdf", "First")
    write_docx(folder / "letter.docx", "Dear Ada")
    (folder / "notes.md").write_text("notes")
    documents = gather([folder])
    assert [member.key for member in documents.members] == ["letter.docx", "notes.md", "report.pdf"]
    assert read_text(documents.members[2].document) == "[page 1]\nFirst\n"


def test_nothing_of_the_working_folder_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = "import pathlib\npathlib.Path(__file__).with_name('RAN').touch()\n"
    for name in ("resource.py", "pypdf.py", "msgspec.py"):
        (tmp_path / name).write_text(planted)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", ":.")
    readable(write_pdf(tmp_path / "report.pdf", "First"))
    assert not (tmp_path / "RAN").exists()


def test_a_set_of_more_than_are_kept_stays_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_conversion, "KEPT", 2)
    folder = tmp_path / "papers"
    folder.mkdir()
    for number in range(4):
        write_pdf(folder / f"{number}.pdf", f"Paper {number}")
    documents = gather([folder])
    assert [read_text(member.document) for member in documents.members] == [
        f"[page 1]\nPaper {number}\n" for number in range(4)
    ]
    old = documents.members[0].document.path
    os.utime(old, (0, 0))
    readable(write_pdf(folder / "new.pdf", "Paper"))
    assert not old.exists()


def test_a_converter_that_is_interrupted_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hangs.py").write_text(
        "import os, pathlib, time\npathlib.Path(__file__).with_name('pid').write_text(str(os.getpid()))\n"
        "time.sleep(60)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(document_conversion, "CONVERTER", "hangs")

    def interrupted() -> bool:
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        readable(write_pdf(tmp_path / "report.pdf", "First"), stop=interrupted)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_converted_document_changes_with_its_source(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "report.pdf", "First")
    document = readable(path)
    assert not document.has_changed
    write_pdf(path, "Second things")
    assert document.has_changed
    again = readable_again(document)
    assert (again.name, read_text(again)) == ("report.pdf", "[page 1]\nSecond things\n")
    path.unlink()
    assert again.has_changed
