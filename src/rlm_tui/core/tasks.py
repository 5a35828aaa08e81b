"""The tasks that can be chosen, built-in and the person's own; the door to everything about tasks."""

from __future__ import annotations

from collections.abc import Iterable

from rlm_tui.core.builtin_tasks import builtin_tasks
from rlm_tui.core.task import Task, TaskError, TaskInput, TaskOutput, UnknownTask, make_task
from rlm_tui.core.task_inputs import MissingInput, UnknownInput, WrongInput, bind_inputs

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
    "make_task",
]


class TaskRegistry:
    """The tasks there are: the built-in ones, and what is registered over them."""

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
