"""A task's signature, from text to dspy's, with errors that say where they are."""

from __future__ import annotations

from typing import Any

import dspy

from rlm_tui.core.signature_text import Field, SignatureTextError, parse_signature
from rlm_tui.core.tasks import Task


class SignatureError(ValueError):
    """A signature that dspy does not take. `position` counts characters of its text, from 0."""

    hint = "Write it like: docs, query: str -> modules: list[str], count: int"

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


def build_signature(task: Task) -> Any:
    """The `dspy.Signature` of `task`, with its instructions and the descriptions of its fields.

    Raises SignatureError, which names the field or the place that dspy does not understand.
    """
    try:
        fields = parse_signature(task.signature)
    except SignatureTextError as error:
        raise SignatureError(str(error), error.position) from error
    try:
        signature = dspy.Signature(task.signature, task.instructions or None)
    except Exception as error:
        raise _located(task.signature, (*fields.inputs, *fields.outputs), error) from error
    descriptions = {
        **{item.name: item.description for item in task.inputs},
        **{item.name: item.description for item in task.outputs},
    }
    for name, description in descriptions.items():
        if description:
            signature = signature.with_updated_fields(name, desc=description)
    return signature


def _located(text: str, fields: tuple[Field, ...], error: Exception) -> SignatureError:
    """Which field it was that dspy refused: each is tried alone."""
    for field in fields:
        try:
            dspy.Signature(f"{field.name}: {field.type} -> other_{field.name}")
        except Exception as found:
            return SignatureError(
                f"In the signature {text!r}, dspy can't use the type {field.type!r} of {field.name!r} "
                f"(character {field.position + 1}): {_words(found)}",
                field.position,
            )
    return SignatureError(f"dspy can't use the signature {text!r}: {_words(error)}", 0)


def _words(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
