"""Whether a command line that a text tells people to type can be typed: its command, options, arguments."""

from __future__ import annotations

import shlex
from typing import Any

import typer

from rlm_tui.cli import app


def parse(line: str) -> None:
    """Parse what stands after `rlm-tui`; nothing is run. What is missing or unknown raises."""
    # Typer brings a Click of its own: a group is told by what it can do, not by its class.
    command: Any = typer.main.get_command(app)
    arguments = shlex.split(line)
    context = command.context_class(command, info_name="rlm-tui")
    while hasattr(command, "resolve_command") and arguments:
        name, found, arguments = command.resolve_command(context, arguments)
        assert found is not None, name
        command, context = found, found.context_class(found, parent=context, info_name=name)
    command.make_context(context.info_name or "", arguments, parent=context.parent, resilient_parsing=False)


def options() -> set[str]:
    """Every option of every command."""
    root: Any = typer.main.get_command(app)
    commands = [root, *root.commands.values()]
    return {name for command in commands for parameter in command.params for name in parameter.opts}
