"""What the offline demo can't do, said as a failure of a model is."""

from __future__ import annotations

from dspy.utils.exceptions import LMError


class OfflineLimitError(LMError):
    """Not even the plainest value that the demo knows fits an output's type."""

    def __init__(self, refused: str) -> None:
        super().__init__(f"The offline demo has no value that fits the type of an output ({refused}).")
