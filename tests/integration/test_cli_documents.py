"""What a run reads, on the command line: files, folders, patterns, standard input, and foreign formats."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.command_line import rlm_tui
from tests.integration.terminal import Terminal
from tests.unit.foreign_documents import PAGE, write_pdf

TELL = "docs, question -> answer: str"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "deep").mkdir(parents=True)
    (root / "a.md").write_text("# Alpha\nThe code word is lantern.\n")
    (root / "deep" / "b.txt").write_text("Nothing here.\n")
    (root / "picture.png").write_bytes(b"\x89PNG\0")
    (root / ".env").write_text("SECRET=planted-4711\n")
    write_pdf(root / "report.pdf", "Quarterly")
    return root


def test_documents_says_what_a_run_would_be_given(folder: Path) -> None:
    ended = rlm_tui("documents", str(folder))
    assert ended.code == 0
    assert ended.stdout.splitlines()[1:] == [
        "      34 B  a.md",
        "      14 B  deep/b.txt",
        "      19 B  report.pdf",
        "3 documents · 67 B · ≈ 18 tokens · 5 lines · 12 words · passed over: 1 binary",
    ]
    told = rlm_tui("documents", str(folder / "*.md"), "--json").json
    assert [document["name"] for document in told["documents"]] == ["a.md"]
    assert (told["lines"], told["words"], told["exact"], told["prompt_cost_usd"]) == (2, 7, True, None)


def test_what_one_prompt_would_cost_is_the_models_own_price(folder: Path) -> None:
    told = rlm_tui("documents", str(folder / "a.md"), "--lm", "openai/gpt-5-mini", "--json").json
    assert told["lm"] == "openai/gpt-5-mini"
    assert 0 < told["prompt_cost_usd"] < 0.001
    unknown = rlm_tui("documents", str(folder / "a.md"), "--lm", "openai/no-such-model", "--json")
    assert unknown.json["prompt_cost_usd"] is None


def test_a_folder_arrives_as_a_dict_and_no_hidden_file_is_in_it(folder: Path) -> None:
    ended = rlm_tui(
        "run", TELL, "--document", str(folder), "--input", "question=What is the code word?", "--json"
    )
    told = ended.json
    assert told["status"] == "submitted", told["error"]
    assert "lantern" in told["outputs"]["answer"]
    run_folder = Path(told["events"]).parent
    kept = json.loads((run_folder / "documents.json").read_text())["docs"]
    assert kept["count"] == 3
    assert sorted(kept["members"]) == ["a.md", "deep/b.txt", "report.pdf"]
    assert len(kept["members"]["a.md"]["sha256"]) == 64
    assert json.loads((run_folder / "run.json").read_text())["documents"] == {"docs": [str(folder)]}
    everything = "".join(path.read_text() for path in run_folder.iterdir() if path.is_file())
    assert "planted-4711" not in everything
    assert not list((Path(told["events"]).parents[3] / "cache" / "packs").glob("*")), "the pack is gone"


def test_documents_of_several_kinds_are_given_together(folder: Path) -> None:
    arguments = ["--document", str(folder / "a.md"), "--document", str(folder / "report.pdf")]
    ended = rlm_tui("run", TELL, *arguments, "--input", "question=What is the code word?", "--json")
    assert "lantern" in ended.json["outputs"]["answer"]


def test_what_is_piped_in_is_a_document(folder: Path) -> None:
    text = "The code word is harbour.\n" * 3
    ended = rlm_tui(
        "run", TELL, "--document", "-", "--input", "question=What is the code word?", "--json", stdin=text
    )
    assert "harbour" in ended.json["outputs"]["answer"]
    nothing = rlm_tui("run", TELL, "--document", "-", "--input", "question=?", stdin="")
    assert (nothing.code, "empty" in nothing.stderr) == (2, True)


def test_web_pages_are_converted_when_that_is_wanted(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE)
    as_it_is = rlm_tui("documents", str(page), "--json").json
    converted = rlm_tui("documents", str(page), "--convert-html", "--json").json
    by_setting = rlm_tui("documents", str(page), "--json", RLM_TUI_DOCUMENTS_CONVERT_HTML="true").json
    assert as_it_is["size"] == len(PAGE)
    assert converted["words"] == by_setting["words"] == 9
    assert converted["documents"][0]["path"] == str(page)


@pytest.mark.parametrize("command", ["documents", "run"])
def test_a_folder_with_too_many_files_is_refused_in_a_sentence(tmp_path: Path, command: str) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(10_050):
        (many / f"{number}.txt").write_text("x\n")
    arguments = (
        [str(many)] if command == "documents" else [TELL, "--document", str(many), "--input", "question=?"]
    )
    ended = rlm_tui(command, *arguments)
    assert ended.code == 2
    assert "has more than 10,000 documents, and a run takes 10,000" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_the_screen_opens_on_what_is_piped_in_and_hears_keys(tmp_path: Path) -> None:
    text = b"The code word is harbour.\n" * 40
    with Terminal("--document", "-", "--task", "analyze", cwd=tmp_path, piped=text) as terminal:
        terminal.wait_for("analyze on standard-input")
        terminal.press(b"\x11")
        assert terminal.code() == 0
