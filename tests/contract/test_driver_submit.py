"""SUBMIT: names and types are checked in the sandbox, and what was wanted is said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.driver_process import DriverProcess

OUTPUTS = [{"name": "answer", "type": "str"}, {"name": "score", "type": "float"}, {"name": "extra"}]
TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
    "NoneType": (type(None),),
}


def test_by_position_by_name_and_both() -> None:
    with DriverProcess() as driver:
        wanted = {"answer": "a", "score": 1, "extra": [1, [2], [3]]}
        for call in (
            "SUBMIT('a', 1, [1, (2,), {3}])",
            "SUBMIT(extra=[1, (2,), {3}], answer='a', score=1)",
            "SUBMIT('a', score=1, extra=[1, (2,), {3}])",
        ):
            finished = driver.run(f"print('before')\n{call}\nprint('never')", outputs=OUTPUTS)
            assert finished.status == "submitted"
            assert finished.done["submitted"] == wanted
            assert finished.text() == "before\n"
            assert "error" not in finished.done


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("SUBMIT()", ["SUBMIT(answer: str, score: float, extra)", "answer, score, extra"]),
        ("SUBMIT('a', 1)", ["without extra"]),
        ("SUBMIT('a', 1, 2, 3)", ["takes 3 values, not 4"]),
        ("SUBMIT('a', 1, 2, answer='b')", ["'answer' twice"]),
        ("SUBMIT(answer='a', scores=1, extra=0)", ["no field 'scores'", "score: float"]),
        ("SUBMIT(['a'], 1, 2)", ["answer must be str", "list (['a'])"]),
        ("SUBMIT('a', True, 2)", ["score must be float", "bool (True)"]),
        ("SUBMIT('a', '1', 2)", ["score must be float", "str ('1')"]),
        ("SUBMIT('a', 1, float('nan'))", ["extra", "nan"]),
        ("SUBMIT('a', 1, {'x': [{1: 2}]})", ["extra['x'][0]", "key 1", "must be str"]),
        ("SUBMIT('a', 1, [print])", ["extra[0]", "builtin_function_or_method"]),
        ("l = []\nl.append(l)\nSUBMIT('a', 1, l)", ["extra", "deep"]),
    ],
)
def test_what_was_wanted_is_said(call: str, words: list[str]) -> None:
    with DriverProcess() as driver:
        finished = driver.run(call, outputs=OUTPUTS)
        assert finished.status == "error"
        assert finished.error["type"] in ("TypeError", "ValueError")
        for word in words:
            assert word in finished.error["message"]
        assert driver.run("SUBMIT('a', 1.5, None)", outputs=OUTPUTS).status == "submitted"


def test_an_except_holds_no_submission_and_the_first_one_counts() -> None:
    with DriverProcess() as driver:
        finished = driver.run("try:\n    SUBMIT('x')\nexcept Exception:\n    print('held')")
        assert (finished.status, finished.text()) == ("submitted", "")
        finished = driver.run(
            "try:\n    SUBMIT('first')\nexcept:\n    print('swallowed')\n    SUBMIT('second')"
        )
        assert finished.done["submitted"] == {"output": "first"}
        assert finished.text() == "swallowed\n"
        finished = driver.run("try:\n    SUBMIT('first')\nexcept:\n    pass\n5")
        assert finished.status == "submitted"
        assert "value" not in finished.done


def test_a_submission_from_a_thread_counts() -> None:
    with DriverProcess() as driver:
        finished = driver.run(
            "import threading\nt = threading.Thread(target=SUBMIT, args=(1,)); t.start(); t.join()"
        )
        assert finished.done["submitted"] == {"output": 1}
        assert finished.text() == ""


def test_a_submission_is_kept_as_it_was_when_it_was_made() -> None:
    with DriverProcess() as driver:
        finished = driver.run("x = [1]\ntry:\n    SUBMIT(x)\nexcept BaseException:\n    x.append(2)")
        assert finished.done["submitted"] == {"output": [1]}


def test_a_submission_of_10_mb_arrives_whole() -> None:
    with DriverProcess() as driver:
        finished = driver.run("SUBMIT('é' * 10_000_000)")
        assert finished.done["submitted"] == {"output": "é" * 10_000_000}
        assert driver.longest_line <= 1 << 20


class Shared:
    """One driver for all examples of a property."""

    process: DriverProcess | None = None

    @classmethod
    def get(cls) -> DriverProcess:
        if cls.process is None:
            cls.process = DriverProcess()
        return cls.process


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(VALUES, st.sampled_from(sorted(TYPES)))
def test_any_value_passes_whole_exactly_if_it_is_of_the_type(value: Any, kind: str) -> None:
    fits = isinstance(value, TYPES[kind]) and (kind == "bool" or not isinstance(value, bool))
    finished = Shared.get().run(f"SUBMIT({value!r})", outputs=[{"name": "value", "type": kind}])
    if fits:
        assert finished.status == "submitted"
        assert finished.done["submitted"] == {"value": value}
        assert json.dumps(finished.done["submitted"]) == json.dumps({"value": value})
    else:
        assert finished.status == "error"
        assert "value must be " + kind.replace("NoneType", "None") in finished.error["message"]
