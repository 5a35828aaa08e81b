"""The pages: each command in them is known to a test, each link and each setting leads somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib

import click
import pytest

from rlm_tui.core.settings_fields import SECTIONS, variables
from tests.documented.expected import EXPECTED, NotRun
from tests.documented.pages import PAGES, ROOT, key, sections

_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
_VARIABLE = re.compile(r"\b(?:DSPY|RLM_TUI)_[A-Z_]*[A-Z]\b")
# Of the program as a whole; all others set a field.
_OTHERS = {"RLM_TUI_HOME", "RLM_TUI_DOTENV"}
NOT_RUN = {line: one for line, one in EXPECTED.items() if isinstance(one, NotRun)}


def commands() -> set[str]:
    return {key(line) for section in sections() for line in (*section.lines, *section.inline)}


def test_every_documented_command_is_run_or_says_why_not() -> None:
    assert len(commands()) > 60
    unknown = commands() - EXPECTED.keys()
    assert not unknown, "say in tests/documented/expected.py what these do"
    gone = EXPECTED.keys() - commands()
    assert not gone, "these stand in no page any more"


@pytest.mark.parametrize("line", [line for line, one in NOT_RUN.items() if one.paths])
def test_what_is_not_run_is_there(line: str) -> None:
    for name in NOT_RUN[line].paths:
        path = ROOT / name
        assert path.exists()
        if path.suffix == ".py":
            compile(path.read_text("utf-8"), name, "exec")
        elif path.parent.name == ".ci":
            subprocess.run(["bash", "-n", path], check=True)


@pytest.mark.parametrize("line", [line for line, one in NOT_RUN.items() if one.modal_command])
def test_what_is_not_run_of_modal_is_parsed_by_modal(line: str) -> None:
    from modal.cli.entry_point import entrypoint_cli

    command: click.Command = entrypoint_cli
    program, *arguments = shlex.split(line)
    context = click.Context(command, info_name=program)
    while isinstance(command, click.Group) and arguments:
        name, found, arguments = command.resolve_command(context, arguments)
        assert found is not None, name
        command, context = found, click.Context(found, parent=context, info_name=name)
    # Parses the options and runs nothing; what is missing or unknown raises.
    command.make_context(context.info_name or "", arguments, parent=context.parent)


def test_the_markers_and_extras_that_are_named_are_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    markers = project["tool"]["pytest"]["ini_options"]["markers"]
    assert any(marker.startswith("slow:") for marker in markers)
    for line in commands():
        words = shlex.split(line)
        if "--extra" not in words:
            continue
        extra = words[words.index("--extra") + 1]
        extras = project["project"]["optional-dependencies"]
        if "jupyter" not in words:
            assert extra in extras
            continue
        assert words[4:6] in (["jupyter", "lab"], ["jupyter", "execute"])
        assert (extra in extras) == (ROOT / words[6]).is_file(), "they come together"


def test_env_stays_out_of_git() -> None:
    assert ".env" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


def test_links_between_the_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in _LINK.findall(page.read_text("utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_settings_that_are_named_are_known() -> None:
    known = _OTHERS | {
        variable
        for section, struct in SECTIONS.items()
        for field in struct.__struct_fields__
        for variable in variables(f"{section}.{field}")
    }
    for page in PAGES:
        named = set(_VARIABLE.findall(page.read_text("utf-8")))
        assert named <= known, f"{page.name} names settings that there are not"
