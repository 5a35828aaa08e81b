"""The fixture that hands tests a running loopback Modal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.modal_server.server import LoopbackModal


@pytest.fixture
def loopback_modal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackModal]:
    """A loopback Modal of this test's own, which this process's Modal client goes to."""
    with LoopbackModal(tmp_path / "modal") as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("MODAL_ENVIRONMENT", raising=False)
        yield server
        from rlm_tui.cloud.modal_client import forget_clients

        forget_clients()
