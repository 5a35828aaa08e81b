"""No secret gets past the redactor, and ordinary words do."""

from __future__ import annotations

import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.core.redaction import REDACTED, Redactor, names_a_secret

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
KEY = "q9-planted/key+value="


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-4f9aB7cD2eF6gH8iJ0kL",
        "sk-ant-api03-AbCdEfGh1234567890",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "github_pat_11ABCDEFG0abcdefghijkl",
        "hf_abcdefghijklmnopqrstuvwx",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        "ak-AbCdEfGhIjKlMnOpQrStUv",
        "as-AbCdEfGhIjKlMnOpQrStUv",
        "xoxb-123456789012-abcdefghij",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_keys_are_known_by_their_shape(secret: str) -> None:
    text = Redactor().text(f"before {secret} after")
    assert text == f"before {REDACTED} after"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Authorization: Bearer abcdef123456789", "Authorization: Bearer [redacted]"),
        ("OPENAI_API_KEY=abc123def456", "OPENAI_API_KEY=[redacted]"),
        ('{"MODAL_TOKEN_SECRET": "abc123def456"}', '{"MODAL_TOKEN_SECRET": "[redacted]"}'),
        ("export HF_TOKEN='abc123def456'", "export HF_TOKEN='[redacted]'"),
        ('api_key="abc123def456"', 'api_key="[redacted]"'),
        ("postgres://user:hunter2@host/db", "postgres://user:[redacted]@host/db"),
    ],
)
def test_values_with_a_telling_name(text: str, left: str) -> None:
    assert Redactor().text(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "a task-management-and-planning-system-2 of our own",
        "sorted(items, key=lambda item: item.name)",
        "OPENAI_API_KEY = os.environ['OPENAI_API_KEY']",
        "primary_key = 'customer_id'",
        "max_tokens=65536, prompt_tokens=1234",
        "the bearer of this letter is my friend",
        "see https://example.com:8080/path?x=1 and mail me@example.com",
        "as-is, as-AbstractFactory",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert Redactor(["ollama", "short", ""]).text(text) == text


def test_a_key_that_servers_on_this_machine_are_given_is_no_secret() -> None:
    assert Redactor(["ollama"]).text("ollama_chat/qwen3") == "ollama_chat/qwen3"


@given(ANY_TEXT, ANY_TEXT)
def test_a_known_value_is_never_left(before: str, after: str) -> None:
    redactor = Redactor([KEY])
    for spelling in (KEY, json.dumps(KEY)[1:-1], quote(KEY, safe="")):
        assert spelling not in redactor.text(before + spelling + after)


@given(st.text(min_size=5, alphabet=st.characters(exclude_categories=("Cs", "Z", "C"))))
def test_any_known_value_of_six_characters_goes(rest: str) -> None:
    secret = f"7{rest}"
    redactor = Redactor()
    redactor.add(secret)
    assert redactor.text(secret) == REDACTED


def test_the_longer_of_two_secrets_goes_whole() -> None:
    assert Redactor(["abcdef", "abcdefghi"]).text("x abcdefghi y") == f"x {REDACTED} y"


def test_values_keep_their_shape() -> None:
    redactor = Redactor([KEY])
    value = {
        "prompt": f"use {KEY}",
        KEY: 1,
        "list": [KEY, 2, None, True, 1.5],
        "pair": (KEY, "b"),
        "api_key": "anything at all",
        "max_tokens": 7,
    }
    assert redactor.value(value) == {
        "prompt": f"use {REDACTED}",
        REDACTED: 1,
        "list": [REDACTED, 2, None, True, 1.5],
        "pair": (REDACTED, "b"),
        "api_key": REDACTED,
        "max_tokens": 7,
    }


@settings(max_examples=30)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT,
        lambda inner: st.lists(inner) | st.dictionaries(st.text("abc", max_size=3), inner),
    )
)
def test_a_value_without_secrets_comes_back_equal(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False)
    redactor = Redactor([KEY])
    if redactor.text(text) == text and KEY not in text:
        assert redactor.value(value) == value


@pytest.mark.parametrize(
    "name", ["DSPY_LLM_API_KEY", "GITHUB_TOKEN", "X_SECRET", "PGPASSWORD_PASSWORD", "TOKEN"]
)
def test_names_of_secrets(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize("name", ["DSPY_LM_MODEL", "MAX_TOKENS", "KEYBOARD", "MONKEY", "PATH"])
def test_names_of_no_secrets(name: str) -> None:
    assert not names_a_secret(name)


@pytest.mark.parametrize(
    "unit",
    [
        "sk-",
        "a.",
        "A_KEY=",
        "A_KEY  ",
        "a://",
        "-----BEGIN PRIVATE KEY-----",
        "api_",
        "Bearer ",
        "eyJaaaaaaaaaa.",
    ],
)
def test_no_text_makes_redaction_slow(unit: str) -> None:
    text = unit * (200_000 // len(unit)) + "("
    began = time.perf_counter()
    Redactor([KEY]).text(text)
    assert time.perf_counter() - began < 10
