"""The tasks that can be chosen, built-in and the person's own; the door to everything about tasks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from rlm_tui.core.builtin_tasks import builtin_tasks
from rlm_tui.core.own_tasks import ENDING, read_task, read_tasks
from rlm_tui.core.signature_text import parse_signature
from rlm_tui.core.task import Task, TaskError, TaskInput, TaskOutput, UnknownTask, make_task
from rlm_tui.core.task_inputs import MissingInput, UnknownInput, WrongInput, bind_inputs
from rlm_tui.core.tool_names import tool_name_problem

DOCUMENT_NAMES = ("docs", "document", "text", "logs", "context", "transcript", "article", "book")
__all__ = [
    "MissingInput",
    "Task",
    "TaskError",
    "TaskInput",
    "TaskOutput",
    "TaskRegistry",
    "UnknownInput",
    "UnknownTask",
    "WrongInput",
    "bind_inputs",
    "builtin_tasks",
    "find_task",
    "make_task",
    "with_more",
]


def find_task(asked: str, registry: TaskRegistry) -> Task:
    """The task that is asked for: by name, as a TOML file, or as a signature ("docs, query -> answer").

    The first input of a signature that is named like a text is filled by a document. Raises TaskError or
    SignatureTextError.
    """
    if "->" in asked:
        names = [field.name for field in parse_signature(asked).inputs]
        document = next((name for name in names if name in DOCUMENT_NAMES), None)
        return make_task(name="own", signature=asked, document_input=document)
    return read_task(Path(asked)) if asked.endswith(ENDING) else registry.get(asked)


def with_more(task: Task, tools: Iterable[str], instructions: str) -> Task:
    """The task with more tools, and with more said to its planner. Raises TaskError."""
    added = tuple(tool for tool in dict.fromkeys(tools) if tool not in task.tools)
    for tool in added:
        if problem := tool_name_problem(tool):
            raise TaskError(problem)
    said = f"{task.instructions}\n\n{instructions}".strip()
    return msgspec.structs.replace(task, tools=(*task.tools, *added), instructions=said)


class TaskRegistry:
    """The tasks there are: the built-in ones, and what is registered over them.

    `problems` are sentences about task files that can't be used.
    """

    problems: tuple[str, ...] = ()

    @classmethod
    def with_own(cls, directory: Path | None = None) -> TaskRegistry:
        """The built-in tasks and a person's own, from the config and the project in `directory`."""
        registry = cls()
        found, problems = read_tasks(Path.cwd() if directory is None else directory)
        for task in found:
            registry.register(task)
        registry.problems = tuple(str(problem) for problem in problems)
        return registry

    def __init__(self, tasks: Iterable[Task] | None = None) -> None:
        self._tasks = {task.name: task for task in (builtin_tasks() if tasks is None else tasks)}

    def get(self, name: str) -> Task:
        """The task of that name. Raises UnknownTask, which names near ones."""
        try:
            return self._tasks[name]
        except KeyError:
            raise UnknownTask(name, self._tasks) from None

    def all(self) -> tuple[Task, ...]:
        """Every task, in the order in which they were registered."""
        return tuple(self._tasks.values())

    def register(self, task: Task) -> None:
        """Add a task, or replace the one of its name."""
        self._tasks[task.name] = task
