"""What the planner is told of the place its code runs in: dspy puts it into every planner's prompt."""

from __future__ import annotations

import platform
from collections.abc import Sequence

from rlm_tui.core.events import SandboxDescription

_TEMPLATE = """\
Python {version} with its standard library{packages}; {network}, no package installation, no input().
Variables, imports and functions persist between cells.
Printed text and the value of a last expression are both shown to you; long output is cut in the middle.
Long inputs are already plain str variables: slice and search them, never print them whole.
{volume}
Helpers that are already defined:
- peek(text, start=0, length=2000) -> str
- grep(text, pattern, *, context=0) -> list[str]: lines that hold the plain text `pattern`, any case
- chunk_by_size(text, size=4000, overlap=200) -> list[str]
- chunk_by_headers(text, pattern=r"^#{{1,3}} ") -> list of {{header, content, start}}
- chunk_by_timestamps(text) -> list of {{timestamp, content, start}}
- chunk_by_json_keys(text) -> list of {{key, content, type}}
- add_buffer(name, value), get_buffer(name) -> list, clear_buffer(name=None): lists that last{helpers}"""

_VOLUME_HELPERS = """
- save_to_volume(path, content) -> path, load_from_volume(path) -> text: `path` inside the volume"""


def execution_instructions(
    description: SandboxDescription,
    version: str | None = None,
    *,
    packages: Sequence[str] = (),
    network: bool = False,
) -> str:
    """The text for a sandbox of this description; `version` of its Python, by default this one's.

    `packages` are installed in it; `network` says whether cells reach it.
    """
    volume = (
        f"The folder {description.volume} is a volume: files written there outlast the run."
        if description.volume
        else "No folder outlasts the run."
    )
    return _TEMPLATE.format(
        version=version or ".".join(platform.python_version_tuple()[:2]),
        packages=f" and the packages {', '.join(packages)}" if packages else "",
        network="the network can be reached" if network else "no network",
        volume=volume,
        helpers=_VOLUME_HELPERS if description.volume else "",
    )
