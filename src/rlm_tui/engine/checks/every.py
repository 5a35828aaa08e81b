"""Which checks there are for given settings."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from rlm_tui.core.redaction import Redactor, names_a_secret
from rlm_tui.core.settings import LMSettings, Settings, SettingsError
from rlm_tui.core.settings_fields import variables
from rlm_tui.core.settings_sources import COMMAND_LINE, find_dotenv, read_dotenv
from rlm_tui.engine.checks import local_sandbox, machine, modal_account, planner
from rlm_tui.engine.checks.check import Check, CheckResult, Finding, Look
from rlm_tui.engine.checks.checkup import Checkup
from rlm_tui.engine.checks.modal_trial import ModalTrial

MODEL_SECONDS = 60.0
IMPORT_SECONDS = 60.0
CELL_SECONDS = 30.0
LIBRARIES = "libraries"


def make_checkup(
    settings: Settings,
    on_result: Callable[[CheckResult], None],
    *,
    modal: bool = False,
    problem: SettingsError | None = None,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Checkup:
    """A `Checkup` of everything that a run with `settings` needs, not begun yet.

    `modal` asks Modal too, and starts a sandbox there (which costs a little); without it Modal is asked only
    if runs use it, and nothing is started. `problem` is why the settings could not be read; `settings` are
    then those that hold without them.
    """
    environment = os.environ if environment is None else environment
    directory = Path.cwd() if directory is None else directory
    redactor = make_redactor(settings, environment)
    if problem is not None:
        _learn_dotenv(redactor, environment, directory)
    trial = ModalTrial(settings) if modal else None
    checks = (
        *_machine(settings, problem, environment, directory),
        *_local(settings),
        *_models(settings),
        *_modal(settings, redactor, trial),
    )
    return Checkup(checks, on_result, redactor, (lambda: None) if trial is None else trial.leave)


def make_redactor(settings: Settings | None, environment: Mapping[str, str] | None = None) -> Redactor:
    """Knows every secret of the settings and of the environment; Modal's own settings are read later."""
    environment = os.environ if environment is None else environment
    known = () if settings is None else settings.secrets()
    named = None
    if settings is not None and settings.source.get("modal.secret", COMMAND_LINE) != COMMAND_LINE:
        # RLM_TUI_MODAL_SECRET is called a secret and holds the name of one, which is said.
        named = settings.modal.secret
    redactor = Redactor(value for value in known if value != named)
    for variable, value in environment.items():
        if variable in variables("modal.secret") and value.strip() == named:
            continue
        if names_a_secret(variable) or variable == "MODAL_TOKEN_ID":
            redactor.add(value)
    if settings is None:
        _learn_dotenv(redactor, environment, Path.cwd())
    return redactor


def _learn_dotenv(redactor: Redactor, environment: Mapping[str, str], directory: Path) -> None:
    """Settings that can't be read tell no secret of .env, and the words on what is wrong may hold one."""
    path = find_dotenv(environment, directory)
    with contextlib.suppress(SettingsError):
        for variable, value in (read_dotenv(path) if path else {}).items():
            if names_a_secret(variable):
                redactor.add(value)


def _machine(
    settings: Settings, problem: SettingsError | None, environment: Mapping[str, str], directory: Path
) -> tuple[Check, ...]:
    return (
        Check(
            "settings",
            "Machine",
            _quiet(lambda: machine.look_at_settings(settings, problem, environment, directory)),
        ),
        Check("disk", "Machine", _quiet(machine.look_at_disk)),
        Check("terminal", "Machine", _quiet(lambda: machine.look_at_terminal(environment)), needed=False),
        Check(LIBRARIES, "Machine", _quiet(machine.look_at_libraries), IMPORT_SECONDS),
    )


def _local(settings: Settings) -> tuple[Check, ...]:
    used = settings.sandbox.kind == "local"
    return (
        Check(
            "bubblewrap",
            "Local sandbox",
            _quiet(lambda: local_sandbox.look_at_bubblewrap(settings)),
            CELL_SECONDS,
            needed=used and settings.sandbox.confined == "required",
        ),
        Check(
            "local cell",
            "Local sandbox",
            _quiet(lambda: local_sandbox.look_at_cell(settings)),
            CELL_SECONDS,
            needed=used,
            after=(LIBRARIES,),
        ),
    )


def _models(settings: Settings) -> tuple[Check, ...]:
    def asked(part: planner.Part, lm: LMSettings | None) -> tuple[Check, ...]:
        answers = Check(
            part, "Planner", _quiet(lambda: planner.look_at_model(settings, part)), MODEL_SECONDS,
            after=(LIBRARIES,) if lm is None else (LIBRARIES, f"{part} address"),
        )  # fmt: skip
        if lm is None:
            return (answers,)
        address = _quiet(lambda: planner.look_at_address(lm, part))
        return Check(f"{part} address", "Planner", address), answers

    sub = () if settings.sub_lm is None else asked("sub-LM", settings.sub_lm)
    return (*asked("planner", settings.lm), *sub)


def _modal(settings: Settings, redactor: Redactor, trial: ModalTrial | None) -> tuple[Check, ...]:
    asked = trial is not None or settings.sandbox.kind == "modal"
    token = Check(
        "token",
        "Modal",
        _quiet(lambda: modal_account.look_at_token(settings, redactor, asked=asked)),
        needed=asked,
        after=(LIBRARIES,),
    )
    if not asked:
        return (token,)
    # Modal's own deadlines say better what was slow; these are for what they don't hold.
    seconds = 3 * settings.modal.call_seconds + 5
    attached = settings.modal.attach_secret

    def account(name: str, look: Callable[[], Finding], *after: str, needed: bool = True) -> Check:
        return Check(name, "Modal", _quiet(look), seconds, needed=needed, after=after)

    asking = (
        token,
        account("account", lambda: modal_account.look_at_account(settings), "token"),
        account("app", lambda: modal_account.look_at_app(settings), "account"),
        account("volume", lambda: modal_account.look_at_volume(settings), "account"),
        account("secret", lambda: modal_account.look_at_secret(settings), "account", needed=attached),
        account(
            "secret's key",
            lambda: modal_account.look_at_secret(settings, modal_account.KEY),
            "secret",
            needed=attached,
        ),
    )
    return asking if trial is None else (*asking, *_trial(settings, trial, seconds))


def _trial(settings: Settings, trial: ModalTrial, seconds: float) -> tuple[Check, ...]:
    start, steps = "sandbox start", []
    looks: tuple[tuple[str, Look], ...] = (
        ("sandbox cell", trial.cell),
        ("sandbox volume", trial.volume),
        ("sandbox network", trial.network),
        ("sandbox secret", trial.secret),
    )
    behind: tuple[str, ...] = ()
    for name, look in looks:
        needed = name != "sandbox secret" or settings.modal.attach_secret
        steps.append(Check(name, "Modal", look, seconds, needed=needed, after=(start,), behind=behind))
        behind = (name,)
    return (
        Check(start, "Modal", trial.start, settings.modal.start_seconds + seconds, after=("app", "volume")),
        *steps,
        Check("sandbox end", "Modal", trial.end, seconds, behind=(start, *behind)),
    )


def _quiet(look: Callable[[], Finding]) -> Look:
    """A look that has no phases to tell."""
    return lambda _: look()
