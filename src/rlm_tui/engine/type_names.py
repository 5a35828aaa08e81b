"""The names in a type as it is written in a signature: known ones, and a person's own as `module.Class`."""

from __future__ import annotations

import ast
import builtins
import difflib
import sys
import typing
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from rlm_tui.core.task import TaskError
from rlm_tui.engine.imports import import_object

_BUILTINS = ("int", "str", "float", "bool", "list", "tuple", "dict", "set", "frozenset", "complex", "bytes",
             "bytearray", "None", "NoneType")  # fmt: skip
_TYPING = tuple(name for name in typing.__all__ if name[0].isupper())


def type_problem(text: str, directory: Path) -> str:
    """Why a name in the type can't be used, in one sentence; "" if all can.

    The modules that it names are imported, also from `directory`, so that dspy finds them. dspy would import
    any bare word as a module; here a bare word has to be a type that is known.
    """
    try:
        nodes = _names(ast.parse(text, mode="eval").body)
    except (RecursionError, MemoryError):
        return "it is nested too deeply"
    for node in nodes:
        if isinstance(node, ast.Attribute):
            module, _, attribute = ast.unparse(node).rpartition(".")
            if problem := _own_problem(module, attribute, directory):
                return problem
        elif isinstance(node, ast.Name) and node.id not in (*_BUILTINS, *_TYPING):
            return _unknown(node.id)
    return ""


def named_modules(types: Iterable[str]) -> dict[str, ModuleType]:
    """The modules that these types name, imported before, by the word that each begins with."""
    nodes = [node for text in types for node in _names(ast.parse(text, mode="eval").body)]
    roots = {ast.unparse(node).partition(".")[0] for node in nodes if isinstance(node, ast.Attribute)}
    return {root: sys.modules[root] for root in roots if root in sys.modules}


def _names(node: ast.AST) -> list[ast.AST]:
    """The outermost names in a type; what stands in a Literal or in a call's arguments are values."""
    if isinstance(node, ast.Name | ast.Attribute):
        return [node]
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) in ("Literal", "typing.Literal"):
        return []
    if isinstance(node, ast.Call):
        return []
    return [name for child in ast.iter_child_nodes(node) for name in _names(child)]


def _own_problem(module: str, attribute: str, directory: Path) -> str:
    try:
        import_object(f"{module}:{attribute}", directory)
    except TaskError as error:
        # A class in a class is named like one in a module.
        outer, _, inner = module.rpartition(".")
        if outer and hasattr(_found(outer, inner, directory), attribute):
            return ""
        return str(error).replace(f"{module}:{attribute}", f"{module}.{attribute}", 1).rstrip(".")
    return ""


def _found(module: str, attribute: str, directory: Path) -> object | None:
    try:
        return typing.cast("object", import_object(f"{module}:{attribute}", directory))
    except TaskError:
        return None


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, (*_BUILTINS, *_TYPING), n=1, cutoff=0.6)
    if near:
        return f"there is no type {name}: did you mean {near[0]}?"
    kind = "a function" if hasattr(builtins, name) else "unknown"
    return f"{name} is {kind}: write a type of your own as module.{name}"
