"""Lists and texts that only grow: copies share what was there and never see each other's additions."""

from __future__ import annotations

import threading
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core.growing import GrowingList, GrowingText

STEP = st.tuples(st.sampled_from(["append", "copy", "read"]), st.integers(0, 5), st.text(max_size=3))
STEPS = st.lists(STEP)


@given(STEPS)
def test_copies_grow_apart(steps: list[tuple[str, int, str]]) -> None:
    lists, texts, told = [GrowingList[str]()], [GrowingText()], [[""]]
    told[0].clear()
    for step, which, text in steps:
        at = which % len(lists)
        match step:
            case "append":
                lists[at].append(text)
                texts[at].append(text)
                told[at].append(text)
            case "copy":
                lists.append(lists[at].copy())
                texts.append(texts[at].copy())
                told.append(list(told[at]))
            case _:
                assert str(texts[at]) == "".join(told[at])
    for items, text, expected in zip(lists, texts, told, strict=True):
        assert items == expected
        assert list(reversed(items)) == expected[::-1]
        assert (len(items), items[1:]) == (len(expected), expected[1:])
        assert (str(text), text.length) == ("".join(expected), len("".join(expected)))


def test_a_copy_holds_nothing_of_its_own_until_it_grows() -> None:
    text = GrowingText("x" * 1_000_000)
    tracemalloc.start()
    copies = [text.copy() for _ in range(1_000)]
    assert all(str(copy) is str(copies[0]) for copy in copies)
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert used < 10_000_000


def test_a_text_that_another_thread_joins_loses_nothing() -> None:
    text, done = GrowingText(), threading.Event()

    def read() -> None:
        while not done.is_set():
            str(text)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(20_000):
        text.append(f"{number};")
    done.set()
    reader.join()
    assert str(text) == "".join(f"{number};" for number in range(20_000))
