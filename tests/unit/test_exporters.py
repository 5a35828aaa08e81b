"""Saved runs in other formats: what is in them, what is safe in them, and that they run where they should."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.core import events as e
from rlm_tui.core.trajectory import fold
from rlm_tui.store.errors import StoreError
from rlm_tui.store.exporters.formats import FORMATS, source_of, write_export
from rlm_tui.store.exporters.markdown import escaped, fenced
from rlm_tui.store.exporters.source import Source
from rlm_tui.store.run_log import open_run
from tests.pilot.recorded import RunBuilder
from tests.saved_runs import save, told_run

HOSTILE = "</script><script>alert(1)</script><!-- `````\n```\n\x1b[31m| $x$ =1+1 [a](javascript:b)"


def exported(run: RunBuilder, form: str) -> str:
    trajectory = fold(run.events)
    return "".join(FORMATS[form].write(Source("r1", trajectory, lambda value: value.text)))


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_markdown_reads_in_the_order_of_the_run() -> None:
    text = exported(told_run(), "md")
    parts = (
        "# architecture",
        "4 iterations, 2 LLM calls",
        "## Iteration 1",
        "> Look.",
        "```python\nstep_1()",
        "printed by step 1",
        "## Iteration 2",
        "<details><summary>llm\\_query, 0.80 s",
        "first question?",
        "answer to first",
        "**ValueError**: no such step",
        "## Result",
        "yes",
    )
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_the_page_folds_and_shows_a_timeline_and_loads_nothing() -> None:
    text = exported(told_run(), "html")
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert all(
        not str(value).startswith(("http", "//"))
        for name, value in page.attributes
        if name in ("src", "href")
    )
    assert page.tags.count("details") == 6
    assert page.tags.count("rect") == 1 + 4 + 4 + 2
    assert "planner 4.4 s 70% (4 took 4.8 s)" in text
    assert "default-src 'none'" in text
    assert page.open == []


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_text_stays_a_text(form: str) -> None:
    text = exported(told_run(answer=HOSTILE, thoughts=(HOSTILE, HOSTILE)), form)
    assert "\x1b" not in text
    if form == "html":
        assert "script" not in Page(text).tags
    if form == "md":
        outside = re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
        assert "<script" not in outside
        assert re.search(r"[^\\\\]\]\(javascript", outside) is None
    if form == "csv":
        assert not any(
            value.startswith(("=", "+", "@")) for row in csv.reader(io.StringIO(text)) for value in row
        )


@given(st.text(max_size=80), st.integers(0, 6))
def test_a_fence_holds_whatever_stands_in_it(text: str, ticks: int) -> None:
    block = fenced(text + "\n" + "`" * ticks + "\nmore", 10_000)
    fence = block.partition("\n")[0]
    assert block.rstrip().endswith("\n" + fence)
    assert fence not in block[len(fence) : block.rstrip().rindex(fence)]
    assert "\n" not in escaped(text)


def test_json_tells_dspys_trajectory_and_ours() -> None:
    run = told_run()
    told = json.loads(exported(run, "json"))
    assert [set(one) for one in told["trajectory"]] == [{"reasoning", "code", "output"}] * 4
    assert told["trajectory"][2]["output"].endswith("[Error] ValueError: no such step")
    assert told["iterations"][1]["calls"][0]["answer"] == "answer to first question?"
    assert (told["status"], told["outputs"], told["totals"]["llm_calls"]) == (
        "submitted",
        {"answer": "yes"},
        2,
    )
    unknown = RunBuilder().start()
    span = unknown.iteration(1)
    unknown.plan(span, "a", "b()")
    call = unknown.call(unknown.cell(span, "b()"), "?")
    unknown.answer(call, "x", tokens=None)
    assert json.loads(exported(unknown, "json"))["iterations"][0]["calls"][0]["usage"] is None


def test_csv_has_a_line_for_each_call() -> None:
    rows = list(csv.DictReader(io.StringIO(exported(told_run(), "csv"))))
    assert [(row["iteration"], row["kind"], row["prompt"]) for row in rows] == [
        ("2", "llm_query", "first question?"),
        ("2", "llm_query", "second question?"),
    ]
    assert rows[0]["prompt_tokens"] == "560"


def test_the_log_of_alexzhang13_has_the_keys_that_its_logger_writes() -> None:
    lines = [json.loads(line) for line in exported(told_run(), "rlm-jsonl").splitlines()]
    assert [line["type"] for line in lines] == ["metadata", *["iteration"] * 4]
    assert set(lines[0]) == {
        "type", "timestamp", "root_model", "max_depth", "max_iterations", "backend", "backend_kwargs",
        "environment_type", "environment_kwargs", "other_backends",
    }  # fmt: skip
    assert set(lines[1]) == {
        "type", "iteration", "timestamp", "prompt", "response", "code_blocks", "final_answer",
        "iteration_time",
    }  # fmt: skip
    result = lines[2]["code_blocks"][0]["result"]
    assert set(result) == {"stdout", "stderr", "locals", "execution_time", "rlm_calls", "final_answer"}
    used = result["rlm_calls"][0]["usage_summary"]["model_usage_summaries"]["offline/demo"]
    assert (used["total_calls"], used["total_input_tokens"], used["total_output_tokens"]) == (1, 560, 90)
    assert lines[4]["final_answer"] == "yes"
    assert "ValueError" in lines[3]["code_blocks"][0]["result"]["stderr"]


def test_the_notebook_runs_with_the_recorded_answers(tmp_path: Path) -> None:
    document = tmp_path / "text.txt"
    document.write_text("# One\nkey: brass\n# Two\n", encoding="utf-8")
    run = RunBuilder().start(
        documents={"docs": e.DocumentReference(name="text.txt", path=str(document), size=22, characters=22)}
    )
    span = run.iteration(1)
    code = "answer = llm_query('which key?')\nprint(answer, len(chunk_by_headers(docs)), grep(docs, 'key'))\n"
    run.plan(span, "Ask.", code)
    cell = run.cell(span, code)
    run.answer(run.call(cell, "which key?"), "brass")
    run.output(cell, "brass 2 ['key: brass']\n")
    run.cell_done(cell)
    book = json.loads(exported(run, "ipynb"))
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert len({one["id"] for one in book["cells"]}) == len(book["cells"])
    names: dict[str, Any] = {}
    for one in book["cells"]:
        if one["cell_type"] == "code":
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec("".join(one["source"]), names)
            assert printed.getvalue() == "".join(text for out in one["outputs"] for text in out["text"])
    with pytest.raises(LookupError, match="was not asked this"):
        names["llm_query"]("something else")


def test_a_file_is_written_whole_and_replaces_nothing_unasked(tmp_path: Path) -> None:
    path = save(tmp_path, "r1", told_run().events).path
    target = tmp_path / "out.md"
    source = source_of(open_run(path))
    size = write_export(FORMATS["md"].write(source), target)
    assert target.stat().st_size == size
    with pytest.raises(StoreError, match="is there already"):
        write_export(FORMATS["md"].write(source), target)

    def fails() -> Any:
        yield "begun"
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match="no space left"):
        write_export(fails(), target, replace=True)
    assert target.read_text(encoding="utf-8").startswith("# architecture")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out.md", "r1"]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, len(told_run().events)))
def test_a_run_that_was_cut_anywhere_can_be_exported(length: int) -> None:
    trajectory = fold(told_run().events[:length])
    trajectory.mark_interrupted()
    for form in FORMATS.values():
        assert "".join(form.write(Source("r1", trajectory, lambda value: value.text)))
