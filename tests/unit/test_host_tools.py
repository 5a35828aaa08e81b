"""Tools of the host: the built-in one, a person's own, and what is wrong with others."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import dspy
import pytest

from rlm_tui.engine import imports
from rlm_tui.engine.host_tools import (
    MOST_MATCHES,
    ToolError,
    regex_extract,
    resolve_tools,
    taking_positions,
    tool_line,
)
from rlm_tui.engine.imports import import_object


def test_regex_extract_gives_groups_or_matches_line_by_line() -> None:
    text = "# One\ntext\n## Two\n"
    assert regex_extract(r"^#+ (.+)$", text) == ["One", "Two"]
    assert regex_extract(r"^#+ .+$", text) == ["# One", "## Two"]
    assert regex_extract(r"(x)?text", text) == [""]
    assert regex_extract("q", text) == []
    assert len(regex_extract("a", "a" * (MOST_MATCHES + 5))) == MOST_MATCHES


def test_a_pattern_that_never_ends_is_given_up() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        regex_extract(r"(?:a|aa)+$", "a" * 60 + "!")
    assert time.monotonic() - began < 20


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "own_tools.py").write_text(
        'def twice(number: int) -> int:\n    """Double a number."""\n    return 2 * number\n\n\n'
        'def bare(number):\n    """Double a number."""\n\n\n'
        'def placed(number: int, /) -> int:\n    """Double."""\n    return 2 * number\n\n\n'
        'def many(*words: str) -> int:\n    """Count."""\n    return len(words)\n\n\n'
        "def silent(number: int) -> int:\n    return number\n\n\nvalue = 3\n"
    )
    (tmp_path / "broken_tools.py").write_text("import not_there_at_all\n")
    return tmp_path


def test_tools_are_found_by_name(own: Path) -> None:
    builtin, twice = resolve_tools(["regex_extract", "own_tools:twice"], own)
    assert builtin is regex_extract
    assert twice(4) == 8
    assert resolve_tools([], own) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("regex_extrac", "is no tool: choose regex_extract"),
        ("os;system", "is no tool"),
        ("nowhere_at_all:f", "can't be imported: ModuleNotFoundError"),
        ("broken_tools:f", "can't be imported: ModuleNotFoundError: No module named 'not_there_at_all'"),
        ("own_tools:missing", "own_tools has no missing"),
        ("own_tools:value", "is no function"),
        ("own_tools:bare", "its parameter number has no annotation"),
        ("own_tools:placed", "its parameter number can't be given by name"),
        ("own_tools:many", "its parameter words can't be given by name"),
        ("own_tools:silent", "has no docstring"),
    ],
)
def test_what_is_wrong_with_a_tool_is_one_sentence(own: Path, name: str, words: str) -> None:
    with pytest.raises(ToolError, match=words) as caught:
        resolve_tools([name], own)
    assert "\n" not in str(caught.value)


def test_a_tool_is_described_as_the_planner_sees_it() -> None:
    assert tool_line(regex_extract).startswith("regex_extract(pattern: str, text: str) -> list[str]: What ")

    def ask(text: str, key: str = "a-secret-4711", *, most: int = 3) -> str:
        """Ask."""
        return text + key * most

    assert tool_line(ask) == "ask(text: str, key: str = …, *, most: int = …) -> str: Ask."


def test_what_a_module_prints_when_it_is_imported_stays_out_of_standard_output(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own / "printing_tools.py").write_text(
        'print("hello from the import")\n\n\ndef look() -> int:\n    """Look."""\n    return 1\n'
    )
    resolve_tools(["printing_tools:look"], own)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "hello from the import" in captured.err


def test_two_tools_of_one_name_are_refused(own: Path) -> None:
    with pytest.raises(ToolError, match="Two tools are called twice"):
        resolve_tools(["own_tools:twice", "own_tools:twice"], own)


def test_a_tool_can_not_have_a_name_that_is_taken(own: Path) -> None:
    (own / "named_tools.py").write_text(
        'def print(text: str) -> str:\n    """Shadow."""\n    return text\n\n\n'
        'def docs(text: str) -> str:\n    """Shadow."""\n    return text\n\n\n'
        'async def later(text: str) -> str:\n    """Wait."""\n    return text\n'
    )
    with pytest.raises(ToolError, match="can't be called print"):
        resolve_tools(["named_tools:print"], own)
    with pytest.raises(ToolError, match="can't be called docs"):
        resolve_tools(["named_tools:docs"], own, taken=["docs"])
    with pytest.raises(ToolError, match="is asynchronous"):
        resolve_tools(["named_tools:later"], own)


def test_a_module_that_exits_is_a_sentence_and_one_that_imports_late_works(own: Path) -> None:
    (own / "exiting_tools.py").write_text("import sys\nsys.exit(0)\n")
    (own / "late_helper.py").write_text("value = 7\n")
    (own / "late_tools.py").write_text(
        'def look() -> int:\n    """Look."""\n    import late_helper\n\n    return late_helper.value\n'
    )
    with pytest.raises(ToolError, match="SystemExit"):
        resolve_tools(["exiting_tools:f"], own)
    (look,) = resolve_tools(["late_tools:look"], own)
    assert look() == 7


def test_a_tool_of_an_rlm_takes_its_arguments_by_position_too() -> None:
    def cut(text: str, start: int, *, end: int = 0) -> str:
        """A piece of `text`."""
        return text[start : end or None]

    by_name = dspy.RLM("question -> answer", tools=[cut])._prepare_execution_tools()["cut"]
    with pytest.raises(TypeError):
        by_name("abcdef", 2)
    tool = taking_positions(by_name)
    assert (
        tool("abcdef", 2, end=4)
        == tool("abcdef", start=2, end=4)
        == tool(text="abcdef", start=2, end=4)
        == "cd"
    )
    assert tool.__name__ == "cut"
    assert tool.__doc__ == "A piece of `text`."
    with pytest.raises(TypeError, match=r"cut\(\) takes 2 arguments by position and was given 3"):
        tool("abcdef", 2, 4)
    with pytest.raises(TypeError, match=r"cut\(\) was given 'text' twice"):
        tool("abcdef", text="x")


def test_an_import_that_hangs_does_not_hold_others_for_ever(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "PATIENCE_SECONDS", 0.05)
    (own / "hanging_tools.py").write_text(
        "import pathlib, time\nhere = pathlib.Path(__file__).parent\n(here / 'began').touch()\n"
        "while not (here / 'ends').exists():\n    time.sleep(0.01)\nvalue = 1\n"
    )
    hanging = threading.Thread(target=import_object, args=("hanging_tools:value", own), daemon=True)
    hanging.start()
    while not (own / "began").exists():
        time.sleep(0.01)
    try:
        with pytest.raises(ToolError, match="still importing hanging_tools"):
            resolve_tools(["own_tools:twice"], own)
    finally:
        (own / "ends").touch()
        hanging.join(10)
    assert resolve_tools(["own_tools:twice"], own)[0](4) == 8


@pytest.mark.parametrize(
    "raised", ["KeyboardInterrupt()", "GeneratorExit()", "type('Skip', (BaseException,), {})()"]
)
def test_a_module_may_raise_anything(own: Path, raised: str) -> None:
    (own / "raising_tools.py").write_text(f"raise {raised}\n")
    found: list[BaseException] = []

    def look() -> None:
        try:
            resolve_tools(["raising_tools:f"], own)
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join(10)
    assert isinstance(found[0], ToolError)


def test_a_module_that_was_mended_is_read_again(own: Path) -> None:
    first = "def silent(number: int) -> int:\n    return number\n"
    (own / "mended_tools.py").write_text(first)
    with pytest.raises(ToolError, match="has no docstring"):
        resolve_tools(["mended_tools:silent"], own)
    module = sys.modules["mended_tools"]
    assert import_object("mended_tools:silent", own) is module.silent, (
        "what has not changed is not read again"
    )
    (own / "mended_tools.py").write_text(first.replace("return", '"""Speak."""\n    return 1 +'))
    (mended,) = resolve_tools(["mended_tools:silent"], own)
    assert mended(1) == 2
