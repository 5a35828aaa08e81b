"""Text that arrives in crumbs: joined to pieces for the log, without a secret being cut in two by a seam."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rlm_tui.core.text import Redactor

# What a Redactor knows by shape begins with one of these: the last word waits while it may become one.
_BEGINNINGS = (
    "sk-", "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "hf_", "hf-", "gsk_",
    "gsk-", "xai-", "xai_", "r8_", "r8-", "dapi-", "dapi_", "nvapi-", "nvapi_", "pplx-", "pplx_", "AIza",
    "ak-", "as-", "xox", "glpat-", "eyJ", "Bearer", "bearer", "-----BEGIN", "http://", "https://",
)  # fmt: skip
_LAST_WORD = re.compile(r"[A-Za-z0-9_:/-]{1,16}\Z")
# And once it has become one, all of it waits for its end.
_UNFINISHED = re.compile(
    r"""(?:
      (?<![A-Za-z0-9])(?:sk-|A(?:KIA|SIA)|gh[pousr]_|github_pat_|(?:hf|gsk|xai|r8|dapi|nvapi|pplx)[_-]|AIza|a[ks]-
        |xox[a-z]-|glpat-|eyJ)[^\s"']{0,600}
    | \b[Bb]earer\s+[^\s"']{0,600}
    | \b[a-z][a-z0-9+.-]*://[^\s/@]{0,300}
    | \b[A-Z][A-Z0-9_]{0,60}
    | \b\w{0,40}(?:KEY|TOKEN|SECRET|PASSWORD|key|token|secret|password)["']?\s?(?:[=:]\s?["']?[^\s"']{0,600})?
    )\Z""",
    re.VERBOSE,
)
_WINDOW = 700
_BEGIN, _END, _LONGEST_BLOCK = "-----BEGIN", "-----END", 9_000


def held_back(text: str, secrets: tuple[str, ...]) -> int:
    """How many characters at the end of `text` may begin a secret, and have to wait for the rest."""
    longest = 0
    for secret in secrets:
        for length in range(min(len(secret) - 1, len(text)), longest, -1):
            if text.endswith(secret[:length]):
                longest = length
                break
    word = _LAST_WORD.search(text, max(0, len(text) - 16))
    if word is not None:
        last = word.group()
        longest = max(
            longest,
            *(
                size
                for size in range(1, len(last) + 1)
                if any(b.startswith(last[-size:]) for b in _BEGINNINGS)
            ),
            0,
        )
    unfinished = _UNFINISHED.search(text, max(0, len(text) - _WINDOW))
    if unfinished is not None:
        longest = max(longest, len(text) - unfinished.start())
    block = text.rfind(_BEGIN, max(0, len(text) - _LONGEST_BLOCK))
    if block >= 0 and _END not in text[block:]:
        longest = max(longest, len(text) - block)
    return len(text) - _outside_secrets(text, len(text) - longest, secrets)


def _outside_secrets(text: str, cut: int, secrets: tuple[str, ...]) -> int:
    """`cut`, or the beginning of a whole secret that it would divide (one may end as it begins)."""
    for secret in secrets:
        found = text.find(secret, max(0, cut - len(secret) + 1), cut + len(secret) - 1)
        if 0 <= found < cut:
            return _outside_secrets(text, found, secrets)
    return cut


@dataclass
class TextStream:
    """The pieces of one text. `take()` gives what may be told now, redacted; `take(last=True)` all of it."""

    redactor: Redactor
    secrets: tuple[str, ...] = ()
    _pieces: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        self._pieces.append(text)

    def take(self, *, last: bool = False) -> str:
        text = "".join(self._pieces)
        kept = 0 if last else held_back(text, self.secrets)
        self._pieces = [text[len(text) - kept :]] if kept else []
        return self.redactor.text(text[: len(text) - kept] if kept else text)
