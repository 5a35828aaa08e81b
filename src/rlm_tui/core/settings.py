"""One typed model of everything that can be set; `settings_sources` reads it from where a person may write
it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from rlm_tui.core.events import Budgets
from rlm_tui.core.secret import Secret
from rlm_tui.core.settings_errors import SettingsError

__all__ = [
    "Budgets",
    "DebuggerSettings",
    "LMSettings",
    "ModalSettings",
    "SandboxSettings",
    "Secret",
    "Settings",
    "SettingsError",
    "UISettings",
    "load_settings",
]

Positive = Annotated[int, Meta(ge=1)]
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class LMSettings(Struct, frozen=True):
    """A language model: `model` is any string that dspy takes ("openai/gpt-5", "ollama_chat/qwen3").

    Without `api_base` and `api_key` the provider's own environment variables hold. `cache` keeps answers
    between runs, which makes their tokens and seconds those of another day. `retries` is how often a call
    that failed in passing (a rate limit, a broken connection) is tried again.
    """

    model: str
    api_base: str | None = None
    api_key: Secret | None = None
    max_tokens: Positive | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    cache: bool = False
    retries: Annotated[int, Meta(ge=0, le=10)] = 2


class SandboxSettings(Struct, frozen=True):
    """Where cells run. `confined`: "auto" uses bubblewrap where it works, "required" refuses to run without
    it.

    `memory_bytes` None is the larger of 2 GiB and five times the document. `processes` is how many a cell may
    have at once. `volume` is the name of what lasts between runs; `batch_workers` how many sub-LM queries of
    one batch run at once.
    """

    kind: Literal["local", "modal"] = "local"
    confined: Literal["auto", "required", "off"] = "auto"
    memory_bytes: Annotated[int, Meta(ge=64 * 1024 * 1024)] | None = None
    file_size_bytes: Positive = 1024 * 1024 * 1024
    processes: Positive = 128
    volume: Annotated[str, Meta(pattern=_NAME)] = "rlm-volume-dspy"
    batch_workers: Annotated[int, Meta(ge=1, le=256)] = 32


class ModalSettings(Struct, frozen=True):
    """How a sandbox in Modal's cloud is made; the volume's name is `sandbox.volume`.

    `packages` are installed into its image beside Python's standard library. `cpu` is in cores,
    `memory_mb` in MiB, `gpu` as Modal writes it ("A10G", "H100:2"), `region` too ("eu"); None is Modal's
    own default. `timeout_seconds` ends a sandbox that a crashed host left behind,
    `start_seconds` and `call_seconds` are how long the host waits for a start and for any other answer of
    Modal.

    `block_network` False lets cells reach the network. `attach_secret` gives cells the values of `secret`:
    with both, code that a poisoned document talked the planner into can send the keys away. The host makes
    all LM calls, so a run needs neither. `warm` starts the next run's sandbox while the person chooses; it is
    paid for from then on. Without `token_id` and `token_secret` those hold that `modal token new` has kept.
    """

    app: Annotated[str, Meta(pattern=_NAME)] = "rlm-tui"
    environment: Annotated[str, Meta(pattern=_NAME)] | None = None
    python: Annotated[str, Meta(pattern=r"^3\.(9|1[0-9])$")] = "3.12"
    packages: tuple[str, ...] = ()
    cpu: Annotated[float, Meta(gt=0, le=64)] | None = None
    memory_mb: Annotated[int, Meta(ge=128, le=344_064)] | None = None
    gpu: str | None = None
    region: str | None = None
    timeout_seconds: Annotated[int, Meta(ge=30, le=86_400)] = 3_600
    start_seconds: Annotated[float, Meta(ge=1, le=3_600)] = 300
    call_seconds: Annotated[float, Meta(ge=0.5, le=600)] = 30
    block_network: bool = True
    secret: Annotated[str, Meta(pattern=_NAME)] = "LITELLM"
    attach_secret: bool = False
    warm: bool = False
    token_id: Secret | None = None
    token_secret: Secret | None = None

    @property
    def token(self) -> tuple[str, str] | None:
        """The token that is set here; None if it is not, or not whole."""
        if not self.token_id or not self.token_secret:
            return None
        return self.token_id.value, self.token_secret.value


class DocumentSettings(Struct, frozen=True):
    """How documents are read. `convert_html`: web pages as they read, not as they are written; it needs the
    extra `convert`, which PDF and Word files always need.
    """

    convert_html: bool = False


class DebuggerSettings(Struct, frozen=True):
    """How a run is held, healed and begun again.

    `hold_nested` False lets nested RLMs run on. `at_budget_end` is what happens when a budget of the run is
    used up: "ask" holds it and asks, where somebody is there (otherwise iterations end in an extracted
    answer, a call too many is its cell's error, as in dspy, and the rest stops the run); "finish" extracts
    an answer from what was found; "stop" ends the run. A cell at its time limit is only asked about. `heal`
    replaces a sandbox that was lost. `remember_answers` answers a query as an earlier run recorded it.
    `volume_copy_bytes` is the largest local volume of which a run keeps a copy as it was at the start; 0
    keeps none.
    """

    hold_nested: bool = True
    at_budget_end: Literal["ask", "finish", "stop"] = "ask"
    heal: bool = True
    remember_answers: bool = False
    volume_copy_bytes: Annotated[int, Meta(ge=0)] = 64 * 1024 * 1024


class UISettings(Struct, frozen=True):
    """How the screen looks and which keys it takes: `keymap` maps a binding's id to keys ("run.start":
    "ctrl+r").
    """

    theme: str | None = None
    keymap: dict[str, str] = {}


class Settings(Struct, frozen=True):
    """Everything that is set. `lm` None is the offline demo; `sub_lm` None uses the planner's model.

    `source` says for each field that is not a default ("lm.model") where its value came from; `remarks` are
    sentences on what was set and can't have been meant. `other_secrets` are what the environment holds
    besides.

    A task may ask for models, a sandbox and budgets: `task_settings.settings_for` says what holds then. Its
    models and its sandbox stand over everything but flags and the screen's run options; its budgets under
    whatever a person has set.
    """

    lm: LMSettings | None = None
    sub_lm: LMSettings | None = None
    sandbox: SandboxSettings = SandboxSettings()
    modal: ModalSettings = ModalSettings()
    budgets: Budgets = Budgets()
    documents: DocumentSettings = DocumentSettings()
    debugger: DebuggerSettings = DebuggerSettings()
    ui: UISettings = UISettings()
    source: dict[str, str] = {}
    remarks: tuple[str, ...] = ()
    other_secrets: tuple[Secret, ...] = ()

    def secrets(self) -> tuple[str, ...]:
        """Every secret by value, for a Redactor."""
        keys = [None if lm is None else lm.api_key for lm in (self.lm, self.sub_lm)]
        found = (*keys, self.modal.token_id, self.modal.token_secret, *self.other_secrets)
        return tuple(dict.fromkeys(secret.value for secret in found if secret is not None))

    def with_budgets_of(self, task: Budgets) -> Settings:
        """These settings where a task's own budgets stand for every budget that nobody set."""
        names = [name for name in Budgets.__struct_fields__ if f"budgets.{name}" not in self.source]
        budgets = msgspec.structs.replace(self.budgets, **{name: getattr(task, name) for name in names})
        return msgspec.structs.replace(self, budgets=budgets)

    def public(self) -> dict[str, Any]:
        """What may be written to a log: everything but secrets, as JSON takes it."""
        return {
            "lm": _public_lm(self.lm),
            "sub_lm": _public_lm(self.sub_lm),
            "sandbox": msgspec.to_builtins(self.sandbox),
            "modal": {
                name: value
                for name, value in msgspec.structs.asdict(self.modal).items()
                if "token" not in name
            },
            "budgets": msgspec.structs.asdict(self.budgets),
            "debugger": msgspec.structs.asdict(self.debugger),
            "source": dict(self.source),
        }


def _public_lm(lm: LMSettings | None) -> dict[str, Any] | None:
    if lm is None:
        return None
    return {name: value for name, value in msgspec.structs.asdict(lm).items() if name != "api_key"}


def load_settings(
    *,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    overrides: Mapping[str, Any] = {},
) -> Settings:
    """The settings that hold here: defaults < config.toml < .env < environment < `overrides`.

    `.env` is looked for in `directory` (by default the working one) and above it up to the root of its git
    repository. `overrides` are flags by name ("lm", "sub_lm", "sandbox", "max_iterations", …; see
    `settings_fields.FLAGS`) or fields by their whole name ("lm.temperature"); None is not set. The
    environment is read and never written. Raises SettingsError.
    """
    from rlm_tui.core.settings_sources import gather

    return gather(
        environment=os.environ if environment is None else environment,
        directory=Path.cwd() if directory is None else directory,
        overrides=overrides,
    )
