"""The document that the demos read: dspy's own reference, made from the docstrings and signatures that are
installed.

The sources are parsed and never imported, so it is built in a moment, has no side effects, and comes out the
same each time.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import os
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from rlm_tui.core.content import knowledge_path
from rlm_tui.core.paths import expanded, private_directory

# In reading order: what programs are made of, what tunes them, what both stand on. The rest is inner works.
_PACKAGES = (
    "predict",
    "teleprompt",
    "signatures",
    "primitives",
    "adapters",
    "evaluate",
    "retrievers",
    "streaming",
)
_HEADING = re.compile(r"^(?=#{1,6}\s)", re.MULTILINE)
_LONGEST_SIGNATURE = 400
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class KnowledgeError(OSError):
    """The document can't be built; the message says why."""


def ensure_document(path: Path | str) -> Path:
    """`path`; the built-in document is built first if it is missing or of another dspy. Raises OSError."""
    given = expanded(path).absolute()
    if given == knowledge_path() and not _is_current(given):
        return build_knowledge(given)
    return given


def build_knowledge(target: Path) -> Path:
    """Write the document to `target`, whole or not at all, and give the path back. Raises OSError."""
    text = "\n".join(_document())
    private_directory(target.parent)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def first_line() -> str:
    """What the document of the installed dspy begins with."""
    return f"# DSPy {metadata.version('dspy')} reference"


def _is_current(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.readline().rstrip("\n") == first_line()
    except OSError:
        return False


def _document() -> Iterator[str]:
    root = _dspy_directory()
    yield first_line()
    yield ""
    yield "The docstrings and signatures of its public classes and functions, as they are installed."
    yield ""
    for package in _PACKAGES:
        for path in sorted(
            (root / package).rglob("*.py"), key=lambda path: (path.name != "__init__.py", path)
        ):
            names = path.relative_to(root).with_suffix("").parts
            if not any(_is_inner(name) for name in names):
                yield from _module(path, "dspy." + ".".join(name for name in names if name != "__init__"))


def _is_inner(name: str) -> bool:
    return name.endswith("utils") or (name.startswith("_") and name != "__init__")


def _dspy_directory() -> Path:
    found = importlib.util.find_spec("dspy")
    if found is None or found.origin is None:
        raise KnowledgeError(
            "dspy is not installed, so its documentation can't be built: install rlm-tui again."
        )
    return Path(found.origin).parent


def _module(path: Path, name: str) -> Iterator[str]:
    """A `#` heading for the module and `##` for each public class and function; nothing for a bare module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lines = [line for node in tree.body for line in _definition(node)]
    exported = _exported(tree)
    prose = ast.get_docstring(tree)
    if not (lines or exported or prose):
        return
    yield f"# {name}"
    yield ""
    if prose:
        yield _text(prose)
    if exported:
        yield f"Public names: {', '.join(exported)}."
        yield ""
    yield from lines


def _exported(tree: ast.Module) -> list[str]:
    """What `__all__` lists, where it is a plain list."""
    for node in tree.body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id="__all__")], value=ast.List(elts=items) | ast.Tuple(elts=items)
            ):
                return [str(item.value) for item in items if isinstance(item, ast.Constant)]
    return []


def _definition(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.ClassDef(name=name) if not name.startswith("_"):
            yield from _class(node)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if not name.startswith("_"):
            yield f"## function {name}"
            yield ""
            yield from _function(node, name)


def _class(node: ast.ClassDef) -> Iterator[str]:
    bases = [ast.unparse(base) for base in node.bases]
    yield f"## class {node.name}"
    yield ""
    if bases:
        yield f"{node.name} is a kind of {', '.join(bases)}."
        yield ""
    prose = ast.get_docstring(node)
    if prose:
        yield _text(prose)
    fields = [_field(item) for item in node.body if isinstance(item, ast.AnnAssign)]
    if shown := [field for field in fields if field]:
        yield "Fields:"
        yield ""
        yield from shown
        yield ""
    for item in node.body:
        if isinstance(item, _Function) and item.name == "__init__":
            yield from _function(item, node.name)
        elif isinstance(item, _Function) and not item.name.startswith("_") and ast.get_docstring(item):
            yield f"### {node.name}.{item.name}"
            yield ""
            yield from _function(item, f"{node.name}.{item.name}")


def _field(node: ast.AnnAssign) -> str:
    name = ast.unparse(node.target)
    if name.startswith("_"):
        return ""
    default = "" if node.value is None else f" = {_cut(ast.unparse(node.value))}"
    return f"- `{name}: {_cut(ast.unparse(node.annotation))}{default}`"


def _function(node: _Function, name: str) -> Iterator[str]:
    """The signature as code, then the docstring."""
    arguments = ast.unparse(node.args)
    if node.args.args and node.args.args[0].arg in ("self", "cls"):
        arguments = arguments.partition(",")[2].strip()
    returns = (
        f" -> {ast.unparse(node.returns)}" if node.returns is not None and node.name != "__init__" else ""
    )
    prefix = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    yield f"`{prefix}{name}({_cut(arguments)}){returns}`"
    yield ""
    prose = ast.get_docstring(node)
    if prose:
        yield _text(prose)


def _cut(code: str) -> str:
    code = " ".join(code.split())
    return code if len(code) <= _LONGEST_SIGNATURE else code[:_LONGEST_SIGNATURE] + "…"


def _text(prose: str) -> str:
    """A docstring whose own `#` lines (comments in its examples) are no headings of this document."""
    return _HEADING.sub("    ", inspect.cleandoc(prose)).rstrip() + "\n"
