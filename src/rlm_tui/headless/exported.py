"""A saved run as it may leave the library: without any secret that is known now."""

from __future__ import annotations

from rlm_tui.core.redaction import Redactor
from rlm_tui.core.settings import SettingsError, load_settings
from rlm_tui.engine.checks.every import make_redactor
from rlm_tui.store.exporters.formats import source_of
from rlm_tui.store.exporters.source import Source
from rlm_tui.store.run_log import RunLog


def redactor_now() -> Redactor:
    """Knows the secrets of the settings and of the environment; of the latter alone where no setting can be
    read.
    """
    try:
        return make_redactor(load_settings())
    except SettingsError:
        return make_redactor(None)


def export_source(log: RunLog) -> Source:
    """What exporters write of the run. Raises StoreError."""
    return source_of(log, redactor_now())
