"""Streamed text: every character is told once, and no seam lets a secret through."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core.text import Redactor
from rlm_tui.engine.planner_stream import CodeFence
from rlm_tui.engine.text_stream import TextStream

SECRET = "hunter2-hunter2"
TOKEN = "abcd1234" * 4
SECRETS = [SECRET, f"sk-{TOKEN}", f"ghp_{TOKEN}", f"Bearer {TOKEN}", f"MY_API_KEY={TOKEN}", f"hf_{TOKEN}"]


def told(text: str, cuts: list[int]) -> list[str]:
    """What is told of `text` when it arrives in pieces of these sizes and is taken after each."""
    stream = TextStream(Redactor([SECRET]), (SECRET,))
    pieces, start = [], 0
    for size in [*cuts, len(text)]:
        stream.add(text[start : start + size])
        pieces.append(stream.take())
        start += size
    pieces.append(stream.take(last=True))
    return pieces


@given(st.text(max_size=200), st.lists(st.integers(1, 20), max_size=30))
def test_every_character_is_told_once(text: str, cuts: list[int]) -> None:
    redacted = Redactor([SECRET]).text(text)
    assert "".join(told(text, cuts)) == redacted


@given(st.text("hunter2- s\n", max_size=40), st.text("hunter2- sk", max_size=40), st.lists(st.integers(1, 9)))
def test_no_secret_gets_through_at_a_seam(before: str, after: str, cuts: list[int]) -> None:
    for secret in SECRETS:
        text = "".join(told(f"{before} {secret} {after}", cuts))
        assert secret not in text


def test_text_is_not_held_back_without_need() -> None:
    assert told("nothing of that kind ", []) == ["nothing of that kind ", ""]
    assert told("12 of 40 ...", []) == ["12 of 40 ...", ""]


def test_a_beginning_that_came_to_nothing_is_told_at_the_end() -> None:
    assert told("it begins: hunter2-", []) == ["it begins: ", "hunter2-"]


@given(
    st.lists(st.text("ab =`\n", max_size=12).filter(lambda line: "```" not in line and "\n" not in line)),
    st.integers(1, 9),
    st.sampled_from(["```python\n{}\n```", "```\n{}\n```\n", "{}", "\n```py\n{}\n```\nand words"]),
)
def test_code_streams_without_its_fence(lines: list[str], size: int, form: str) -> None:
    code = "x = 1\n" + "\n".join(lines)
    text = form.format(code)
    fence = CodeFence()
    got = "".join(fence.take(text[start : start + size]) for start in range(0, len(text), size))
    assert got.strip() in code
    assert got.split() == code.split() or code.rstrip().endswith("`")
