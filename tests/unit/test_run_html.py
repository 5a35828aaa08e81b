"""A run as a notebook's page: all of it is told, none of it acts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from rlm_tui.core import events as e
from rlm_tui.core.trajectory import Trajectory, fold
from rlm_tui.headless.run_html import OUTPUT_CHARACTERS, numbers, run_html, table
from rlm_tui.headless.run_page import TEXT_CHARACTERS, RunPage, in_notebook
from rlm_tui.headless.truth import check
from tests.pilot.recorded import RunBuilder, failed_run, finished_run, hostile_run, running_run

TAGS = {
    "div", "b", "span", "pre", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"
}  # fmt: skip
ATTRIBUTES = {"style", "class", "open", "colspan"}


class Reader(HTMLParser):
    """Takes a page apart, and refuses what is not closed or not of the few kinds of tags that are used."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        assert {name for name, _ in attrs} <= ATTRIBUTES, attrs
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def read(run: RunBuilder) -> str:
    return Reader(run_html(fold(run.events))).text


def test_a_finished_run_tells_each_turn_its_calls_its_answer_and_its_numbers() -> None:
    text = read(finished_run())
    for words in (
        "architecture",
        "offline/demo (no LM is called)",
        "dspy-doc.txt",
        "1/20",
        "Look at the shape of the text.",
        "docs.count('## ')",
        "<class 'str'> 97412",
        "KeyError: 'title'",
        "llm_query_batched × 14",
        "14 answered",
        "LMTimeout: no answer in 30 s",
        "and 9 more",
        "dspy.RLM",
        "Search for the word principle.",
        "written to the volume: cache/headings.json",
        "dspy.MIPROv2",
        "✓ submitted · 5 iterations · 15 sub-LM calls",
    ):
        assert words in text, words


def test_a_running_one_tells_what_it_is_doing_and_a_failed_one_what_mends_it() -> None:
    assert "llm_query_batched" in read(running_run())
    assert "…" in read(running_run())
    failed = read(failed_run())
    assert "401: Incorrect API key provided. Set DSPY_LLM_API_KEY" in failed
    assert "✗ failed" in failed
    assert "no LM is called" not in failed
    assert Reader(run_html(Trajectory())).text.startswith("starting")


def test_hostile_text_is_shown_and_never_acts() -> None:
    run = hostile_run()
    page = run_html(fold(run.events))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e\ud800-\udfff]", page)
    assert "␛]0;owned" in Reader(page).text
    injected = RunBuilder().start(task="<script>alert(1)</script>", planner="</div><img src=x onerror=y>")
    evil = "</pre></details><script>alert(2)</script><a href='javascript:x'>&amp; $x$"
    span = injected.iteration(1)
    injected.plan(span, evil, f"'{evil}' # {evil}")
    cell = injected.cell(span, evil)
    injected.output(cell, evil)
    call = injected.call(cell, evil, name=evil, kind="tool", arguments={evil: evil})
    injected.answer(call, evil)
    injected.add(e.VolumeChanged(span=cell, written=[evil]))
    injected.add(e.Note(span="run", level="warning", text=evil))
    injected.cell_done(cell, error=e.ErrorDetail(evil, evil))
    injected.finish("submitted", {evil: [evil], "more": {evil: evil}, "text": evil})
    page = run_html(fold(injected.events), check({}, {"text": evil}))
    text = Reader(page).text
    assert text.count("<script>alert(2)</script>") >= 10
    assert "&amp; $x$" in text
    assert page.startswith('<div class="tex2jax_ignore mathjax_ignore"'), "formulas are not set"
    assert "<a" not in Reader(table(("", evil), [(evil, evil)])).open


def test_long_things_are_cut_and_say_so() -> None:
    run = RunBuilder().start()
    span = run.iteration(1)
    run.plan(span, "r" * 10_000, "x = 1\n" * 10_000)
    cell = run.cell(span, "x = 1")
    run.output(cell, "o" * 1_000_000)
    for number in range(100):
        run.answer(run.call(cell, f"question {number}" * 100), "a" * 10_000)
    run.cell_done(cell)
    run.finish("submitted", {"found": [str(number) for number in range(1_000)]})
    page = run_html(fold(run.events))
    assert len(page) < 300_000
    text = Reader(page).text
    assert f"({1_000_000 - OUTPUT_CHARACTERS:,} more characters)" in text
    assert "and 60 more" in text
    assert "and 988 more" in text


def test_unknown_tokens_and_cost_are_not_zero() -> None:
    run = RunBuilder().start(offline=False)
    span = run.iteration(1)
    run.add(e.PlanStarted(span=span))
    run.add(e.PlanReady(span=span, reasoning=e.Value("x", 1), code=e.Value()))
    assert "tokens unknown · cost unknown" in numbers(fold(run.events))


def test_a_page_is_plain_text_too_without_the_folders_of_this_machine(tmp_path: object) -> None:
    trajectory = Trajectory()
    page = RunPage(trajectory)
    run = RunBuilder().start(
        documents={"docs": e.DocumentReference(name="notes.md", path=f"{tmp_path}/notes.md", size=3)}
    )
    span = run.iteration(1)
    run.plan(span, "Look.", "print(1)")
    cell = run.cell(span, "print(1)")
    run.output(cell, "\n" * 2 * TEXT_CHARACTERS)
    for event in run.finish().events:
        trajectory.apply(event)
        page.print_event(event, trajectory)
    page.check = check({"a": 1}, {"a": 1})
    bundle = page._repr_mimebundle_()
    assert "document notes.md 3 B" in bundle["text/plain"]
    assert str(tmp_path) not in bundle["text/plain"] + bundle["text/html"]
    assert len(bundle["text/plain"]) < TEXT_CHARACTERS + 200
    assert "the rest is in the run's log" in bundle["text/plain"]
    assert bundle["text/plain"].endswith("truth: 1 of 1 facts found (a 1/1)\n")
    assert "truth: 1 of 1 facts found" in bundle["text/html"]


@pytest.mark.parametrize("loaded", [True, False])
def test_a_terminal_is_no_notebook(loaded: bool) -> None:
    if loaded:
        import IPython  # noqa: F401
    assert not in_notebook()
