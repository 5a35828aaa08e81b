"""Looks at what a task is made of while it is typed. Each runs in a thread: it may import dspy and a person's
own modules, which may take seconds.
"""

from __future__ import annotations

from collections.abc import Iterable

from rlm_tui.core.signature_text import SignatureFields, SignatureTextError, names_a_class, parse_signature
from rlm_tui.core.task import TaskError, make_task
from rlm_tui.core.tasks import DOCUMENT_NAMES
from rlm_tui.core.text import one_line
from rlm_tui.ui.widgets.check_line import Finding

_BEFORE, _SHOWN = 30, 50
_PADDING = "\u00a0"
"""Plain blanks at the beginning of a line don't outlive its wrapping."""


def look_at_text(signature: str) -> Finding:
    """What a signature takes and gives, or where and why it can't be read. Imports nothing."""
    if not signature.strip() or names_a_class(signature):
        return Finding("")
    try:
        fields = parse_signature(signature)
    except SignatureTextError as error:
        return Finding(pointed(signature, error.position, error.message), good=False)
    return Finding(_words(fields))


def look_at_signature(signature: str) -> Finding:
    """The same where dspy has a say too: types that it doesn't know, modules that can't be imported."""
    from rlm_tui.engine.signatures import SignatureError, build_signature, task_of_class

    if names_a_class(signature):
        try:
            return look_at_text(task_of_class(signature.strip()).signature)
        except TaskError as error:
            return Finding(one_line(str(error), 300), good=False)
    finding = look_at_text(signature)
    if not finding.good or not finding.words:
        return finding
    try:
        build_signature(make_task(name="own", signature=signature))
    except SignatureError as error:
        return Finding(pointed(signature, error.position, error.why), good=False)
    return finding


def pointed(text: str, position: int, why: str) -> str:
    """The part of a text round `position`, a sign below that place, and why."""
    start = max(0, position - _BEFORE)
    part = one_line(text[start : start + _SHOWN], _SHOWN)
    return f"{part}\n{_PADDING * (position - start)}▲\n{why}"


def look_at_tools(names: Iterable[str], taken: Iterable[str]) -> Finding:
    """How each of the tools is called, or what is wrong with one, in one sentence."""
    from rlm_tui.engine.host_tools import resolve_tools, tool_line

    try:
        found = resolve_tools(names, taken=taken)
    except TaskError as error:
        return Finding(one_line(str(error), 300), good=False)
    return Finding("\n".join(one_line(tool_line(function), 200) for function in found))


def _words(fields: SignatureFields) -> str:
    document = next((field.name for field in fields.inputs if field.name in DOCUMENT_NAMES), "")
    takes = ", ".join(
        f"{field.name} (the document)" if field.name == document else f"{field.name}: {field.type}"
        for field in fields.inputs
    )
    gives = ", ".join(f"{field.name}: {field.type}" for field in fields.outputs)
    return f"takes {takes}\ngives {gives}"
