"""What can be wrong with settings."""

from __future__ import annotations


class SettingsError(ValueError):
    """A setting that can't be used. `field` as in "lm.max_tokens", `source` where it was written.

    The message is one sentence that names both; `hint` says what to write.
    """

    def __init__(self, field: str, source: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.source = source
        self.message = message
        self.hint = hint
