"""The offline sub-LM: every word of its answers stands in the passage, or it says that there is none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.lm.offline_extract import NONE, NOTHING_TO_EXTRACT, answer_query, split_prompt, wish_of

STORY = (
    "The lighthouse at Carrow Point was built in 1874 by the engineer Ada Merrin. It stands 31 metres tall.\n"
    "The first keeper was Tomas Hale, who lived there with his wife Ines.\n"
    "The tower is never open in winter. "
    "Critics called the restoration excellent and a delight. The entrance fee is 7.50 euros."
)
CODE = """\
## class Alder(Tree)

A tree that grows near water.

## class Boulder(Rock)

A rock.

## function plant

Puts a tree into the ground.

- `Cedar`: a tree with needles
- `Basalt`: a rock from a volcano
"""


def ask(instruction: str, passage: str = STORY) -> str:
    return answer_query(f"{instruction}\n\nPassage:\n{passage}")


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("Who was the first keeper?", "Tomas Hale"),
        ("Which number in the passage is the year built? Figures only.", "1874"),
        ("How many metres tall is it?", "31"),
        ("What is the entrance fee, figures only", "7.50"),
        ("Quote the sentences that tell of the keeper, at most 1:", "first keeper was Tomas Hale"),
        ("Is the tower open in winter?", "No: The tower is never open in winter."),
        ("Was the lighthouse built by Ada Merrin? Answer yes or no.", "Yes: The lighthouse"),
        ("Choose the sentiment that fits the passage, one of: positive; negative; neutral.", "positive"),
        ("List the names of the people in the passage.", "Ada Merrin"),
    ],
)
def test_an_instruction_gets_the_kind_of_answer_that_it_asks_for(instruction: str, expected: str) -> None:
    assert expected in ask(instruction)


def test_names_are_told_apart_by_what_the_passage_says_of_them() -> None:
    trees = ask("List the names of the trees in the passage: classes. One name a line, or NONE.", CODE)
    rocks = ask("List the names of the rocks in the passage: classes. One name a line, or NONE.", CODE)
    assert trees.splitlines() == ["Alder", "Cedar"]
    assert rocks.splitlines() == ["Boulder", "Basalt"]
    assert ask("List the names of the functions in the passage.", CODE).splitlines()[0] == "plant"


def test_another_passage_gives_another_answer() -> None:
    question = "Which number in the passage is the year built? Figures only."
    assert ask(question, "The mill was built in 1911 by monks.") == "1911"
    assert (
        ask("Who was the first keeper?", "The first keeper was Anna Kirr.")
        == "The first keeper was Anna Kirr."
    )


def test_what_the_passage_does_not_hold_is_not_made_up() -> None:
    recipe = "Peel the potatoes and boil them. Add salt and butter, then serve at once."
    assert (
        ask("List the names of the optimizers in the passage: classes that compile. One a line.", recipe)
        == NONE
    )
    assert ask("Which number in the passage is the year built? Figures only.", recipe) == NONE
    assert ask("Quote the sentences that state a design principle:", recipe) == NONE
    assert ask("Who was the keeper of the lighthouse?", recipe) == "The passage says nothing on this."


def test_a_question_without_a_passage_is_answered_honestly() -> None:
    assert answer_query("What is the capital of France?") == NOTHING_TO_EXTRACT
    assert answer_query("Passage:\n") == NOTHING_TO_EXTRACT
    assert "DSPY_LM_MODEL" in NOTHING_TO_EXTRACT


def test_a_list_in_json_is_one() -> None:
    answer = ask("List the names of the trees in the passage: classes. Return a JSON list.", CODE)
    assert json.loads(answer) == ["Alder", "Cedar"]


@pytest.mark.parametrize(
    "prompt",
    [
        f"Who was the keeper?\n\nPassage:\n{STORY}",
        f"Who was the keeper?\n\n{STORY}",
        f"Who was the keeper?\n\nContext: {STORY}",
        f"Text:\n{STORY}\n\nQuestion: Who was the keeper?",
        f"{STORY}\n\nQuestion: Who was the keeper?\nAnswer:",
        f"Who was the keeper?\n```\n{STORY}\n```",
        f"Who was the keeper? <document>{STORY}</document>",
    ],
)
def test_a_prompt_in_any_usual_shape_is_split(prompt: str) -> None:
    instruction, passage = split_prompt(prompt)
    assert instruction.strip() == "Who was the keeper?"
    assert passage.strip() == STORY


def test_a_passage_that_quotes_prompts_stays_whole() -> None:
    passage = "Passage: one\n\nQuestion: two\n\nContext: three"
    assert split_prompt(f"List the words.\n\nPassage:\n{passage}") == ("List the words.", passage)


@pytest.mark.parametrize(
    ("instruction", "wish"),
    [
        ("Summarize the passage in at most 2 sentences.", "summary"),
        ("List the names of the modules in the passage: classes.", "names"),
        ("Which modules are described?", "names"),
        ("Quote the sentences that state a principle.", "quotes"),
        ("How many rows are there?", "figures"),
        ("Does it rain?", "verdict"),
        ("Choose one of: a; b.", "choice"),
        ("What happened in the end?", "sentences"),
    ],
)
def test_the_wish_is_read_from_the_instruction(instruction: str, wish: str) -> None:
    assert wish_of(instruction) == wish


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=400))
def test_any_prompt_is_answered(instruction: str, passage: str) -> None:
    assert isinstance(answer_query(f"{instruction}\n\nPassage:\n{passage}"), str)
    assert isinstance(answer_query(instruction + passage), str)


@settings(deadline=None)
@given(st.lists(st.sampled_from(STORY.replace("\n", " ").split(". ")), min_size=1, max_size=6))
def test_sentences_of_an_answer_stand_in_the_passage(chosen: list[str]) -> None:
    passage = ". ".join(chosen) + "."
    answer = ask("What about the keeper, the tower and the lighthouse?", passage)
    if answer != "The passage says nothing on this.":
        assert set(answer.split()) <= set(passage.split())
