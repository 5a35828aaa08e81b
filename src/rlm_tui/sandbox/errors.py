"""What can go wrong with a sandbox, as dspy's `CodeInterpreterError`: each of these ends the run.

What a cell does wrong is no such error: dspy's `CodeExecutionError` and `SyntaxError` go back to the planner.
"""

from __future__ import annotations

from dspy.primitives.code_interpreter import CodeInterpreterError


class SandboxError(CodeInterpreterError):
    """The sandbox can't do what was asked. `hint` says what the person can do, where there is something."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class SandboxStartError(SandboxError):
    """No sandbox came up; the message has the words of what failed."""


class SandboxLostError(SandboxError):
    """The sandbox ended while it was needed; its variables are gone."""


class SandboxProtocolError(SandboxLostError):
    """The sandbox sent what is no frame; it was ended. The message names the frame."""


class ExecutionCancelledError(SandboxError):
    """The session was cancelled while a cell ran."""
