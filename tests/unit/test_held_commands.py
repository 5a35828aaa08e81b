"""What is typed at a held run: every line is a command, or gets one sentence that says what to write."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core.events import Budgets
from rlm_tui.headless.command_lines import CommandLines
from rlm_tui.headless.editor import EditorError, edited, editor_command
from rlm_tui.headless.held_commands import (
    FORMS,
    AddBreakpoint,
    CommandError,
    DeleteBreakpoint,
    Evaluate,
    ListBreakpoints,
    Plain,
    Raise,
    Remark,
    Show,
    ShowPrompt,
    Skip,
    SwitchBreakpoint,
    parse_command,
)
from rlm_tui.headless.held_looks import PAGE_CHARACTERS, page


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("step", Plain("step")),
        ("  S ", Plain("step")),
        ("n", Plain("next")),
        ("g", Plain("go")),
        ("skip", Skip("")),
        ("skip  It would loop. ", Skip("It would loop.")),
        ("remark Look at > 3", Remark("Look at > 3")),
        ("show answers", Show("answers", 0)),
        ("show answers 2000", Show("answers", 2000)),
        ("prompt", ShowPrompt(0)),
        ("prompt 40", ShowPrompt(40)),
        (">len(docs)", Evaluate("len(docs)")),
        ("> x = 1", Evaluate("x = 1")),
        ("break", ListBreakpoints()),
        ("break code=open(", AddBreakpoint("code=open(")),
        ("break -2", DeleteBreakpoint(2)),
        ("break off 2", SwitchBreakpoint(2, False)),
        ("break ON  3", SwitchBreakpoint(3, True)),
        ("budgets", Plain("budgets")),
        ("raise llm_calls 1,000", Raise("max_llm_calls", 1000)),
        ("raise max-cost-usd $0.5", Raise("max_cost_usd", 0.5)),
        ("?", Plain("help")),
    ],
)
def test_commands(line: str, command: object) -> None:
    assert parse_command(line) == command


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "help lists them"),
        ("stepp", "did you mean step?"),
        ("quit now", "quit is no command"),
        ("step 3", "step takes nothing after it"),
        ("remark", "A remark needs a text"),
        ("show", "show needs the name of a variable"),
        ("show two words", "words is no place in a text"),
        ("prompt -1", "-1 is no place in a text"),
        (">", "There is no code after >"),
        ("break -all", "break -N"),
        ("break off", "break off N switches the breakpoint with that number"),
        ("break on iteration=4", "break on N switches the breakpoint with that number"),
        ("raise calls", "raise needs a budget and an amount"),
        ("raise patience 3", "patience is no budget: there are max_iterations, "),
        ("raise calls many", "many is no amount"),
        ("raise calls nan", "nan is no amount"),
        ("raise calls -3", "-3 is no amount"),
        ("raise iterations 2.5", "max_iterations is a whole number: write it as in 3."),
    ],
)
def test_what_is_no_command_gets_a_sentence(line: str, words: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_command(line)
    assert words in str(caught.value)


@given(
    st.one_of(
        st.text(max_size=60),
        st.builds("{} {}".format, st.sampled_from([form.word for form in FORMS]), st.text(max_size=40)),
    )
)
def test_every_line_is_a_command_or_gets_one_sentence(line: str) -> None:
    try:
        parse_command(line)
    except CommandError as error:
        sentence = str(error)
        assert sentence
        assert sentence[-1] in ".?"
        assert "\n" not in sentence
        assert "\x1b" not in sentence


@given(st.sampled_from(Budgets.__struct_fields__), st.integers(1, 10**9))
def test_each_budget_can_be_raised_by_its_name(name: str, amount: int) -> None:
    assert parse_command(f"raise {name} {amount}") == Raise(name, amount)


def test_lines_are_taken_whole_and_the_last_one_without_its_end() -> None:
    reads, writes = os.pipe()
    lines = CommandLines(reads)
    assert lines.take(0) is None
    os.write(writes, b"step\nrema")
    assert lines.take(0) == "step"
    assert lines.take(0) is None
    os.write(writes, "rk é\r\nlast".encode())
    assert lines.take(0) == "remark é"
    assert not lines.ended
    os.close(writes)
    assert lines.take(0) == "last"
    assert lines.ended
    os.close(reads)


def test_a_descriptor_that_is_closed_gives_no_lines() -> None:
    reads, writes = os.pipe()
    os.close(writes)
    os.close(reads)
    lines = CommandLines(reads)
    assert not lines.is_terminal
    assert lines.take(0) is None
    assert lines.ended


def test_the_editor_is_the_first_that_can_be_started() -> None:
    assert editor_command({"VISUAL": "sh -e", "EDITOR": "cat"}) == ["sh", "-e"]
    assert editor_command({"VISUAL": "no-such-editor --wait", "EDITOR": "cat"}) == ["cat"]
    assert editor_command({"VISUAL": "'unclosed", "EDITOR": " "}) is None


def test_an_editor_that_fails_changes_nothing() -> None:
    with pytest.raises(EditorError, match="ended with code 7: nothing was changed"):
        edited("x = 1", ["sh", "-c", "echo y > $0; exit 7"])
    assert edited("x = 1", ["sh", "-c", "echo 'y = 2' >> $0"]) == "x = 1\ny = 2"


def test_a_page_says_how_to_see_the_next_one() -> None:
    text = "a" * (PAGE_CHARACTERS + 5)
    assert page(text, 0, len(text), "show x").endswith(f"\n… 5 more characters: show x {PAGE_CHARACTERS}")
    assert page(text[-5:], PAGE_CHARACTERS, len(text), "show x") == "aaaaa"
    assert page("", 9_000, len(text), "show x") == "It has 4,005 characters."
