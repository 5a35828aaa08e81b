"""A task: a signature as text with what is said to the planner, what is asked of the person, and its
defaults.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from rlm_tui.core.breakpoints import Breakpoint
from rlm_tui.core.events import Budgets
from rlm_tui.core.signature_text import parse_signature, quoted

SandboxChoice = Literal["", "local", "modal"]


class TaskError(ValueError):
    """A task that can't be run as it was asked for. The message is one sentence that says what to do."""


class UnknownTask(TaskError):
    """There is no task of that name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"choose one of {', '.join(known)}."
        super().__init__(f"There is no task named {name!r}: {hint}")
        self.name = name
        self.near = tuple(near)


class TaskInput(Struct, frozen=True):
    """One input of a task. `default` None: it must be given; `document`: a document fills it."""

    name: str
    type: str = "str"
    description: str = ""
    default: str | None = None
    document: bool = False


class TaskOutput(Struct, frozen=True):
    """One output of a task; `type` as it stands in the signature."""

    name: str
    type: str = "str"
    description: str = ""


class Task(Struct, frozen=True):
    """What to run: `signature` as text, `instructions` for the planner, and what a person is shown and asked.

    `default_document` is a content path ("rlm_content/…"); `tools` are the names of host tools.
    `signature_class` ("module:Class") is the `dspy.Signature` that `signature` was written from. `lm`,
    `sub_lm` (names of models) and `sandbox` are what it wants to be run with, "" what is configured;
    `breakpoints` are those of a person who kept no others for it. `file` is the TOML file of a task of one's
    own.
    """

    name: str
    title: str
    signature: str
    instructions: str = ""
    inputs: tuple[TaskInput, ...] = ()
    outputs: tuple[TaskOutput, ...] = ()
    document_input: str | None = None
    default_document: str | None = None
    blurb: str = ""
    watch_for: str = ""
    budgets: Budgets = Budgets()
    tools: tuple[str, ...] = ()
    signature_class: str = ""
    lm: str = ""
    sub_lm: str = ""
    sandbox: SandboxChoice = ""
    breakpoints: tuple[Breakpoint, ...] = ()
    file: str = ""

    def input(self, name: str) -> TaskInput | None:
        """The input of that name."""
        return next((item for item in self.inputs if item.name == name), None)


def make_task(
    *,
    name: str,
    signature: str,
    title: str = "",
    instructions: str = "",
    descriptions: Mapping[str, str] = {},
    defaults: Mapping[str, str] = {},
    document_input: str | None = None,
    default_document: str | None = None,
    blurb: str = "",
    watch_for: str = "",
    budgets: Budgets | None = None,
    tools: tuple[str, ...] = (),
    lm: str = "",
    sub_lm: str = "",
    sandbox: SandboxChoice = "",
    breakpoints: tuple[Breakpoint, ...] = (),
    file: str = "",
) -> Task:
    """A task whose inputs and outputs are read from its signature.

    Raises SignatureTextError, or TaskError for a name in the other arguments that the signature doesn't have.
    """
    fields = parse_signature(signature)
    inputs = {field.name for field in fields.inputs}
    names = inputs | {field.name for field in fields.outputs}
    documents = {document_input} if document_input else set()
    for role, given, known in (
        ("description", set(descriptions), names),
        ("default", set(defaults), inputs),
        ("document_input", documents, inputs),
    ):
        if unknown := sorted(given - known):
            raise TaskError(
                f"Task {name}: {role} names {unknown[0]!r}, which its signature {quoted(signature)} "
                "doesn't have"
            )
    return Task(
        name=name,
        title=title or name.replace("_", " ").replace("-", " ").capitalize(),
        signature=signature,
        instructions=instructions,
        inputs=tuple(
            TaskInput(
                name=field.name,
                type=field.type,
                description=descriptions.get(field.name, ""),
                default=defaults.get(field.name),
                document=field.name == document_input,
            )
            for field in fields.inputs
        ),
        outputs=tuple(
            TaskOutput(name=field.name, type=field.type, description=descriptions.get(field.name, ""))
            for field in fields.outputs
        ),
        document_input=document_input,
        default_document=default_document,
        blurb=blurb,
        watch_for=watch_for,
        budgets=budgets or Budgets(),
        tools=tools,
        lm=lm,
        sub_lm=sub_lm,
        sandbox=sandbox,
        breakpoints=breakpoints,
        file=file,
    )
