"""What the doctor's tests share: planted secrets that no output may hold, and its results by name."""

from __future__ import annotations

from typing import Any

from tests.integration.command_line import Ended, rlm_tui
from tests.modal_server import LoopbackModal
from tests.modal_server.server import SECRETS, TOKEN_ID, TOKEN_SECRET

LM_KEY = "planted-lm-key-of-no-known-shape"
OTHER_KEY = "planted-environment-key-of-no-known-shape"
DOTENV_KEY = "planted-dotenv-key-of-no-known-shape"
WRONG_TOKEN = "planted-wrong-token-of-no-known-shape"
VALUE = SECRETS["LITELLM"]["DSPY_LLM_API_KEY"]
PLANTED = (LM_KEY, OTHER_KEY, DOTENV_KEY, WRONG_TOKEN, VALUE, TOKEN_ID, TOKEN_SECRET)


def doctor(
    *arguments: str, modal: LoopbackModal | None = None, stdin: str | None = None, **environment: str
) -> Ended:
    """A command with secrets planted wherever a person keeps them. None of them may be told, nor a traceback.

    Without `modal` there is no token, and no server to ask.
    """
    reached = (
        {"MODAL_TOKEN_ID": "", "MODAL_TOKEN_SECRET": "", "MODAL_CONFIG_PATH": "/nonexistent/modal.toml"}
        if modal is None
        else {"RLM_TUI_MODAL_CALL_SECONDS": "20", **modal.environment}
    )
    ended = rlm_tui(*arguments, stdin=stdin, **{"PLANTED_API_KEY": OTHER_KEY, **reached, **environment})
    for text in (ended.stdout, ended.stderr):
        for secret in PLANTED:
            assert secret not in text, f"{secret} is told by {arguments}"
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended


def by_name(ended: Ended) -> dict[str, dict[str, Any]]:
    """The checks of `check --json`."""
    assert ended.json["ok"] is (ended.code == 0)
    return {check["name"]: check for check in ended.json["checks"]}


def outcomes(ended: Ended) -> dict[str, str]:
    """Each check's outcome."""
    return {name: check["outcome"] for name, check in by_name(ended).items()}
