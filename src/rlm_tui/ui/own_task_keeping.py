"""How a task of one's own is kept: checked as a run would check it, then written."""

from __future__ import annotations

from pathlib import Path

from rlm_tui.core.own_tasks import ENDING, TaskFile, make_own_task, write_task
from rlm_tui.core.signature_text import SignatureTextError, names_a_class
from rlm_tui.core.task import Task, TaskError
from rlm_tui.ui.own_task_fields import file_of_class


def keep_task(name: str, folder: Path, file: TaskFile, before: TaskFile | None, *, overwrite: bool) -> Task:
    """Write `file`, which said `before` until now, to `folder` (in a thread: dspy is imported).

    Raises TaskError for what can't be run, FileExistsError for one that is there and not to be overwritten.
    """
    from rlm_tui.engine.host_tools import resolve_tools
    from rlm_tui.engine.signatures import SignatureError, build_signature, task_of_class

    try:
        if names_a_class(file.signature):
            file = file_of_class(file, task_of_class(file.signature), before)
        task = make_own_task(name, file, folder / f"{name}{ENDING}")
        build_signature(task)
        resolve_tools(task.tools, taken=[item.name for item in task.inputs])
        write_task(name, file, folder, overwrite=overwrite)
    except (SignatureTextError, SignatureError) as error:
        raise TaskError(str(error)) from error
    return task
