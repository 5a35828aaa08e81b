"""`rlm-tui check-secret` and `check-secret-key` as processes: what is there, and never a value."""

from __future__ import annotations

import pytest
from grpclib.const import Status

from tests.contract.sandboxes import needs_bubblewrap
from tests.integration.doctor import LM_KEY, VALUE, WRONG_TOKEN, doctor
from tests.modal_server import LoopbackModal
from tests.modal_server.router import blocked

KEY = ("--key", "DSPY_LLM_API_KEY")
OBJECT = {"secret", "key", "found", "filled", "words", "mend"}
GIVEN = "hunter2-the-value-given-as-a-name"


def test_a_secret_and_a_key_that_are_there(loopback_modal: LoopbackModal) -> None:
    secret = doctor("check-secret", modal=loopback_modal)
    assert (secret.code, secret.stdout, secret.stderr) == (0, "LITELLM is there.\n", "")
    told = doctor("check-secret-key", *KEY, "--json", modal=loopback_modal)
    assert told.code == 0
    assert set(told.json) == OBJECT
    assert (told.json["secret"], told.json["key"]) == ("LITELLM", "DSPY_LLM_API_KEY")
    assert (told.json["found"], told.json["filled"], told.json["mend"]) == (True, None, None)
    assert not loopback_modal.sandboxes, "its value was not asked for"


def test_a_secret_that_is_missing_names_the_command(loopback_modal: LoopbackModal) -> None:
    plain = doctor("check-secret", "--name", "OTHER_MODELS", modal=loopback_modal)
    assert plain.code == 1
    assert plain.stdout == ""
    assert "There is no secret OTHER_MODELS in Modal." in plain.stderr
    assert "`modal secret create OTHER_MODELS --from-dotenv .env`" in plain.stderr
    told = doctor("check-secret", "--json", modal=loopback_modal, RLM_TUI_MODAL_SECRET="my-models")
    assert told.code == 1
    assert told.json["found"] is False
    assert told.json["words"] == "There is no secret my-models in Modal."


def test_a_key_that_is_missing_names_the_command(loopback_modal: LoopbackModal) -> None:
    loopback_modal.account.secrets["my-models"] = {"ONE": VALUE}
    asked = ("check-secret-key", "--key", "OTHER_API_KEY", "--name", "my-models", "--non-empty")
    plain = doctor(*asked, modal=loopback_modal)
    assert plain.code == 1
    assert "The secret my-models has no OTHER_API_KEY." in plain.stderr
    assert "`modal secret create --force my-models --from-dotenv .env`" in plain.stderr
    told = doctor(*asked, "--json", modal=loopback_modal)
    assert (told.code, told.json["found"], told.json["filled"]) == (1, False, None)
    assert not loopback_modal.sandboxes


@pytest.mark.bubblewrap
@needs_bubblewrap
@pytest.mark.parametrize(("value", "filled"), [(VALUE, True), ("", False), (" \n", False)])
def test_whether_a_key_has_a_value_is_seen_in_a_sandbox(
    loopback_modal: LoopbackModal, value: str, filled: bool
) -> None:
    loopback_modal.account.secrets["LITELLM"]["DSPY_LLM_API_KEY"] = value
    told = doctor("check-secret-key", *KEY, "--non-empty", "--json", modal=loopback_modal)
    assert told.code == (0 if filled else 1)
    assert (told.json["found"], told.json["filled"]) == (True, filled)
    assert ("modal secret create --force" in (told.json["mend"] or "")) is not filled
    (sandbox,) = loopback_modal.sandboxes
    assert not sandbox.alive
    assert sandbox.secret_ids == ["st-LITELLM"]
    assert blocked(sandbox.definition) or sandbox.definition.block_network
    assert not sandbox.definition.volume_mounts
    assert sandbox.definition.timeout_secs <= 60


@pytest.mark.parametrize("more", [(), ("--json",)])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("check-secret", "--name", GIVEN), 1),
        (("check-secret", "--name", f"{GIVEN}!"), 2),
        (("check-secret", "--name", VALUE), 1),
        (("check-secret", GIVEN), 2),
        (("check-secret-key", "--key", GIVEN), 2),
        (("check-secret-key", "--key", GIVEN.replace("-", "_")), 1),
        (("check-secret-key", "--key", f"DSPY_LLM_API_KEY={GIVEN}"), 2),
        (("check-secret-key", "--key", "DSPY_LLM_API_KEY", "--name", GIVEN), 1),
        (("check-secret-key", "--key", "DSPY_LLM_API_KEY", GIVEN), 2),
        (("check-secret-key", GIVEN), 2),
    ],
    ids=lambda value: None if isinstance(value, int) else " ".join(value).replace(GIVEN, "…"),
)
def test_a_value_given_in_place_of_a_name_is_not_repeated(
    loopback_modal: LoopbackModal, arguments: tuple[str, ...], code: int, more: tuple[str, ...]
) -> None:
    ended = doctor(*arguments, *more, modal=loopback_modal)
    assert ended.code == code
    for part in ("hunter2", "value-given", "value_given"):
        assert part not in ended.stdout + ended.stderr
    if more:
        assert isinstance(ended.json, dict)
        assert ended.stderr == ""
    else:
        assert ended.stderr


def test_a_value_that_modal_repeats_is_not_told(loopback_modal: LoopbackModal) -> None:
    words = f"no permission for {GIVEN}, and the planner's key is {LM_KEY}"
    loopback_modal.misbehave.refuse["SecretGetOrCreate"] = Status.PERMISSION_DENIED, words
    ended = doctor("check-secret", "--name", GIVEN, modal=loopback_modal, DSPY_LLM_API_KEY=LM_KEY)
    assert ended.code == 1
    assert "no permission for [redacted], and the planner's key is [redacted]" in ended.stderr
    assert "hunter2" not in ended.stderr


@pytest.mark.parametrize("command", [("check-secret",), ("check-secret-key", *KEY, "--non-empty")])
@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"MODAL_TOKEN_ID": "", "MODAL_TOKEN_SECRET": ""}, "There is no token for Modal. Run `modal token"),
        ({"MODAL_TOKEN_SECRET": WRONG_TOKEN}, "Modal does not accept the token"),
        ({"MODAL_SERVER_URL": "http://127.0.0.1:1", "RLM_TUI_MODAL_CALL_SECONDS": "1"}, "within 1 s"),
        ({"RLM_TUI_MODAL_CALL_SECONDS": "1"}, "within 1 s"),
    ],
    ids=["no token", "wrong token", "out of reach", "mute"],
)
def test_modal_that_can_not_be_asked_is_one_sentence(
    loopback_modal: LoopbackModal, command: tuple[str, ...], environment: dict[str, str], words: str
) -> None:
    loopback_modal.misbehave.unreachable = environment.keys() == {"RLM_TUI_MODAL_CALL_SECONDS"}
    plain = doctor(*command, modal=loopback_modal, **environment)
    assert plain.code == 1
    assert words in plain.stderr
    assert plain.stderr.count("\n") == 1
    told = doctor(*command, "--json", modal=loopback_modal, **environment)
    assert told.code == 1
    assert told.json["found"] is None, "unknown is not missing"
    assert told.stderr == ""


def test_settings_that_can_not_be_read_are_one_sentence() -> None:
    ended = doctor("check-secret", "--json", RLM_TUI_MODAL_CALL_SECONDS="many")
    assert ended.code == 2
    assert "RLM_TUI_MODAL_CALL_SECONDS" in ended.json["error"]["message"]
