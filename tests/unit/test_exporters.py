"""Saved runs in other formats: what is in them, what is safe in them, and that they run where they should."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rlm_tui.core import events as e
from rlm_tui.core.redaction import Redactor
from rlm_tui.core.text import UNKNOWN_SECONDS
from rlm_tui.core.trajectory import fold
from rlm_tui.store.errors import StoreError
from rlm_tui.store.exporters.formats import FORMATS, file_for, source_of, write_export
from rlm_tui.store.exporters.markdown import escaped, fenced
from rlm_tui.store.exporters.source import Source
from rlm_tui.store.run_log import open_run
from tests.pilot.recorded import RunBuilder, value
from tests.saved_runs import everything_run, nested_run, save, told_run

HOSTILE = (
    "</script></style><script>alert(1)</script><img src=x onerror=alert(2)><!-- `````\n```\n~~~\n"
    "\x1b[31m\x9b1m| $x$ =1+1 [a](javascript:b) ![i](http://x/y)\n# h\n- l\n"
    "\u202ebidi\u2066\u200b\ufeff'\"&amp;\ud800\0"
)
WORDS = (
    "task", "signature", "instructions", "document", "query", "planner", "parent", "change", "note",
    "sentback", "# sent back code", "remark", "reasoning", "# planned", "# edited", "# persons", "personsaw",
    "lastwords",
    "reason", "differed", "printed", "warned", "good", "answer", "bad", "itemfailed", "argument", "subasked",
    "innerreasoning", "# innercode", "innerprompt", "inneranswer", "subanswer", "message", "traceback",
    "written", "lastreasoning", "# skipped", "skipnote", "extract", "extracted", "output", "item",
    "entry",
)  # fmt: skip
"""How the texts of `everything_run` begin that a reader of an export finds in it."""
INNER = ["innerreasoning", "# innercode", "innerprompt", "inneranswer", "extract", "extracted"]
"""What a notebook has no cell for: the inside of a nested RLM, and what the run itself asked."""


def exported(run: RunBuilder, form: str) -> str:
    trajectory = fold(run.events)
    trajectory.mark_interrupted()
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
        if tag not in ("meta", "input"):
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
        "<details><summary>llm_query, 0.80 s, 650 tok",
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
    assert "img-src" not in text
    assert "default-src 'none'" in text
    assert page.open == []


@pytest.mark.parametrize("form", ["md", "html", "ipynb", "json"])
def test_all_that_happened_is_told(form: str) -> None:
    text = exported(everything_run(" once"), form)
    page = " ".join(Page(text).words) if form == "html" else text.replace("\\#", "#")
    untold = [word for word in WORDS if f"{word} once" not in page]
    assert untold == (INNER if form == "ipynb" else [])
    assert form != "html" or "<span class=stderr>warned once" in text
    if form in ("md", "html"):
        for words in (
            "sent the code back",
            "A person ran",
            "skipped the cell",
            "lost and replaced",
            "77 bytes",
        ):
            assert words in page


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_text_stays_a_text(form: str) -> None:
    text = exported(everything_run(HOSTILE), form)
    for acting in ("\x1b", "\x9b", "\u202e", "\u2066", "\0"):
        assert acting not in text
    if form in ("md", "html"):
        html = MarkdownIt("commonmark").enable("table").render(text) if form == "md" else text
        page = Page(html)
        assert not {"script", "img", "a"} & set(page.tags)
        assert not any(name.startswith("on") for name, _ in page.attributes)
        assert page.tags.count("style") == (form == "html")
        assert page.open == []
    if form == "csv":
        rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
        assert {len(row) for row in rows} == {15}
        assert not any(value.lstrip().startswith(("=", "+", "@")) for row in rows for value in row)
    if form in ("json", "ipynb"):
        json.loads(text)


def test_a_markdown_summary_is_html_and_nothing_is_cut() -> None:
    long = "A thought that goes on. " * 60
    run = told_run(thoughts=(f"{long}\n- one_two\n1. three", "b"), answer="a\nb")
    html = MarkdownIt("commonmark").enable("table").render(exported(run, "md"))
    assert long.strip() in html
    assert "<li>" not in html
    assert "one_two<br />" in html
    assert "<summary>llm_query, " in html


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


def test_what_a_log_does_not_tell_is_none() -> None:
    run = RunBuilder().start(imported="dspy", offline=False)
    span = run.iteration(1)
    run.add(e.PlanReady(span=span, reasoning=value("a"), code=value("b()"), seconds=UNKNOWN_SECONDS))
    cell = run.cell(span, "b()")
    call = run.call(cell, "?")
    run.add(e.CallFinished(span=call, answer=value("x"), seconds=UNKNOWN_SECONDS))
    run.cell_done(cell, seconds=UNKNOWN_SECONDS)
    run.add(e.RunFinished(status="submitted", totals=e.Totals(seconds=UNKNOWN_SECONDS)))
    told = json.loads(exported(run, "json"))
    assert (told["totals"]["seconds"], told["totals"]["llm_calls"], told["budgets"]) == (None, None, None)
    assert told["totals"]["prompt_tokens"] is None
    (one,) = told["iterations"]
    assert (one["plan_seconds"], one["cell"]["seconds"], one["calls"][0]["seconds"]) == (None, None, None)
    (row,) = csv.DictReader(io.StringIO(exported(run, "csv")))
    assert (row["seconds"], row["prompt_tokens"]) == ("", "")
    line = json.loads(exported(run, "rlm-jsonl").splitlines()[1])
    assert (line["iteration_time"], line["code_blocks"][0]["result"]["execution_time"]) == (None, None)
    for form in ("md", "html"):
        assert "? LLM calls, ? tokens, cost unknown, ? s" in exported(run, form)
        assert "-1" not in exported(run, form).replace("UTF-16", "")


def test_csv_has_a_line_for_each_call() -> None:
    text = exported(told_run(), "csv")
    assert text.startswith("\ufeff")  # or Excel takes it for the machine's own encoding
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [(row["iteration"], row["kind"], row["prompt"]) for row in rows] == [
        ("2", "llm_query", "first question?"),
        ("2", "llm_query", "second question?"),
    ]
    assert rows[0]["prompt_tokens"] == "560"
    nested = csv.DictReader(io.StringIO(exported(nested_run(), "csv").removeprefix("\ufeff")))
    assert [row["iteration"] for row in nested] == ["2", "2", "2 > 1", "2 > 1 > 1", "2"]
    long = exported(everything_run("x" * 70_000), "csv").removeprefix("\ufeff")
    assert max(len(one) for row in csv.reader(io.StringIO(long)) for one in row) < 32_767


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


@pytest.mark.parametrize("run", [told_run(), nested_run(), everything_run(HOSTILE)])
def test_its_visualizer_can_read_it(run: RunBuilder) -> None:
    """What its parser, its timeline and its panels do to each line without looking first."""
    for line in map(json.loads, exported(run, "rlm-jsonl").splitlines()[1:]):
        assert all(message["role"] == "user" and len(message["content"]) >= 0 for message in line["prompt"])
        assert isinstance(line["response"], str)
        assert isinstance(line["iteration_time"], float | int | None)
        for block in line["code_blocks"]:
            assert isinstance(block["code"], str)
            assert isinstance(block["result"]["locals"], dict)
            for call in block["result"]["rlm_calls"]:
                assert isinstance(call["execution_time"], float)
                assert isinstance(call["response"], str)
                used = list(call["usage_summary"]["model_usage_summaries"].values())
                assert [one["total_input_tokens"] for one in used] == (
                    [call["prompt_tokens"]] if "prompt_tokens" in call else []
                )


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


def test_a_notebook_answers_as_the_run_did_and_runs_what_ended_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "dspy", ModuleType("dspy"))
    run = everything_run(" x")
    hostile = {"__import__('os').abort()": value("y"), "class": value("z")}
    run.events[0] = msgspec.structs.replace(run.events[0], inputs=hostile)
    span = run.iteration(3)
    run.plan(span, "Shell.", "!touch me")
    run.cell_done(run.cell(span, "!touch me"), error=e.ErrorDetail("SyntaxError", "invalid syntax"))
    cells = json.loads(exported(run, "ipynb"))["cells"]
    assert len({one["id"] for one in cells}) == len(cells)
    code = ["".join(one["source"]) for one in cells if one["cell_type"] == "code"]
    assert code[3:] == ["# persons x", "# edited x"]
    failed = next(one for one in cells if one["source"] == ["# edited x"])
    assert failed["metadata"] == {"tags": ["raises-exception"]}
    assert [one.get("name", one.get("ename")) for one in failed["outputs"]] == [
        "stdout",
        "stderr",
        "ValueError",
    ]
    assert any("is not run here" in "".join(one["source"]) for one in cells)
    names: dict[str, Any] = {}
    exec(code[0], names)
    assert names["llm_query_batched"](["good x", "bad x"]) == ["answer x", "[ERROR] LMError: itemfailed x"]
    assert names["look_up"](key="another argument, as long ones are cut") == "2"
    exec("import dspy\nnested = dspy.RLM('text -> words')(text='whatever')", names)
    assert names["nested"].words == "subanswer x"
    with pytest.raises(BaseException, match=r"^$"), contextlib.redirect_stdout(io.StringIO()) as shown:
        names["SUBMIT"](answer=1)
    assert shown.getvalue() == "SUBMIT answer=1\n"
    inputs: dict[str, Any] = {}
    with pytest.raises(FileNotFoundError, match="put the document there"):
        exec(code[2], inputs)
    exec(code[2].replace("docs = ", "#"), inputs)
    assert inputs["__import__('os').abort()"] == "y"


def test_no_secret_that_is_known_now_leaves(tmp_path: Path) -> None:
    key, own = "sk-abcdefghijkl0123456789", "correct horse battery"
    folder = save(tmp_path, "r1", everything_run(f" {key} {own}.").events)
    source = source_of(open_run(folder.path), Redactor([own]))
    for form in FORMATS.values():
        text = "".join(form.write(source))
        assert key not in text
        assert own not in text
        assert "[redacted]" in text.replace("\\", "")


def test_a_file_is_written_whole_and_replaces_nothing_unasked(tmp_path: Path) -> None:
    path = save(tmp_path, "r1", told_run().events).path
    target = tmp_path / "out.md"
    source = source_of(open_run(path), Redactor())
    size = write_export(FORMATS["md"].write(source), target)
    assert target.stat().st_size == size
    with pytest.raises(StoreError, match="is there already"):
        write_export(FORMATS["md"].write(source), target)

    def fails() -> Any:
        yield "begun"
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match="no space left"):
        write_export(fails(), target, replace=True)
    late = tmp_path / "late.md"

    def overtaken() -> Any:
        yield "ours"
        late.write_text("theirs")

    with pytest.raises(StoreError, match="is there already"):
        write_export(overtaken(), late)
    assert late.read_text() == "theirs"
    late.unlink()
    late.symlink_to("nowhere")
    for wrong, words in (
        (late, "is there already"),
        (tmp_path, "is a directory"),
        (tmp_path / ("x" * 300), "name too long"),
        (target / "below", "not a directory"),
        (tmp_path / "a\0b", "null"),
    ):
        with pytest.raises(StoreError, match=words):
            write_export(["x"], wrong)
    with pytest.raises(StoreError, match="is no file"):
        write_export(["x"], Path("/dev/null"), replace=True)
    late.unlink()
    assert file_for(tmp_path, "r1", "svg") == tmp_path / "r1.svg"
    assert target.read_text(encoding="utf-8").startswith("# architecture")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out.md", "r1"]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, len(told_run().events)))
def test_a_run_that_was_cut_anywhere_can_be_exported(length: int) -> None:
    trajectory = fold(told_run().events[:length])
    trajectory.mark_interrupted()
    for form in FORMATS.values():
        assert "".join(form.write(Source("r1", trajectory, lambda value: value.text)))
