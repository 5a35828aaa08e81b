"""The commands that README.md tells people to type exist, with the options that they are given there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import typer

from rlm_tui.cli import app

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
    command: click.Command = typer.main.get_command(app)
    arguments = shlex.split(line)
    context = click.Context(command, info_name="rlm-tui")
    while isinstance(command, click.Group) and arguments:
        name, found, arguments = command.resolve_command(context, arguments)
        assert found is not None, name
        command, context = found, click.Context(found, parent=context, info_name=name)
    # Parses the options and runs nothing; what is missing or unknown raises.
    command.make_context(context.info_name or "", arguments, parent=context.parent, resilient_parsing=False)
