"""What a task asks to be run with, laid over the settings."""

from __future__ import annotations

import msgspec

from rlm_tui.core.settings import LMSettings, Settings
from rlm_tui.core.settings_sources import COMMAND_LINE, OFFLINE
from rlm_tui.core.task import Task


def settings_for(settings: Settings, task: Task) -> Settings:
    """The settings of a run of `task`.

    Models and sandbox: flags and the screen's run options > the task > environment, .env and config.toml;
    what a task was written for is not undone by what happens to be configured. Budgets: whatever a person
    set, anywhere, > the task; a file that somebody shares can't raise a limit. Only names come from a task: a
    key and an address go to a model of the provider that they were set for, and to no other.
    """
    configured = (settings.sub_lm, settings.lm)
    # A model that the task replaces may have had a key, which is a secret as before.
    keys = tuple(lm.api_key for lm in configured if lm is not None and lm.api_key)
    secrets = tuple(dict.fromkeys((*settings.other_secrets, *keys)))
    settings = msgspec.structs.replace(settings.with_budgets_of(task.budgets), other_secrets=secrets)
    origin = f"the task {task.name}"
    if task.lm and not _flagged(settings, "lm.model"):
        lm = None if task.lm.lower() == OFFLINE else _named(task.lm, settings.lm)
        settings = _replaced(settings, "lm.model", origin, lm=lm, remarks=())
    if task.sub_lm and not _flagged(settings, "sub_lm.model"):
        sub_lm = _named(task.sub_lm, *configured)
        settings = _replaced(settings, "sub_lm.model", origin, sub_lm=sub_lm)
    if settings.lm is None and settings.sub_lm is not None:
        settings = msgspec.structs.replace(settings, sub_lm=None)
    if task.sandbox and not _flagged(settings, "sandbox.kind"):
        sandbox = msgspec.structs.replace(settings.sandbox, kind=task.sandbox)
        settings = _replaced(settings, "sandbox.kind", origin, sandbox=sandbox)
    return settings


def _flagged(settings: Settings, field: str) -> bool:
    return settings.source.get(field) == COMMAND_LINE


def _named(model: str, *configured: LMSettings | None) -> LMSettings:
    """The model by its name, reached as the first configured one of the same provider is."""
    provider = model.partition("/")[0]
    for lm in configured:
        if lm is not None and lm.model.partition("/")[0] == provider:
            return msgspec.structs.replace(lm, model=model)
    limits = next((lm for lm in configured if lm is not None), None)
    if limits is None:
        return LMSettings(model)
    return LMSettings(model, cache=limits.cache, retries=limits.retries)


def _replaced(settings: Settings, field: str, origin: str, **changes: object) -> Settings:
    return msgspec.structs.replace(settings, source={**settings.source, field: origin}, **changes)
