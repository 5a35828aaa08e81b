"""What every test stands on: a data folder of its own, no network price map, no key of the person's."""

from __future__ import annotations

import gc
import itertools
import os
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from rlm_tui.commands.dspy_import import import_dspy_quickly

import_dspy_quickly()
pytest_plugins = ["tests.lm_server.fixtures", "tests.modal_server.fixtures"]

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "true"
# Each process of a test would compile dspy and LiteLLM anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# The snapshot report of a failure would dump them, and a test must never reach a real provider.
_PRIVATE = ("_API_KEY", "_API_BASE", "_BASE_URL", "_TOKEN", "_SECRET")
for _name in list(os.environ):
    if _name.startswith(("DSPY_", "RLM_TUI_")) or _name.endswith(_PRIVATE):
        del os.environ[_name]
for _name in ("NO_COLOR", "TEXTUAL_THEME"):
    os.environ.pop(_name, None)

# A shell starts what stands before an `&` deaf to Ctrl-C, and so would be each program that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A loaded machine is no failure. In the gate the examples are the same each time, at a desk they are new.
settings.register_profile(
    "rlm-tui", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("rlm-tui")


_WITH_APPS = ("tests/pilot/", "tests/snapshots/")
_COLLECT_EVERY = 40
_ended = itertools.count(1)


def pytest_collection_finish() -> None:
    """Collections of garbage pass by all that is imported by now: each would look at all of it."""
    gc.freeze()


def pytest_runtest_logfinish(nodeid: str) -> None:
    """An app leaves what is there alone (`ui/garbage.py`); a process with hundreds of apps may not."""
    if nodeid.startswith(_WITH_APPS) and next(_ended) % _COLLECT_EVERY == 0:
        gc.unfreeze()
        gc.collect()
        gc.freeze()


def pytest_sessionfinish() -> None:
    """pytest looks five times for what was never closed: once will do."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Data, config and cache of rlm-tui in a folder of this test's own."""
    # Not `mktemp`, which looks at all the folders of this run for the next number.
    home = Path(tempfile.mkdtemp(prefix="rlm-tui-home-", dir=tmp_path_factory.getbasetemp()))
    monkeypatch.setenv("RLM_TUI_HOME", str(home))
    monkeypatch.setenv("RLM_TUI_DOTENV", "off")
    return home
