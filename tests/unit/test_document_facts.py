"""Lines, words, characters and tokens: exact up to a size, then from samples; never all of a giant."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlm_tui.core import document_facts
from rlm_tui.core.document_facts import CountingStopped, facts_words, look_at
from rlm_tui.core.documents import describe, gather

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n \t"), min_size=1)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS.filter(lambda text: bool(text.strip())), block=st.integers(1, 40))
def test_what_is_counted_is_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, block: int
) -> None:
    monkeypatch.setattr(document_facts, "_BLOCK", block)
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    facts = look_at(describe(path))
    assert facts.characters == len(text)
    assert facts.lines == text.count("\n") + (not text.endswith("\n"))
    assert facts.words == len(text.split())
    assert facts.tokens == -(-len(text.encode()) // 4)
    assert facts.exact


def test_a_large_document_is_estimated_from_samples_of_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_facts, "COUNTED_BYTES", 64 * 1024)
    path = tmp_path / "large.txt"
    # Short lines first, long ones later: a look at the beginning alone would be wrong by far.
    path.write_text("a b\n" * 250_000 + "a longer line of nine words or a few more\n" * 25_000)
    facts = look_at(describe(path))
    assert not facts.exact
    assert facts.lines == pytest.approx(275_000, rel=0.05)
    assert facts.words == pytest.approx(250_000 * 2 + 25_000 * 10, rel=0.08)
    assert facts.tokens == pytest.approx(path.stat().st_size / 4, rel=0.01)
    assert facts_words(facts).startswith("2 MB · ≈ ")


def test_a_set_is_counted_together_and_says_what_it_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        (tmp_path / f"{number:02}.txt").write_text("two words\n" * 100)
    (tmp_path / "empty.txt").write_text("")
    documents = gather([tmp_path])
    facts = look_at(documents)
    assert (facts.documents, facts.lines, facts.words, facts.exact) == (20, 2000, 4000, True)
    assert facts_words(facts) == (
        "20 documents · 20 KB · ≈ 5 K tokens · 2 K lines · 4 K words · passed over: 1 empty"
    )
    monkeypatch.setattr(document_facts, "COUNTED_BYTES", 5000)
    estimated = look_at(documents)
    assert (estimated.lines, estimated.words, estimated.exact) == (2000, 4000, False)


def test_a_price_makes_a_cost_and_none_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("word " * 4000)
    facts = look_at(describe(path))
    assert facts.cost(None) is None
    assert facts.cost(2e-6) == pytest.approx(0.01)
    assert facts_words(facts, 2e-6).endswith("all in one prompt ≈ $0.010")


def test_a_gigabyte_takes_no_longer_than_its_samples_and_can_be_stopped(tmp_path: Path) -> None:
    path = tmp_path / "giant.log"
    with path.open("wb") as file:
        file.write(b"a line of a log\n" * 4096)
        file.truncate(1_000_000_000)
        file.seek(0, 2)
        file.write(b"the end\n" * 20_000)
    began = time.monotonic()
    document = describe_head(path)
    look_at(document)
    assert time.monotonic() - began < 5
    with pytest.raises(CountingStopped):
        look_at(document, stop=lambda: True)


def describe_head(path: Path) -> document_facts.Document:
    """As `describe`, for a sparse file, whose middle is NUL bytes and would be taken for binary."""
    found = path.stat()
    return document_facts.Document(path.name, path, found.st_size, "utf-8", found.st_mtime)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-be"])
def test_samples_are_read_in_the_order_of_bytes_that_the_mark_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setattr(document_facts, "COUNTED_BYTES", 64 * 1024)
    path = tmp_path / "wide.txt"
    path.write_bytes(("\ufeff" + "eight words stand on each of these lines\n" * 5000).encode(encoding))
    facts = look_at(describe(path))
    assert not facts.exact
    assert facts.lines == pytest.approx(5000, rel=0.05)
    assert facts.words == pytest.approx(40_000, rel=0.05)
