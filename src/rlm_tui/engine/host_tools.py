"""Tools that cells call and that run here, outside of the sandbox: built-in ones, and a person's own."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import regex

from rlm_tui.core.task import TaskError
from rlm_tui.core.text import number_of
from rlm_tui.core.tool_names import BUILTIN_TOOLS, tool_name_problem
from rlm_tui.engine.imports import import_object

RESERVED = ("llm_query", "llm_query_batched", "SUBMIT", "print", "dspy")
"""Names that cells have already."""
MOST_MATCHES = 10_000
PATTERN_SECONDS = 5.0


class ToolError(TaskError):
    """A tool that can't be used. The message is one sentence that says what to do."""


def regex_extract(pattern: str, text: str) -> list[str]:
    """What `pattern` matches in `text`: its first group, or all of it; `^` and `$` stand at each line.

    A pattern that takes longer than five seconds is given up; at most 10,000 matches are returned.
    """
    # `regex` and not `re`: a pattern of a model may backtrack without end, and here it can be stopped.
    compiled = regex.compile(pattern, regex.MULTILINE)
    found = []
    for match in compiled.finditer(text, timeout=PATTERN_SECONDS, concurrent=True):
        found.append((match[1] if compiled.groups else match[0]) or "")
        if len(found) == MOST_MATCHES:
            break
    return found


_BUILTIN: dict[str, Callable[..., Any]] = {"regex_extract": regex_extract}
assert set(_BUILTIN) == set(BUILTIN_TOOLS)


def resolve_tools(
    names: Iterable[str], directory: Path | None = None, *, taken: Iterable[str] = ()
) -> list[Callable[..., Any]]:
    """The functions of these names. A person's own are imported, also from `directory` (the working one).

    `taken` are names that no tool may have: a task's inputs. Raises ToolError for one that can't be imported,
    called, or described to a planner.
    """
    found: dict[str, Callable[..., Any]] = {}
    for name in names:
        problem = tool_name_problem(name)
        if problem:
            raise ToolError(problem)
        function = _BUILTIN.get(name) or _imported(name, directory or Path.cwd())
        if (
            function.__name__ in RESERVED
            or function.__name__ in taken
            or not function.__name__.isidentifier()
        ):
            raise ToolError(f"Tool {name}: a tool can't be called {function.__name__}: rename it.")
        if function.__name__ in found:
            raise ToolError(f"Two tools are called {function.__name__}: rename one of them.")
        found[function.__name__] = function
    return list(found.values())


def taking_positions(tool: Callable[..., Any]) -> Callable[..., Any]:
    """`tool`, which takes its arguments by name alone, as its signature says that it takes them."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(tool).parameters.values()
    names = [parameter.name for parameter in parameters if parameter.kind in kinds]

    @functools.wraps(tool)
    def invoke(*args: Any, **kwargs: Any) -> Any:
        if len(args) > len(names):
            takes = number_of(len(names), "argument")
            raise TypeError(f"{tool.__name__}() takes {takes} by position and was given {len(args)}")
        given = dict(zip(names, args, strict=False))
        if twice := given.keys() & kwargs.keys():
            raise TypeError(f"{tool.__name__}() was given {min(twice)!r} twice")
        return tool(**given, **kwargs)

    return invoke


def tool_line(function: Callable[..., Any]) -> str:
    """A tool in one line: how it is called, and how its docstring begins."""
    said = (inspect.getdoc(function) or "").strip().partition("\n")[0]
    signature = inspect.signature(function)
    shown = [
        parameter if parameter.default is parameter.empty else parameter.replace(default=_Hidden())
        for parameter in signature.parameters.values()
    ]
    called = f"{function.__name__}{signature.replace(parameters=shown)}".replace("'", "")
    return f"{called}: {said}"


class _Hidden:
    """Stands for a default value: that may be a key."""

    def __repr__(self) -> str:
        return "…"


def _imported(name: str, directory: Path) -> Callable[..., Any]:
    try:
        function = import_object(name, directory)
    except TaskError as error:
        raise ToolError(f"Tool {error}") from error
    if not inspect.isfunction(function):
        raise ToolError(f"Tool {name} is no function.")
    _check_described(name, function)
    return function


def _check_described(name: str, function: Callable[..., Any]) -> None:
    """The planner knows a tool by its annotations and its docstring alone."""
    if inspect.iscoroutinefunction(function):
        raise ToolError(f"Tool {name} is asynchronous: write it with def, not async def.")
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL):
            raise ToolError(
                f"Tool {name}: its parameter {parameter.name} can't be given by name, as dspy gives it: "
                "write it without / and *."
            )
        if parameter.annotation is inspect.Parameter.empty:
            raise ToolError(
                f"Tool {name}: its parameter {parameter.name} has no annotation: the planner needs its type."
            )
    if not inspect.getdoc(function):
        raise ToolError(f"Tool {name} has no docstring: the planner reads there what it does.")
