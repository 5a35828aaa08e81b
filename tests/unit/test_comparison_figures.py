"""The figures of an RLM beside one prompt: from the fold and the answer, and unknown where nobody told."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui.core import events as e
from rlm_tui.core.builtin_tasks import builtin_tasks
from rlm_tui.core.settings import LMSettings, Settings
from rlm_tui.core.text import width_of
from rlm_tui.core.trajectory import fold
from rlm_tui.engine.direct import DirectAnswer
from rlm_tui.engine.direct_window import (
    OFFLINE_WINDOW_TOKENS,
    UNKNOWN_WINDOW_TOKENS,
    Window,
    WindowError,
    asked_window,
    model_window,
    written_window,
)
from rlm_tui.engine.session import RunRequest
from rlm_tui.headless.comparison import Comparison
from rlm_tui.headless.comparison_figures import (
    Column,
    direct_column,
    figures,
    output_names,
    read_words,
    rlm_column,
)
from rlm_tui.store.run_log import open_run

RECORDED = Path(__file__).parents[1] / "snapshots" / "recorded" / "garden"


def answer(**changes: object) -> DirectAnswer:
    known: dict[str, object] = {
        "outputs": {"modules": ["Sower"]}, "prompt_tokens": 900, "completion_tokens": 40, "cost_usd": 0.01,
        "seconds": 1.5, "window_tokens": 8_000, "document_characters": 100_000, "cut_characters": 76_000,
        "requests": 1, "document_bytes": 110_000, "cut_bytes": 84_000, "characters_a_token": 4,
    }  # fmt: skip
    return DirectAnswer(**(known | changes))  # type: ignore[arg-type]


def values(rlm: Column, direct: Column) -> dict[str, tuple[str, str]]:
    return {figure.name: (figure.rlm, figure.direct) for figure in figures(rlm, direct)}


def test_a_recorded_run_beside_an_answer() -> None:
    trajectory = fold(open_run(RECORDED).events())
    truth = {"modules": ["Sower", "Watering"]}
    shown = values(rlm_column(trajectory, truth), direct_column(answer(), truth))
    totals = trajectory.totals
    assert shown["status"] == ("submitted", "answered")
    assert shown["truth"] == ("2 of 2", "1 of 2")
    assert shown["iterations"] == ("5", "none")
    assert shown["LM calls"] == (str(totals.llm_calls + totals.planner_calls), "1")
    assert shown["prompt tokens"][1] == "900"
    assert shown["cost"] == ("$0", "$0.010")
    assert shown["seconds"][1] == "1.5 s"
    assert shown["document"] == (
        "all of 943 B within reach of its cells",
        "76% cut: all but 26 KB of 110 KB, about 19 K tokens, did not fit into 8,000",
    )


def test_unknown_is_not_zero() -> None:
    failed = e.ErrorDetail("LMAuth", "openai said 401.")
    direct = answer(
        outputs={}, prompt_tokens=None, completion_tokens=None, cost_usd=None, requests=0, error=failed,
        status="failed",
    )  # fmt: skip
    shown = values(Column("starting"), direct_column(direct))
    for name in ("LM calls", "prompt tokens", "answer tokens", "cost"):
        assert shown[name] == ("—", "—"), name
    assert shown["seconds"] == ("—", "1.5 s")
    assert "truth" not in shown


def test_a_run_that_has_asked_nothing_yet_is_not_free() -> None:
    log = list(open_run(RECORDED).events())
    began = rlm_column(fold(log[:2]), seconds=0.4)
    assert (began.status, began.seconds) == ("running", 0.4)
    assert (began.prompt_tokens, began.cost_usd, began.found) == (None, None, None)


def compared(settings: Settings, direct: DirectAnswer) -> Comparison:
    request = RunRequest(builtin_tasks()[0], {}, {}, settings)
    return Comparison(request, fold(open_run(RECORDED).events()), direct, {"modules": ["Sower"]})


def test_a_side_without_an_answer_is_not_held_against_the_truth() -> None:
    error = e.ErrorDetail("TokenBudget", "It is spent.", "Give it \x1b more with --max-tokens.")
    comparison = compared(Settings(), answer(status="budget", outputs={}, cut_characters=0, error=error))
    table = {row[0]: row[1:] for row in comparison.rows()}
    assert table["truth"] == ("1 of 1", "—")
    assert table["document"][1] == "—", "nobody read it"
    assert comparison.lines()[-1] == "one prompt: budget: It is spent. Give it ␛ more with --max-tokens."


def test_the_sub_lm_is_named_where_it_is_another() -> None:
    planner, sub = LMSettings(model="openai/large"), LMSettings(model="openai/small")
    assert ("sub-LM", "openai/small", "none") in compared(Settings(lm=planner, sub_lm=sub), answer()).rows()
    same = compared(Settings(lm=planner, sub_lm=planner), answer()).rows()
    assert not any(row[0] == "sub-LM" for row in same)


def test_wide_answers_keep_the_columns() -> None:
    wide = compared(Settings(), answer(outputs={"作者": ["a"]}))
    begins = {
        width_of(line[: line.rindex(right)])
        for line, (_, _, right) in zip(wide.lines()[1:], wide.rows(), strict=True)
        if right
    }
    assert len(begins) == 1


def test_what_was_cut_in_words() -> None:
    assert read_words(answer(document_characters=0, cut_characters=0)) == ""
    assert read_words(answer(cut_characters=0, cut_bytes=0)) == "all of 100 K characters"


def test_outputs_stand_in_the_order_of_the_first() -> None:
    left, right = Column("submitted", outputs={"b": 1, "a": 2}), Column("answered", outputs={"c": 3, "a": 4})
    assert output_names(left, right) == ["b", "a", "c"]


def test_the_window_is_the_models_own_or_said_to_be_a_guess() -> None:
    demo = model_window(Settings())
    assert (demo.tokens, demo.source) == (OFFLINE_WINDOW_TOKENS, "demo")
    hosted = model_window(Settings(lm=LMSettings(model="openai/gpt-4o-mini")))
    assert (hosted.tokens, hosted.source) == (128_000, "model")
    own = model_window(Settings(lm=LMSettings(model="openai/nobody-knows-this")))
    assert own == Window(UNKNOWN_WINDOW_TOKENS, "guess")
    assert "guess" in own.words


def test_room_is_shared_by_the_documents() -> None:
    demo = Settings()
    assert asked_window(demo, 8_000).room() == 24_000
    assert asked_window(demo, 8_000).room(3) == 8_000
    assert asked_window(demo, 1_000).room() == 0


def test_a_real_models_answer_has_its_place_in_the_window() -> None:
    usual = Settings(lm=LMSettings(model="openai/test-model"))
    assert asked_window(usual, 128_000).room() == (128_000 - 2_000 - 4_000) * 3
    long = Settings(lm=LMSettings(model="openai/test-model", max_tokens=10_000))
    assert asked_window(long, 128_000).room() == (128_000 - 2_000 - 10_000) * 3
    assert asked_window(long, 3_000).room() == (3_000 - 2_000 - 750) * 3, "never more than a quarter"


@pytest.mark.parametrize(
    ("written", "tokens"), [("8000", 8_000), (" 8,000 ", 8_000), ("1_000_000", 1_000_000)]
)
def test_a_window_as_people_write_it(written: str, tokens: int) -> None:
    assert written_window(written) == tokens


@pytest.mark.parametrize("written", ["", "many", "-3", "2999", "8.5", "²"])
def test_a_window_that_is_none(written: str) -> None:
    with pytest.raises(WindowError):
        written_window(written)
