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

_WHOLE_SHAPES = re.compile(
    r"""
      (?<![A-Za-z0-9])sk-(?=[A-Za-z0-9_-]{0,200}[0-9])[A-Za-z0-9_-]{16,}        # OpenAI, Anthropic, OpenRouter
    | (?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])               # AWS
    | (?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{20,}                          # GitHub
    | (?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{20,}
    | (?<![A-Za-z0-9])(?:hf|gsk|xai|r8|dapi|nvapi|pplx)[_-][A-Za-z0-9_-]{20,}
    | (?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{30,}                              # Google
    | (?<![A-Za-z0-9-])(?:ak|as)-[A-Za-z0-9]{20,}                         # Modal
    | (?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}                      # Slack
    | (?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{16,}                            # GitLab
    | (?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.{1,8192}?-----END\ [A-Z ]*PRIVATE\ KEY-----
    """,
    re.VERBOSE | re.DOTALL,
)
# The first group is kept, what follows it is the secret.
_NAMED_SHAPES = (
    re.compile(r"(\b[Bb]earer\s+)[A-Za-z0-9._~+/=-]{12,}"),
    re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@]*:)[^\s/@]{3,}(?=@)"),
    re.compile(
        r"""(\b[A-Z][A-Z0-9_]*(?:KEY|TOKEN|SECRET|PASSWORD)["']?\s*[=:]\s*["']?)
        (?!\[redacted\])[A-Za-z0-9_./+~-]{6,}={0,2}(?![A-Za-z0-9_./+~(\[-])""",
        re.VERBOSE,
    ),
    re.compile(
        r"""(\b(?:[a-z0-9_]*api_?key|access_token|auth_token|client_secret|secret_key|password|x-api-key)
        ["']?\s*[=:]\s*["'])(?!\[redacted\])[^"'\s]{6,}(?=["'])""",
        re.VERBOSE | re.IGNORECASE,
    ),
)
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
        self._pattern: re.Pattern[str] | None = None
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
            self._pattern = re.compile("|".join(map(re.escape, self._known)))

    def text(self, text: str) -> str:
        """`text` without secrets."""
        pattern = self._pattern
        if pattern is not None:
            text = pattern.sub(REDACTED, text)
        text = _WHOLE_SHAPES.sub(REDACTED, text)
        for shape in _NAMED_SHAPES:
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
    return match.group(1) + REDACTED


def _spellings(value: str) -> Iterator[str]:
    """How a secret may be written: as it is, inside JSON, inside a URL."""
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    if not any(0xD800 <= ord(character) < 0xE000 for character in value):
        yield quote(value, safe="")
