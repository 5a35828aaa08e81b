"""Code that a person wrote for a cell: whether it is Python at all, before anything is run."""

from __future__ import annotations

import warnings


class CodeError(ValueError):
    """Code that does not parse. The message says in which line and why; `line` counts from 1."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def check_code(code: str) -> None:
    """Raise CodeError if `code` is not Python. Nothing is run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Not ast.parse: in two threads at once it may fail with a SystemError.
            compile(code, "<cell>", "exec", dont_inherit=True)
    except SyntaxError as error:
        line = f"line {error.lineno}: " if error.lineno else ""
        raise CodeError(f"The code does not parse: {line}{error.msg}.", error.lineno) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise CodeError(f"The code does not parse: {error}.") from None
