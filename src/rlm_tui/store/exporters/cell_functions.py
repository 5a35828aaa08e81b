"""The helpers that a sandbox gives to cells, cut out of the driver's text for where there is no driver."""

from __future__ import annotations

import ast
from functools import cache

from rlm_tui.core.content import driver_source

ROOT = "make_helpers"


@cache
def cell_functions() -> str:
    """Code that defines the helpers and all that they use, and puts them in the namespace."""
    text = driver_source()
    defined: dict[str, ast.stmt] = {}
    for node in ast.parse(text).body:
        for name in _names_of(node):
            defined[name] = node
    wanted: dict[int, ast.stmt] = {}
    waiting = [ROOT]
    while waiting:
        found = defined.get(waiting.pop())
        if found is None or found.lineno in wanted:
            continue
        wanted[found.lineno] = found
        waiting += [node.id for node in ast.walk(found) if isinstance(node, ast.Name)]
    parts = [ast.get_source_segment(text, wanted[line]) or "" for line in sorted(wanted)]
    imports = [part for part in parts if part.startswith(("import ", "from "))]
    others = [part for part in parts if part not in imports]
    head = "from __future__ import annotations\n" + "\n".join(imports)
    return "\n\n\n".join([head, *others, f'globals().update({ROOT}("volume"))\n'])


def _names_of(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return [(alias.asname or alias.name).partition(".")[0] for alias in names]
        case _:
            return []
