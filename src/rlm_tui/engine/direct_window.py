"""How much of a document one prompt may hold. No dspy here: a screen says it before a run."""

from __future__ import annotations

from typing import Literal

import msgspec

from rlm_tui.core.settings import Settings
from rlm_tui.core.text import number_of

CHARACTERS_A_TOKEN = 3
"""A cautious plan: prose has about four, logs and tables fewer than three."""
OFFLINE_CHARACTERS_A_TOKEN = 4
"""What the offline demo counts."""
PROMPT_TOKENS = 2_000
"""What a prompt needs beside the document and the answer: instructions, fields."""
ANSWER_TOKENS = 4_000
"""Kept for the answer of a model whose settings don't say how long one may be."""
LEAST_WINDOW_TOKENS = 3_000
UNKNOWN_WINDOW_TOKENS = 128_000
OFFLINE_WINDOW_TOKENS = 8_000

Source = Literal["asked", "model", "demo", "guess"]
_WORDS: dict[Source, str] = {
    "asked": "as it was asked for",
    "model": "the model's own",
    "demo": "the offline demo's",
    "guess": "a guess: this model's own is not known",
}


def set_head(name: str) -> str:
    """What stands before one text of a set, so that the model can name it. It is no part of the document."""
    return f"===== {name} =====\n"


class WindowError(ValueError):
    """A window that no prompt can have. The message is one sentence that says what to write."""


class Window(msgspec.Struct, frozen=True):
    """The tokens that one prompt may have, and who says so."""

    tokens: int
    source: Source = "asked"
    characters_a_token: int = CHARACTERS_A_TOKEN
    answer_tokens: int = ANSWER_TOKENS

    @property
    def words(self) -> str:
        """Whose number it is."""
        return _WORDS[self.source]

    def room(self, documents: int = 1) -> int:
        """How many characters of each of so many documents fit; at most a quarter is kept for the answer."""
        tokens = self.tokens - PROMPT_TOKENS - min(self.answer_tokens, self.tokens // 4)
        return max(0, tokens) * self.characters_a_token // max(1, documents)


def model_window(settings: Settings) -> Window:
    """The window of the planner's model. May import LiteLLM, which takes seconds."""
    if settings.lm is None:
        return asked_window(settings, OFFLINE_WINDOW_TOKENS, "demo")
    try:
        import rlm_tui.lm.models  # noqa: F401 - keeps LiteLLM from fetching its table from the web

        import litellm  # isort: skip

        tokens = litellm.get_model_info(settings.lm.model)["max_input_tokens"]
    except Exception:
        # The table knows hosted models only, and raises bare errors for others.
        tokens = None
    if not tokens:
        return asked_window(settings, UNKNOWN_WINDOW_TOKENS, "guess")
    return asked_window(settings, int(tokens), "model")


def asked_window(settings: Settings, tokens: int, source: Source = "asked") -> Window:
    """A window of so many tokens for the planner's model."""
    if settings.lm is None:
        # What the demo answers is short, and is none of its window.
        return Window(tokens, source, OFFLINE_CHARACTERS_A_TOKEN, 0)
    return Window(tokens, source, answer_tokens=settings.lm.max_tokens or ANSWER_TOKENS)


def written_window(text: str) -> int:
    """The tokens of the window that a person wrote, as in 8000 or 8,000. Raises WindowError."""
    digits = text.strip().replace(",", "").replace("_", "").replace(" ", "")
    if not digits.isdecimal():
        raise WindowError("The window is a number of tokens: write one, as in 8,000.")
    if int(digits) < LEAST_WINDOW_TOKENS:
        least, beside = number_of(LEAST_WINDOW_TOKENS, "token"), f"{PROMPT_TOKENS:,}"
        raise WindowError(
            f"The window needs at least {least}: {beside} of them are for what is not the document."
        )
    return int(digits)
