"""Several documents enter a sandbox as one dict of texts: by one path, whole, and never over the wire."""

from __future__ import annotations

from pathlib import Path

import dspy
import pytest

from rlm_tui.core.document_pack import packed
from rlm_tui.core.documents import DocumentMissing, gather
from rlm_tui.sandbox.document_input import DocumentInput, DocumentSetInput
from rlm_tui.sandbox.errors import SandboxLostError
from tests.contract.sandboxes import Factory, Place, every_transport, planner_script, sandbox

TEXTS = {
    "a.md": b"# A\r\nfirst\n",
    "deep/ü.txt": "Größe 漢字 😀".encode(),
    "deep/windows.txt": ("Ein Café am Fluß, “zitiert” und bezahlt.\n" * 40).encode("cp1252"),
    "utf16.txt": "sechzehn\n".encode("utf-16"),
}
EXPECTED = {
    "a.md": "# A\r\nfirst\n",
    "deep/windows.txt": "Ein Café am Fluß, “zitiert” und bezahlt.\n" * 40,
    "deep/ü.txt": "Größe 漢字 😀",
    "utf16.txt": "sechzehn\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "notes"
    for name, content in TEXTS.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


@every_transport
def test_a_set_is_a_dict_of_texts_in_the_order_of_their_names(folder: Path, place: Place) -> None:
    documents = gather([folder])
    with packed(documents, "run-docs") as pack:
        entered = DocumentSetInput(documents, pack)
        seen = []
        with sandbox(place, documents=[pack], tools={"keep": seen.append}) as interpreter:
            interpreter.execute(entered.sandbox_assignment("docs", "_raw_docs"), {"_raw_docs": "x"})
            assert interpreter.execute("type(docs).__name__, list(docs)") == f"('dict', {list(EXPECTED)})\n"
            interpreter.execute("keep(docs); keep(docs['a.md'])")
            assert interpreter.execute("x = 1", {"docs": entered}) is None, "it is bound once"
        assert seen == [EXPECTED, EXPECTED["a.md"]]
        assert entered.value() == EXPECTED
        assert entered.characters == sum(map(len, EXPECTED.values()))
    assert not pack.path.exists()


@every_transport
def test_a_nested_rlm_takes_the_set_or_one_of_its_texts(folder: Path, place: Place) -> None:
    documents = gather([folder])
    lm = planner_script(
        [
            "import dspy\nprint(dspy.RLM('pages -> n: int')(pages=docs).n)\n"
            "print(dspy.RLM('page -> tail')(page=docs['deep/ü.txt']).tail)",
            "SUBMIT(n=len(pages))",
            "SUBMIT(tail=page[-1] + type(page).__name__)",
            "SUBMIT(answer='done')",
        ]
    )
    with packed(documents, "run-docs") as pack:
        entered = DocumentSetInput(documents, pack)
        rlm = dspy.RLM("docs, question -> answer", interpreter_factory=Factory(place, documents=[pack]))
        with dspy.context(lm=lm):
            result = rlm(docs=entered, question="?")
    assert result.trajectory[0]["output"] == "4\n😀str\n"


def test_the_same_texts_make_the_same_pack(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name, content in reversed(TEXTS.items()):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(content)
    with packed(gather([folder]), "one") as first, packed(gather([copy]), "two") as second:
        assert first.path.read_bytes() == second.path.read_bytes()


def test_a_file_that_is_gone_when_the_set_is_packed_is_named(folder: Path) -> None:
    documents = gather([folder])
    (folder / "a.md").unlink()
    with pytest.raises(DocumentMissing, match=r"a\.md is gone since it was chosen"), packed(documents, "one"):
        pass


def test_a_pack_that_is_none_ends_the_session_and_is_named(folder: Path) -> None:
    documents = gather([folder])
    with packed(documents, "one") as pack, sandbox("off", documents=[pack]) as interpreter:
        pack.path.write_bytes(b"no zip")
        interpreter.bind_document("docs", DocumentSetInput(documents, pack))
        with pytest.raises(SandboxLostError, match="docs can't be read"):
            interpreter.execute("docs")


def test_the_planner_is_shown_the_names_and_a_long_list_is_cut(tmp_path: Path) -> None:
    for number in range(500):
        (tmp_path / f"page-{number:03}.txt").write_text("text " * number or "text")
    documents = gather([tmp_path])
    with packed(documents, "one") as pack:
        shown = DocumentSetInput(documents, pack).preview(1000)
        member = DocumentSetInput(documents, pack).member("page-007.txt")
    assert "'page-000.txt': <str, 4 bytes>" in shown
    assert len(shown) < 1100
    assert "more" in shown.splitlines()[-2]
    assert isinstance(member, DocumentInput)
    assert member.value() == "text " * 7
