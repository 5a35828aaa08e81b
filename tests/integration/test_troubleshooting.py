"""docs/troubleshooting.md: every message in it is one that the program shows, word for word."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.contract.sandboxes import needs_bubblewrap, on_linux
from tests.documented.pages import ROOT, quoted
from tests.documented.symptoms import LOCAL, Bench, pattern
from tests.documented.symptoms_modal import MODAL
from tests.lm_server.fixtures import StartLM
from tests.modal_server import LoopbackModal

MESSAGES = quoted(ROOT / "docs" / "troubleshooting.md")


def test_every_message_is_brought_about() -> None:
    assert sorted(MESSAGES) == sorted([*LOCAL, *MODAL])


@on_linux
@pytest.mark.parametrize("message", LOCAL)
def test_a_message_is_what_is_shown(
    message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loopback_lm: StartLM
) -> None:
    found = LOCAL[message](Bench(tmp_path, monkeypatch, loopback_lm))
    assert pattern(message).search(found), found


@pytest.mark.bubblewrap
@needs_bubblewrap
@pytest.mark.parametrize("message", MODAL)
def test_a_message_about_modal_is_what_is_shown(
    message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loopback_modal: LoopbackModal
) -> None:
    for name in loopback_modal.environment:
        # What a symptom changes is undone.
        monkeypatch.setenv(name, os.environ[name])
    found = MODAL[message](loopback_modal, tmp_path)
    assert pattern(message).search(found), found
