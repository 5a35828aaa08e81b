"""The commands that README.md tells people to type exist, with the options that they are given there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.typed_commands import parse

README = Path(__file__).parents[2] / "README.md"
_BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)


def commands() -> list[str]:
    """Every line of README's shell blocks that runs this program, without its comment."""
    lines = [
        line.split("  #")[0].strip()
        for block in _BLOCK.findall(README.read_text("utf-8"))
        for line in block.splitlines()
    ]
    found = [re.sub(r"^.*?\brlm-tui\b ?", "", line) for line in lines if re.search(r"\brlm-tui\b", line)]
    return [line for line in found if line]


def test_there_are_commands_in_it() -> None:
    assert len(commands()) > 15


@pytest.mark.parametrize("line", commands())
def test_a_command_of_the_readme_can_be_typed(line: str) -> None:
    parse(line)


def test_what_can_not_be_typed_is_noticed() -> None:
    for wrong in ("no-such-command", "run basic --no-such-option", "run"):
        with pytest.raises(Exception, match=r"No such|Missing"):
            parse(wrong)
