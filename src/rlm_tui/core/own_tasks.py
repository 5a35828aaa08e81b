"""Tasks of a person's own: one TOML file each, in the person's config or in a project's folder.

Sharing one is copying its file.
"""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from rlm_tui.core.breakpoints import Breakpoint, BreakpointError, parse_breakpoint
from rlm_tui.core.events import Budgets
from rlm_tui.core.paths import config_directory
from rlm_tui.core.signature_text import SignatureTextError, names_a_class
from rlm_tui.core.task import SandboxChoice, Task, TaskError, make_task
from rlm_tui.core.task_keys import model_name_problem, refuse_keys
from rlm_tui.core.text import one_line
from rlm_tui.core.tool_names import tool_name_problem

PROJECT_FOLDER = ".rlm-tui/tasks"
ENDING = ".toml"
LARGEST_BYTES = 1_000_000
_NAME = r"[a-z0-9][a-z0-9_-]{0,59}"


class TaskFileError(TaskError):
    """A task's file that can't be used. The message names the file and what is wrong in it."""


class TaskBudgets(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The limits of a task; they hold where nobody set others."""

    max_iterations: Annotated[int, Meta(ge=1)] = Budgets().max_iterations
    max_llm_calls: Annotated[int, Meta(ge=0)] = Budgets().max_llm_calls
    cell_seconds: Annotated[float, Meta(gt=0, le=1e9)] | None = None
    max_seconds: Annotated[float, Meta(gt=0, le=1e9)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_cost_usd: Annotated[float, Meta(ge=0, le=1e9)] | None = None


class TaskFile(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a task's file may say. Only `signature` must be there; the file's name is the task's.

    `signature_class` ("module:Class") is the `dspy.Signature` that `signature` was written from, and that a
    run uses. `lm` and `sub_lm` are names of models, as in "openai/gpt-5-mini"; keys and addresses have no
    place here. `breakpoints` are lines as in "iteration=3".
    """

    signature: str
    signature_class: str = ""
    title: str = ""
    instructions: str = ""
    blurb: str = ""
    watch_for: str = ""
    document_input: str | None = None
    default_document: str | None = None
    tools: tuple[str, ...] = ()
    defaults: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    lm: str = ""
    sub_lm: str = ""
    sandbox: SandboxChoice = ""
    breakpoints: tuple[str, ...] = ()
    budgets: TaskBudgets | None = None


def task_folders(directory: Path) -> tuple[Path, ...]:
    """Where tasks are looked for: the person's config, then the project's folder, which wins."""
    return config_directory() / "tasks", directory / PROJECT_FOLDER


def read_tasks(directory: Path) -> tuple[list[Task], list[TaskFileError]]:
    """The tasks in all folders, and what is wrong with those that can't be used."""
    tasks: list[Task] = []
    problems: list[TaskFileError] = []
    for folder in task_folders(directory):
        for path in _files(folder):
            try:
                tasks.append(read_task(path))
            except TaskFileError as error:
                problems.append(error)
    return tasks, problems


def read_task(path: Path) -> Task:
    """The task that a file describes. Raises TaskFileError."""
    return read_task_file(path)[0]


def read_task_file(path: Path) -> tuple[Task, TaskFile]:
    """The task that a file describes, and what the file says. Raises TaskFileError."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise TaskFileError(f"{path} is too large for a task's file.")
        written = tomllib.loads(path.read_text(encoding="utf-8"))
        refuse_keys(written)
        file = msgspec.convert(written, TaskFile)
        return _task(path.name.removesuffix(ENDING), file, path), file
    except TaskFileError:
        raise
    except FileNotFoundError:
        raise TaskFileError(f"There is no task file {path}.") from None
    except OSError as error:
        raise TaskFileError(f"{path} can't be read: {error.strerror or error}.") from error
    except (RecursionError, MemoryError) as error:
        raise TaskFileError(f"{path} is no task that can be run: it is nested too deeply.") from error
    except (ValueError, SignatureTextError) as error:
        raise TaskFileError(f"{path} is no task that can be run: {error}") from error


def make_own_task(name: str, file: TaskFile, path: Path | None = None) -> Task:
    """The task of this name. Raises TaskError or SignatureTextError for what can't be run."""
    return _task(name, file, path)


def delete_task(path: Path) -> None:
    """Remove a task's file; one that is gone already is no error. Raises TaskFileError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise TaskFileError(f"{path} can't be deleted: {error.strerror or error}.") from error


def write_task(name: str, file: TaskFile, folder: Path, *, overwrite: bool = False) -> Path:
    """Keep a task as a file, whole or not at all. Raises TaskError, TaskFileError, FileExistsError."""
    _task(name, file)
    path = folder / f"{name}{ENDING}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        staged = path.with_name(f".{name}.{secrets.token_hex(8)}.part")
        try:
            staged.write_text(_toml(msgspec.to_builtins(file)), encoding="utf-8")
            if overwrite:
                os.replace(staged, path)  # noqa: PTH105
            else:
                _publish(staged, path)
        finally:
            staged.unlink(missing_ok=True)
    except FileExistsError:
        raise
    except OSError as error:
        raise TaskFileError(f"{path} can't be written: {error.strerror or error}.") from error
    return path


def _publish(staged: Path, path: Path) -> None:
    """Give a file its name where nothing has it yet, at the same time for all processes."""
    try:
        os.link(staged, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(f"{path} is there already") from None
        os.replace(staged, path)  # noqa: PTH105


def _task(name: str, file: TaskFile, path: Path | None = None) -> Task:
    if not re.fullmatch(_NAME, name):
        raise TaskError(f"{name!r} is no name for a task: write small letters, digits and dashes.")
    for tool in file.tools:
        if problem := tool_name_problem(tool):
            raise TaskError(problem)
    for role, model in (("lm", file.lm), ("sub_lm", file.sub_lm)):
        if problem := model_name_problem(role, model):
            raise TaskError(problem)
    if file.signature_class and not names_a_class(file.signature_class):
        raise TaskError(f"signature_class is {file.signature_class!r}: write it as module:Class.")
    budgets = None if file.budgets is None else Budgets(**msgspec.structs.asdict(file.budgets))
    task = make_task(
        name=name,
        signature=file.signature,
        title=file.title,
        instructions=file.instructions,
        descriptions=file.descriptions,
        defaults=file.defaults,
        document_input=file.document_input,
        default_document=file.default_document,
        blurb=file.blurb,
        watch_for=file.watch_for,
        budgets=budgets,
        tools=file.tools,
        lm=file.lm.strip(),
        sub_lm=file.sub_lm.strip(),
        sandbox=file.sandbox,
        breakpoints=_breakpoints(file.breakpoints),
        file="" if path is None else str(path.absolute()),
    )
    return msgspec.structs.replace(task, signature_class=file.signature_class)


def _breakpoints(lines: tuple[str, ...]) -> tuple[Breakpoint, ...]:
    found = []
    for line in lines:
        try:
            found.append(parse_breakpoint(line))
        except BreakpointError as error:
            raise TaskError(f"breakpoints has {one_line(line, 60)!r}: {error}") from error
    return tuple(found)


def _files(folder: Path) -> Iterator[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if path.name.endswith(ENDING) and path.is_file())
    except OSError:
        return
    yield from (path for path in found if not path.name.startswith("."))


def _toml(written: dict[str, Any]) -> str:
    """TOML of plain values: texts, numbers, lists of texts, and tables of them after the rest."""
    plain = [f"{name} = {_value(value)}" for name, value in written.items() if not isinstance(value, dict)]
    tables = [
        f"\n[{table}]\n" + "\n".join(f"{_value(name)} = {_value(item)}" for name, item in value.items())
        for table, value in written.items()
        if isinstance(value, dict)
    ]
    return "\n".join([*plain, *tables]) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, str):
        # JSON's escapes are TOML's; only DEL must be escaped in TOML and need not be in JSON.
        return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
