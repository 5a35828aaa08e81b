"""Signatures as text are taken apart, and refused where they are wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core.signature_text import SignatureTextError, parse_signature

NAMES = st.from_regex(r"[a-z][a-z_]{0,10}z", fullmatch=True)
TYPES = st.sampled_from(
    [
        "",
        "str",
        "int",
        "list[str]",
        "dict[str, list[int]]",
        'Literal["a, b", "->"]',
        "int | None",
        "Optional[float]",
    ]
)


def test_names_and_types() -> None:
    fields = parse_signature("docs, query: str -> modules: list[str], sizes: dict[str, int]")
    assert [(field.name, field.type) for field in fields.inputs] == [("docs", "str"), ("query", "str")]
    assert [(field.name, field.type) for field in fields.outputs] == [
        ("modules", "list[str]"),
        ("sizes", "dict[str, int]"),
    ]
    assert fields.inputs[1].position == 6


def test_commas_and_arrows_inside_quotes_and_brackets_belong_to_the_type() -> None:
    fields = parse_signature("""a: Literal["x, y", '->'] -> b: Callable[[int, str], "a -> b"]""")
    assert [field.type for field in fields.inputs] == ["""Literal["x, y", '->']"""]
    assert [field.name for field in fields.outputs] == ["b"]


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 0, "is empty"),
        ("question", 8, 'no "->"'),
        ("a -> b -> c", 7, 'second "->"'),
        ("-> b", 0, "input is missing"),
        ("a ->", 4, "output is missing"),
        ("a,, b -> c", 2, "has no name"),
        ("a, -> c", 3, "has no name"),
        ("a, a -> c", 3, "stands there twice"),
        ("a -> a", 5, "stands there twice"),
        ("a b -> c", 0, "not a name"),
        ("class -> c", 0, "not a name"),
        ("2nd -> c", 0, "not a name"),
        ("a: -> c", 0, "has a colon and no type"),
        ("a -> c: list[", 12, "never closed"),
        ("a -> c: list]", 12, "closes nothing"),
        ("a: list(str] -> c", 11, "closes nothing"),
        ("a -> c: 'open", 8, "quote is never closed"),
        ("a -> c: int int", 8, "is not a type"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, position: int, words: str) -> None:
    with pytest.raises(SignatureTextError) as caught:
        parse_signature(text)
    assert words in str(caught.value)
    assert caught.value.position == position
    assert f"character {position + 1}" in str(caught.value)


@given(st.lists(st.tuples(NAMES, TYPES), min_size=2, max_size=8, unique_by=lambda item: item[0]), st.data())
def test_what_was_written_is_read(fields: list[tuple[str, str]], data: st.DataObject) -> None:
    split = data.draw(st.integers(1, len(fields) - 1))
    space = data.draw(st.sampled_from(["", " ", "  \n"]))
    written = [f"{name}{space}:{space}{kind}" if kind else name for name, kind in fields]
    text = f",{space}".join(written[:split]) + f"{space}->{space}" + f"{space},".join(written[split:])
    read = parse_signature(text)
    assert [(field.name, field.type) for field in read.inputs] == [(n, k or "str") for n, k in fields[:split]]
    assert [(field.name, field.type) for field in read.outputs] == [
        (n, k or "str") for n, k in fields[split:]
    ]


@given(st.text(alphabet="ab->:,[]()\"' |", max_size=40) | st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    position = 0
    try:
        fields = parse_signature(text)
    except SignatureTextError as error:
        position = error.position
    else:
        assert fields.inputs
        assert fields.outputs
        for field in (*fields.inputs, *fields.outputs):
            assert text[field.position :].startswith(field.name)
    assert 0 <= position <= len(text)
