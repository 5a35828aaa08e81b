"""The namespace as the host sees it: listed after every cell, paged, at no cost, with no foreign code."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.driver_process import DriverProcess


def test_it_lists_the_persons_data_functions_and_classes_only() -> None:
    with DriverProcess() as driver:
        driver.tools["ask"] = lambda: 1
        driver.bind("question", value="why?")
        variables = driver.run(
            "import os, collections\nfrom math import sqrt\nfrom json import dumps\n"
            "from fractions import Fraction\n"
            "_hidden = 1\nnumber = 3\nnames = ['a', 'b']\nrows = [{'a': 1}, {'a': 2}]\nmixed = [1, 'a']\n"
            "table = {'k': 'v'}\nhalf = Fraction(1, 2)\n"
            "def double(x, *rest, by=2): return x\nclass Row:\n    def __init__(self): self.a = 'x' * 1000\n"
            "row = Row()\nnothing = None\nempty = set()"
        ).variables
        shown = {name: (item["type"], item["size"], item["preview"]) for name, item in variables.items()}
        long = shown.pop("row")
        assert long[:2] == ("Row", None)
        assert long[2].startswith("Row(a='xxx")
        assert long[2].endswith("…")
        assert len(long[2]) == 200
        assert shown == {
            "question": ("str", 4, "'why?'"),
            "number": ("int", None, "3"),
            "names": ("list of str", 2, "['a', 'b']"),
            "rows": ("list of dict", 2, "[{'a': 1}, {'a': 2}]"),
            "mixed": ("list", 2, "[1, 'a']"),
            "table": ("dict of str", 1, "{'k': 'v'}"),
            "half": ("Fraction", None, "Fraction(1, 2)"),
            "double": ("function", None, "def double(x, by)"),
            "Row": ("class", None, "<class 'Row'>"),
            "nothing": ("NoneType", None, "None"),
            "empty": ("set", 0, "set()"),
        }


def test_a_helper_or_tool_that_was_replaced_is_the_persons() -> None:
    with DriverProcess() as driver:
        assert set(driver.run("peek = 5").variables) == {"peek"}


def test_foreign_code_is_never_run_for_a_preview() -> None:
    with DriverProcess() as driver:
        finished = driver.run(
            "class Trap:\n"
            "    def __new__(cls):\n        self = object.__new__(cls)\n"
            "        object.__setattr__(self, 'n', 1)\n        return self\n"
            "    def loop(self, *a):\n        while True: pass\n"
            "    __repr__ = __str__ = __len__ = __iter__ = __eq__ = __hash__ = loop\n"
            "    __getattr__ = __bool__ = __getattribute__ = loop\n"
            "    __class__ = property(loop)\n"
            "class Words(str):\n    __repr__ = __len__ = __getitem__ = Trap.loop\n"
            "class Many(list):\n    __repr__ = __len__ = __iter__ = Trap.loop\n"
            "class Table(dict):\n    __repr__ = __len__ = __iter__ = items = values = Trap.loop\n"
            "trap, words, many, table = Trap(), Words('abc'), Many([1]), Table(a=1)\n"
            "error = ValueError(trap)\nown = [trap]"
        )
        previews = {name: item["preview"] for name, item in finished.variables.items()}
        assert previews["trap"] == "Trap(n=1)"
        assert previews["words"] == "'abc'"
        assert previews["many"] == "Many([1])"
        assert previews["table"] == "Table({'a': 1})"
        assert previews["error"] == "ValueError(Trap(n=1),)"
        assert driver.inspect("own")[0]["text"] == "[Trap(n=1)]"


def test_its_cost_does_not_grow_with_the_values(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.write_text("0123456789" * 3_000_000)
    with DriverProcess() as driver:
        driver.bind("document", path=str(path))
        driver.run(
            "numbers = list(range(3_000_000))\ntable = dict.fromkeys(range(2_000_000))\nhuge = 7 ** 1_000_000"
        )
        seconds = []
        for _ in range(20):
            started = time.perf_counter()
            variables = driver.run("x = 1").variables
            seconds.append(time.perf_counter() - started)
        assert min(seconds) < 0.01
        assert variables["document"]["size"] == 30_000_000
        assert variables["document"]["preview"].startswith("'0123456789")
        assert len(variables["document"]["preview"]) == 200
        assert variables["numbers"]["size"] == 3_000_000
        assert variables["huge"]["preview"].startswith("<int of 28")


def test_very_many_variables_are_cut_and_counted() -> None:
    with DriverProcess() as driver:
        cell = driver.start("globals().update({f'v{n}': n for n in range(5000)})")
        frame = driver.receive_type("variables")
        assert len(frame["items"]) == 1000
        assert frame["omitted"] == 4000
        driver.finish(cell)


def test_one_value_can_be_paged_through() -> None:
    with DriverProcess() as driver:
        driver.run(
            "text = ''.join(chr(97 + n % 26) for n in range(1000))\n"
            "rows = [{'n': n, 'w': 'x' * 60} for n in range(500)]"
        )
        (item,) = driver.inspect("text", start=26, length=5)
        assert (item["text"], item["start"], item["total"], item["whole"]) == ("abcde", 26, 1000, True)
        assert driver.inspect("text", start=5000)[0]["text"] == ""
        (item,) = driver.inspect("rows", length=250)
        assert item["text"].startswith("[{'n': 0, 'w': 'xxx")
        assert "\n {'n': 1, " in item["text"]
        pages = [
            driver.inspect("rows", start=start, length=20_000)[0]["text"]
            for start in range(0, item["total"], 20_000)
        ]
        assert eval("".join(pages)) == [{"n": n, "w": "x" * 60} for n in range(500)]
        assert driver.inspect("absent") == []
        assert {item["name"] for item in driver.inspect()} == {"text", "rows"}


def test_a_text_that_changed_is_read_anew_and_a_huge_one_is_cut() -> None:
    with DriverProcess() as driver:
        driver.run("rows = [1]")
        assert driver.inspect("rows")[0]["text"] == "[1]"
        driver.run("rows.append(2); many = list(range(2_000_000))")
        assert driver.inspect("rows")[0]["text"] == "[1, 2]"
        (item,) = driver.inspect("many", length=10)
        assert item["total"] == 1_000_000
        assert item["whole"] is False


def test_it_is_answered_while_a_cell_runs() -> None:
    with DriverProcess() as driver:
        cell = driver.start("import time\nseen = 5\nprint('begun')\ntime.sleep(60)")
        driver.receive_type("output")
        assert driver.inspect("seen")[0]["text"] == "5"
        driver.interrupt(cell)
        assert driver.finish(cell).status == "interrupted"


class Shared:
    """One driver for all examples of a property."""

    process: DriverProcess | None = None

    @classmethod
    def get(cls) -> DriverProcess:
        if cls.process is None:
            cls.process = DriverProcess()
        return cls.process


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.binary(max_size=30)
)
KEYS = st.integers() | st.text(max_size=5) | st.tuples(st.integers())
BUILTINS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.tuples(inner)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.frozensets(st.integers(), max_size=1)
        | st.sets(st.integers(), max_size=1)
    ),
    max_leaves=15,
)


@settings(max_examples=100, deadline=None)
@given(BUILTINS)
def test_a_shown_value_is_its_repr_and_a_preview_its_beginning(value: Any) -> None:
    text = repr(value).encode("utf-8", "replace").decode()
    source = f"inf, nan = float('inf'), float('nan')\nvalue = {value!r}\nvalue"
    finished = Shared.get().run(source)
    assert finished.status == "ok"
    assert finished.text() == ("" if value is None else text + "\n")
    preview = finished.variables["value"]["preview"]
    if len(text) <= 150:
        assert preview == text
    elif not isinstance(value, (str, bytes)):
        assert preview[:100] == text[:100]
    assert len(preview) <= 200


@pytest.mark.parametrize("start", [0, 1, 99])
def test_a_page_begins_where_it_was_asked_for(start: int) -> None:
    finished = Shared.get()
    finished.run("text = '€' * 50 + 'abc' * 50")
    assert (
        finished.inspect("text", start=start, length=7)[0]["text"]
        == ("€" * 50 + "abc" * 50)[start : start + 7]
    )
