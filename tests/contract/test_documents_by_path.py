"""Documents enter a sandbox by their path: whole, in their own encoding, once, and never over the wire."""

from __future__ import annotations

import time
from pathlib import Path

import dspy
import pytest

from rlm_tui.sandbox.document_input import DocumentInput, assigned_document
from rlm_tui.sandbox.errors import SandboxLostError
from rlm_tui.sandbox.local import ProcessInterpreter, ProcessInterpreterFactory
from rlm_tui.sandbox.process_transport import ProcessTransport
from tests.contract.sandboxes import Place, every_transport, planner_script, sandbox, write_document

MEGABYTE = 1_000_000


@every_transport
def test_a_document_is_the_text_of_its_file(tmp_path: Path, place: Place) -> None:
    text = "Grüße\r\nan 漢字 und 😀\n" * 500
    document = write_document(tmp_path, text)
    entered = DocumentInput(document)
    with sandbox(place, documents=[document]) as interpreter:
        interpreter.execute(entered.sandbox_assignment("docs", "_raw_docs"), {"_raw_docs": "x"})
        assert interpreter.execute("len(docs), hash(docs) != 0") == f"({len(text)}, True)\n"
        assert entered.characters == len(text)
        interpreter.tools["check"] = lambda part: part == text
        assert interpreter.execute("check(docs)") == "True\n"
        assert entered.value() == text


@every_transport
@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_another_encoding_is_read_as_that(tmp_path: Path, place: Place, encoding: str) -> None:
    text = "Ein Text über Bäume, Flüsse und das Café “Métropole” in Zürich.\n" * 200
    document = write_document(tmp_path, text.encode(encoding))
    with sandbox(place, documents=[document]) as interpreter:
        interpreter.bind_document("docs", DocumentInput(document))
        assert interpreter.execute("print(docs[:63])") == text[:63] + "\n"


@every_transport
def test_a_cell_costs_the_same_whatever_the_document(tmp_path: Path, place: Place) -> None:
    """As dspy drives it: all inputs given again with every cell."""

    def milliseconds_a_cell(size: int) -> float:
        document = write_document(tmp_path, b"line of text\n" * (size // 13), name=f"{size}.txt")
        with sandbox(place, documents=[document]) as interpreter:
            variables = {"question": "?", "docs": DocumentInput(document)}
            interpreter.execute("len(docs)", variables)
            best = 1e9
            for _ in range(30):
                began = time.perf_counter()
                interpreter.execute("x = 1", variables)
                best = min(best, time.perf_counter() - began)
            return 1000 * best

    small, large = milliseconds_a_cell(83_000), milliseconds_a_cell(50 * MEGABYTE)
    # Flat by measurement (about 0.5 ms); the text sent each time would cost some 500 ms here.
    assert large < 10 * small + 5


@pytest.mark.parametrize("size", [10 * MEGABYTE, pytest.param(100 * MEGABYTE, marks=pytest.mark.slow)])
def test_a_nested_rlm_gets_the_document_without_a_long_frame(
    tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = write_document(tmp_path, b"x" * (size - 6) + b"needle")
    longest = {"in": 0, "out": 0}
    receive, send = ProcessTransport.receive, ProcessTransport.send

    def counted_receive(self: ProcessTransport) -> bytes:
        data = receive(self)
        longest["in"] = max(longest["in"], *map(len, data.split(b"\n")))
        return data

    def counted_send(self: ProcessTransport, data: bytes, patience: float | None = None) -> bool:
        longest["out"] = max(longest["out"], len(data))
        return send(self, data, patience)

    monkeypatch.setattr(ProcessTransport, "receive", counted_receive)
    monkeypatch.setattr(ProcessTransport, "send", counted_send)
    lm = planner_script(
        [
            "import dspy\nprint(dspy.RLM('text -> tail')(text=docs).tail)",
            "SUBMIT(tail=f'{text[-6:]} {len(text)}')",
            "SUBMIT(answer='done')",
        ]
    )
    factory = ProcessInterpreterFactory(documents=[document], confined="off")
    rlm = dspy.RLM("docs, question -> answer", interpreter_factory=factory)
    with dspy.context(lm=lm):
        result = rlm(docs=DocumentInput(document), question="?")
    assert result.trajectory[0]["output"] == f"needle {size}\n"
    assert longest["in"] <= 64 * 1024
    assert longest["out"] <= 64 * 1024


def test_a_plain_tool_that_is_given_the_document_gets_its_text(tmp_path: Path) -> None:
    text = "abc\n" * 1000
    document = write_document(tmp_path, text)
    got: list[str] = []
    with sandbox("off", documents=[document], tools={"keep": got.append}) as interpreter:
        interpreter.bind_document("docs", DocumentInput(document))
        interpreter.execute("keep(docs)")
    assert got == [text]


def test_a_document_that_vanished_ends_the_session_and_is_named(tmp_path: Path) -> None:
    document = write_document(tmp_path, "text")
    with sandbox("off", documents=[document]) as interpreter:
        document.path.unlink()
        interpreter.bind_document("docs", DocumentInput(document))
        with pytest.raises(SandboxLostError, match="docs can't be read"):
            interpreter.execute("docs")


def test_the_planner_variable_of_a_cell_may_be_bound_again(tmp_path: Path) -> None:
    first = write_document(tmp_path, "first", name="first.txt")
    second = write_document(tmp_path, "second", name="second.txt")
    with sandbox("off", documents=[first, second]) as interpreter:
        for document, words in ((first, "first"), (second, "second")):
            assert interpreter.execute("docs", {"docs": DocumentInput(document)}) == f"'{words}'\n"
        assert interpreter.execute("docs", {"docs": "plain"}) == "'plain'\n"
        assert interpreter.documents == {}


def test_only_an_assignment_that_was_given_out_is_a_setup(tmp_path: Path) -> None:
    entered = DocumentInput(write_document(tmp_path, "text"))
    given_out = entered.sandbox_assignment("docs", "_raw_docs")
    assert assigned_document(given_out) == ("docs", entered)
    assert ProcessInterpreter.is_setup(given_out)
    forged = f"# rlm-tui binds docs to document {'0' * 32}\nraise SystemExit"
    assert not ProcessInterpreter.is_setup(forged)
    assert not ProcessInterpreter.is_setup("x = 1")


def test_a_preview_shows_both_ends_and_reads_no_more(tmp_path: Path) -> None:
    document = write_document(tmp_path, "begin" + "é" * 2_000_000 + "the end")
    entered = DocumentInput(document)
    began = time.perf_counter()
    preview = entered.preview(1000)
    assert time.perf_counter() - began < 0.2
    assert preview.startswith("beginé")
    assert preview.endswith("éthe end")
    assert 900 <= len(preview) <= 1010
    assert "2,000,012 characters" in entered.rlm_preview()
    assert DocumentInput(write_document(tmp_path, "short", name="s.txt")).preview(1000) == "short"
