"""What a cell shows and gives back, and what of it the listener is told."""

from __future__ import annotations

import time

import pytest
from dspy.primitives.code_interpreter import CodeExecutionError, CodeInterpreterError, FinalOutput
from dspy.primitives.facade import SHIM_SETUP

from tests.contract.sandboxes import Place, Recording, every_transport, sandbox


@every_transport
def test_printed_text_and_the_last_value_are_both_given_back(place: Place) -> None:
    with sandbox(place) as interpreter:
        assert interpreter.execute("print('a')\n[1, 2]") == "a\n[1, 2]\n"
        assert interpreter.execute("x = 1") is None
        assert interpreter.execute("x + 1") == "2\n"
        assert interpreter.last_cell is not None
        assert interpreter.last_cell.value == "2"


@every_transport
def test_what_was_printed_is_kept_on_every_kind_of_end(place: Place) -> None:
    with sandbox(place, output_fields=[{"name": "answer", "type": "str"}], cell_timeout=0.5) as interpreter:
        with pytest.raises(CodeExecutionError, match=r"before[\s\S]*ZeroDivisionError: division by zero"):
            interpreter.execute("print('before')\n1/0")
        assert interpreter.execute("print('before')\nSUBMIT('yes')") == FinalOutput({"answer": "yes"})
        assert interpreter.last_cell is not None
        assert interpreter.last_cell.text == "before\n"
        with pytest.raises(CodeExecutionError, match=r"before[\s\S]*time limit of 0.5 s"):
            interpreter.execute("print('before')\nwhile True: pass")
        with pytest.raises(CodeExecutionError, match=r"before[\s\S]*SystemExit"):
            interpreter.execute("print('before')\nimport sys\nsys.exit(3)")
        assert interpreter.execute("'still here'") == "'still here'\n"


@every_transport
def test_a_set_of_texts_has_the_same_order_in_every_sandbox(place: Place) -> None:
    words = "list({f'word {n}' for n in range(30)})"
    found = []
    for _ in range(2):
        with sandbox(place) as interpreter:
            found.append(interpreter.execute(words))
            assert (
                interpreter.execute("import sys\n[path for path in sys.path if path in ('', '/')]") == "[]\n"
            )
    assert found[0] == found[1]


def test_code_that_is_not_python_is_a_syntax_error_with_its_line() -> None:
    with sandbox("off") as interpreter:
        with pytest.raises(SyntaxError, match="line 2"):
            interpreter.execute("x = 1\nx = = 2")
        with pytest.raises(CodeExecutionError, match=r"printed[\s\S]*SyntaxError"):
            interpreter.execute("print('printed')\ncompile('=', '<inner>', 'exec')")
        assert interpreter.execute("") is None


def test_submit_checks_names_and_types_and_the_run_goes_on() -> None:
    with sandbox(
        "off", output_fields=[{"name": "answer", "type": "str"}, {"name": "count", "type": "int"}]
    ) as i:
        with pytest.raises(CodeExecutionError, match=r"count must be int, not str"):
            i.execute("SUBMIT(answer='a', count='three')")
        with pytest.raises(CodeExecutionError, match=r"without count"):
            i.execute("SUBMIT('a')")
        assert i.execute("SUBMIT('a', 3)") == FinalOutput({"answer": "a", "count": 3})


@every_transport
def test_output_arrives_while_the_cell_runs(place: Place) -> None:
    listener = Recording()
    with sandbox(place, listener=listener) as interpreter:
        began = time.monotonic()
        seen: list[float] = []
        listener.on_output = lambda *details: seen.append(time.monotonic() - began)  # type: ignore[method-assign]
        interpreter.execute("import time\nprint('first')\ntime.sleep(1)\nprint('second')")
    assert seen[0] < 0.7
    assert seen[-1] >= 1.0


def test_the_listener_is_told_of_start_cells_and_variables_but_not_of_setups() -> None:
    listener = Recording()
    with sandbox("off", listener=listener, tools={"__dspy_construct__": print}) as interpreter:
        assert interpreter.is_setup(SHIM_SETUP)
        interpreter.execute(SHIM_SETUP, {"__dspy_host_token": "x"})
        assert [kind for kind, _ in listener.told] == ["starting", "ready"]
        interpreter.execute("import os\na = 1\n_hidden = 2\nprint(a)")
    assert [kind for kind, _ in listener.told] == ["starting", "ready", "output", "variables", "done"]
    assert listener.of("variables") == [["a"]]
    assert listener.of("ready")[0].python.startswith("3.")


def test_a_listener_that_fails_does_not_end_the_cell() -> None:
    listener = Recording()

    def fail(*details: object) -> None:
        raise ZeroDivisionError

    listener.on_output = fail  # type: ignore[method-assign,assignment]
    with sandbox("off", listener=listener) as interpreter:
        assert interpreter.execute("print('fine')") == "fine\n"


def test_a_variable_is_set_once_and_again_only_when_the_callers_value_changed() -> None:
    with sandbox("off") as interpreter:
        text, numbers = "hello", [1, 2]
        variables = {"text": text, "numbers": numbers}
        interpreter.execute("text = 'mine'\nnumbers.append(3)", variables)
        assert interpreter.execute("text, numbers", variables) == "('mine', [1, 2, 3])\n"
        numbers.append(9)
        assert interpreter.execute("text, numbers", variables) == "('mine', [1, 2, 9])\n"
        assert interpreter.execute("text, flag", {"text": "other", "flag": True}) == "('other', True)\n"
        assert interpreter.execute("flag", {"flag": 1}) == "1\n"


def test_a_large_value_enters_whole_and_only_once() -> None:
    with sandbox("off") as interpreter:
        large = "é" * 3_000_000
        assert interpreter.execute("len(large), large[-1]", {"large": large}) == "(3000000, 'é')\n"
        began = time.perf_counter()
        for _ in range(20):
            interpreter.execute("x = 1", {"large": large})
        assert (time.perf_counter() - began) / 20 < 0.05


@pytest.mark.parametrize("name", ["not a name", "class", "SUBMIT", "__builtins__"])
def test_a_name_that_can_be_no_variable_is_refused_and_the_session_lives(name: str) -> None:
    with sandbox("off") as interpreter:
        with pytest.raises(CodeInterpreterError, match="name of a variable"):
            interpreter.execute("1", {name: 1})
        assert interpreter.execute("1") == "1\n"


def test_inspect_lists_the_namespace_and_pages_through_a_value() -> None:
    with sandbox("off") as interpreter:
        interpreter.execute("text = 'abc' * 100_000\nnumbers = list(range(5))")
        assert {item.name: item.size for item in interpreter.inspect()} == {"text": 300_000, "numbers": 5}
        (page,) = interpreter.inspect("text", start=299_998, length=10)
        assert (page.text, page.start, page.total) == ("bc", 299_998, 300_000)
        assert interpreter.inspect("nothing") == []


def test_the_console_runs_code_that_is_no_cell() -> None:
    listener = Recording()
    with sandbox("off", listener=listener) as interpreter:
        interpreter.execute("x = 20")
        result = interpreter.evaluate("x += 1\nprint('now')\nx * 2")
        assert (result.status, result.text, result.value) == ("ok", "now\n42\n", "42")
        assert interpreter.evaluate("1/0").status == "error"
        assert interpreter.execute("x") == "21\n"
    assert len(listener.of("done")) == 2
    assert len(listener.of("variables")) == 4, "the console changes variables, too"


def test_the_console_calls_no_tools() -> None:
    asked: list[str] = []
    with sandbox("off", tools={"look_up": asked.append}) as interpreter:
        interpreter.execute("look_up('in a cell')")
        result = interpreter.evaluate("look_up('in the console')")
        assert asked == ["in a cell"]
        assert result.error is not None
        assert "insert" in result.error.message


def test_a_console_that_runs_too_long_is_stopped() -> None:
    with sandbox("off") as interpreter:
        assert interpreter.evaluate("while True: pass", timeout=0.3).status == "timeout"
        assert interpreter.execute("1") == "1\n"
