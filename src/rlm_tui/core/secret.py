"""A secret that shows itself only to who asks for its value."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """A key or a token: printed, formatted or logged it is `***`; it can be neither encoded nor pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    @property
    def value(self) -> str:
        """The secret itself, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, specification: str) -> str:
        return format("***", specification)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memory: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret can't be pickled")
