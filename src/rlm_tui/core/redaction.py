"""Secrets never reach an event, a log, a screen, an export or a sandbox: what is told passes a Redactor
first.

It knows secrets by value (the keys that are configured, and variables of the environment that are named like
one) and by shape (what the usual providers' keys look like), because a document may hold somebody else's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

REDACTED = "[redacted]"
SHORTEST_SECRET = 6

# What people write where a local server wants any key at all: hiding these would hide ordinary words.
_PLACEHOLDERS = frozenset({
    "ollama", "dummy", "dummy-key", "lm-studio", "not-needed", "no-key", "no-key-required", "unused",
    "placeholder", "token-abc123", "sk-no-key-required", "anything", "local-key", "default", "disabled",
})  # fmt: skip

# Each pattern begins with its literal, which `re` finds quickly, then looks back for what may not be before.
# The first group, where there is one, is kept. None may look on without a bound: a document could use that.
_SHAPES = tuple(
    re.compile(shape, re.VERBOSE)
    for shape in (
        r"sk-(?<![A-Za-z0-9]sk-)(?=[A-Za-z0-9_-]{0,60}[0-9])[A-Za-z0-9_-]{16,}",  # OpenAI, Anthropic
        r"AKIA(?<![A-Za-z0-9]AKIA)[A-Z0-9]{16}(?![A-Z0-9])",  # AWS
        r"ASIA(?<![A-Za-z0-9]ASIA)[A-Z0-9]{16}(?![A-Z0-9])",
        r"gh(?<![A-Za-z0-9]gh)[pousr]_[A-Za-z0-9]{20,}",  # GitHub
        r"github_pat_[A-Za-z0-9_]{20,}",
        r"hf_(?<![A-Za-z0-9]hf_)[A-Za-z0-9]{20,}",  # Hugging Face
        r"gsk_(?<![A-Za-z0-9]gsk_)[A-Za-z0-9]{20,}",  # Groq
        r"xai-(?<![A-Za-z0-9]xai-)[A-Za-z0-9]{20,}",
        r"nvapi-[A-Za-z0-9_-]{20,}",
        r"pplx-[A-Za-z0-9]{20,}",
        r"AIza(?<![A-Za-z0-9]AIza)[A-Za-z0-9_-]{30,}",  # Google
        r"ak-(?<![A-Za-z0-9-]ak-)[A-Za-z0-9]{20,}",  # Modal
        r"as-(?<![A-Za-z0-9-]as-)[A-Za-z0-9]{20,}",
        r"xox(?<![A-Za-z0-9]xox)[abeoprs]-[A-Za-z0-9-]{10,}",  # Slack
        r"glpat-[A-Za-z0-9_-]{16,}",  # GitLab
        r"eyJ(?<![A-Za-z0-9_-]eyJ)[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
        r"-----BEGIN\ [A-Z\ ]{0,40}PRIVATE\ KEY-----"
        r"(?:[^-]|-(?!----)){1,16384}"
        r"-----END\ [A-Z\ ]{0,40}PRIVATE\ KEY-----",
        r"(Bearer\s{1,9})[A-Za-z0-9._~+/=-]{12,}",
        r"(bearer\s{1,9})[A-Za-z0-9._~+/=-]{12,}",
        r"(://[^\s/:@]{0,99}:)[^\s/@]{3,256}(?=@)",
        *(
            rf"""({name}(?<![A-Za-z0-9]{name})["']?\s{{0,9}}[=:]\s{{0,9}}["']?)
            (?!\[redacted\])[A-Za-z0-9_./+~-]{{6,}}={{0,2}}(?![A-Za-z0-9_./+~(\[-])"""
            for name in ("KEY", "APIKEY", "TOKEN", "SECRET", "PASSWORD")
        ),
        *(
            rf"""({name}["']?\s{{0,9}}[=:]\s{{0,9}}["'])(?!\[redacted\])[^"'\s]{{6,512}}(?=["'])"""
            for name in (
                "api_key", "apikey", "apiKey", "api-key", "Api-Key", "access_token", "auth_token",
                "client_secret", "secret_key", "password",
            )
        ),
    )
)  # fmt: skip
_SECRET_NAME = re.compile(
    r"(?:^|_|-)(?:api_?key|apikey|access_token|auth_token|client_secret|secret_key|password|authorization)$",
    re.IGNORECASE,
)
_SECRET_VARIABLE = re.compile(r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)


def names_a_secret(variable: str) -> bool:
    """Whether an environment variable of this name is taken for a secret (…_KEY, …_TOKEN, …_SECRET,
    …_PASSWORD).
    """
    return _SECRET_VARIABLE.search(variable) is not None


class Redactor:
    """Replaces secrets in text and in JSON-like values by `[redacted]`; safe to share between threads.

    `values` are secrets known by value; ones shorter than six characters, and usual placeholders, are left
    alone.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._known: tuple[str, ...] = ()
        self._learn(values)

    def add(self, value: str) -> None:
        """From now on `value` is a secret too."""
        self._learn((value,))

    def _learn(self, values: Iterable[str]) -> None:
        known = set(self._known)
        for value in values:
            value = value.strip()
            if len(value) >= SHORTEST_SECRET and value.lower() not in _PLACEHOLDERS:
                known.update(_spellings(value))
        if len(known) != len(self._known):
            # The longest first: one secret may begin another.
            self._known = tuple(sorted(known, key=lambda spelling: (-len(spelling), spelling)))

    def text(self, text: str) -> str:
        """`text` without secrets."""
        for secret in self._known:
            text = text.replace(secret, REDACTED)
        for shape in _SHAPES:
            text = shape.sub(_keep_name, text)
        return text

    def value(self, value: Any) -> Any:
        """A JSON-like value without secrets, in the same shape; what isn't JSON-like comes back as it was."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return {self.value(key): self._member(key, item) for key, item in value.items()}
            case list():
                return [self.value(item) for item in value]
            case tuple():
                return tuple(self.value(item) for item in value)
            case _:
                return value

    def _member(self, key: Any, item: Any) -> Any:
        if isinstance(key, str) and isinstance(item, str) and item and _SECRET_NAME.search(key):
            return REDACTED
        return self.value(item)


def _keep_name(match: re.Match[str]) -> str:
    return (match.group(1) if match.re.groups else "") + REDACTED


def _spellings(value: str) -> Iterator[str]:
    """How a secret may be written: as it is, inside JSON, inside a URL."""
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    if not any(0xD800 <= ord(character) < 0xE000 for character in value):
        yield quote(value, safe="")
