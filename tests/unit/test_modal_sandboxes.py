"""Whose a sandbox is: by machine, boot, container and process, and not by a process id alone."""

from __future__ import annotations

import pytest

from rlm_tui.sandbox import modal_parts
from rlm_tui.sandbox.modal_sandboxes import _state


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "in use"),
        ({"pid": "999999999"}, "left behind"),
        ({"began": "1"}, "left behind"),
        ({"boot": "another"}, "left behind"),
        ({"namespace": "another"}, "elsewhere"),
        ({"machine": "another"}, "elsewhere"),
        ({"host": "another"}, "elsewhere"),
        ({"user": "another"}, "elsewhere"),
    ],
)
def test_whose_a_sandbox_is(change: dict[str, str], state: str) -> None:
    assert _state({**modal_parts.tags("run"), **change}) == state


def test_a_sandbox_without_tags_is_nobodys_here() -> None:
    assert _state({}) == "elsewhere"
