"""A command for each task with its inputs as flags: `run-basic --question …`, as the notebook's project had
them. They are made from the same tasks as `rlm-tui run TASK`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from rlm_tui.commands import options
from rlm_tui.commands.run import Check, run_task
from rlm_tui.core.task import Task

DOCUMENT = "docs_path"
CHARACTERS = "chars"
_SHORTENED = ("trajectory", "custom-tool")
"""The tasks whose document may be given in part: `--chars N`."""
_SETTINGS: dict[str, tuple[str, Any]] = {
    "lm": ("lm", options.PlannerModel),
    "sub_lm": ("sub_lm", options.SubModel),
    "sandbox": ("sandbox", options.SandboxKind),
    "max_iterations": ("max_iterations", options.MaxIterations),
    "max_llm_calls": ("max_llm_calls", options.MaxLLMCalls),
    "timeout": ("cell_seconds", options.CellSeconds),
    "volume_name": (
        "volume",
        Annotated[str | None, typer.Option(help="The volume at /data.", metavar="NAME")],
    ),
    "secret_name": (
        "modal.secret",
        Annotated[str | None, typer.Option(help="The secret at Modal.", metavar="NAME")],
    ),
}


def add_run_commands(app: typer.Typer, tasks: tuple[Task, ...]) -> None:
    """Add `run-<task>` for each of these."""
    for task in tasks:
        app.command(f"run-{task.name}", help=f"{task.title}: `rlm-tui run {task.name}` with flags.")(
            _command(task)
        )


def _command(task: Task) -> Callable[..., None]:
    asked = {item.name.lower(): item for item in task.inputs if not item.document}

    def command(**given: Any) -> None:
        inputs = [f"{item.name}={given[name]}" for name, item in asked.items() if given[name] is not None]
        overrides = {setting: given[name] for name, (setting, _) in _SETTINGS.items()}
        run_task(
            task.name,
            given.get(DOCUMENT) or [],
            inputs,
            options.given(**overrides),
            check=given["check"],
            as_json=given["as_json"],
            characters=given.get(CHARACTERS),
            hold=given["hold"],
            breakpoints=given["breakpoint"] or [],
        )

    parameters: list[tuple[str, Any, Any]] = [
        (name, Annotated[str | None, typer.Option(help=item.description)], item.default)
        for name, item in asked.items()
    ]
    if task.document_input is not None:
        path = Annotated[
            list[str] | None,
            typer.Option(help="What to read; may be given several times.", metavar="PATH"),
        ]
        default = [task.default_document] if task.default_document else None
        parameters.append((DOCUMENT, path, default))
    if task.name in _SHORTENED:
        characters = Annotated[
            int | None, typer.Option(help="Only so many characters of its beginning.", min=1, metavar="N")
        ]
        parameters.append((CHARACTERS, characters, None))
    parameters += [(name, annotation, None) for name, (_, annotation) in _SETTINGS.items()]
    parameters += [("hold", options.Hold, False), ("breakpoint", options.Breakpoints, None)]
    parameters += [("check", Check, False), ("as_json", options.AsJson, False)]
    signature = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, annotation, default in parameters
    ]
    # Typer reads a command's options off its signature.
    command.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]
    command.__annotations__ = {name: annotation for name, annotation, _ in parameters}
    return command
