"""The code that computes something, as a hash: some modules, and all modules of this project that they import.

Comments, docstrings, layout and what is imported for types alone do not count, for they compute nothing. Nor does the version of
Python: it parses the same text into the same tree.
"""

from __future__ import annotations

import ast
import hashlib
from copy import deepcopy
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_WINGS = ("roikit.kernels", "roikit.conformance", "benchmarks")
NAMES = ("roikit.conformance.operators", "roikit.conformance.operation", "roikit.kernels.dialects.choices")
"""Modules that only name things: operators, operations, choices. A new name changes nothing of the others."""
_SILENT = {"ctx", "kind", "type_comment"}  # fields of a tree that say nothing which other fields do not say


def digest_of_code(modules: Iterable[str]) -> str:
    """A hash of modules (``"roikit.conformance.golden.adequacy"``) and of all that they import from this project."""
    return _digest({name: _normalised(name) for name in closure(modules)})


def digest_of_module(module: str, *, without: Collection[str] = ()) -> str:
    """A hash of a module alone, ``without`` arguments of these names, and imports from modules of these names."""
    tree = _Without(without).visit(deepcopy(_tree(module))) if without else _tree(module)
    return _digest({module: _plain(tree)})


class _Without(ast.NodeTransformer):
    """Takes arguments and imports out of a tree."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def visit_keyword(self, node: ast.keyword) -> ast.AST | None:
        return None if node.arg in self._names else self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        is_inner = node.level == 1 and node.module is not None
        return None if is_inner and str(node.module).split(".")[0] in self._names else node


def _digest(texts: Mapping[str, str]) -> str:
    hashed = hashlib.sha256()
    for name, text in texts.items():
        hashed.update(f"{name}\0{text}\0".encode())
    return hashed.hexdigest()[:16]


def closure(modules: Iterable[str]) -> list[str]:
    """Names of modules and of all that they import from this project, in order."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found and name not in NAMES:
            found.add(name)
            waiting += imports(name)
    return sorted(found)


@cache
def _file(module: str) -> Path | None:
    """The file of a module of this project; None if there is no such module. Nothing is imported to find it."""
    wing = next((wing for wing in _WINGS if f"{module}.".startswith(f"{wing}.")), None)
    spec = find_spec(wing) if wing else None
    if wing is None or spec is None or spec.origin is None:
        return None
    place = Path(spec.origin).parent.joinpath(*module.split(".")[wing.count(".") + 1 :])
    return next((file for file in (place.with_name(f"{place.name}.py"), place / "__init__.py") if file.is_file()), None)


@cache
def _tree(module: str) -> ast.Module:
    file = _file(module)
    if file is None:
        raise ModuleNotFoundError(f"this project has no module {module}")
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def imports(module: str) -> tuple[str, ...]:
    """The modules of this project that one imports anywhere, or takes names from, but not for types alone."""
    file = _file(module)
    here = module.split(".") if file and file.name == "__init__.py" else module.split(".")[:-1]
    found = []
    for node in _computing(_tree(module)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = here[: len(here) - node.level + 1] if node.level else []
            base = ".".join([*package, *(node.module or "").split(".")]).rstrip(".")
            found += [inner if _file(inner := f"{base}.{alias.name}") else base for alias in node.names]
    return tuple(name for name in dict.fromkeys(found) if _file(name))


def _computing(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a tree, without what stands under ``if TYPE_CHECKING``."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not _is_for_types(child):
            yield from _computing(child)


def _is_for_types(node: ast.AST) -> bool:
    """Whether a node is a branch that is taken by type checkers alone."""
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
        and not node.orelse
    )


@cache
def _normalised(module: str) -> str:
    """What a module says, without what computes nothing."""
    return _plain(_tree(module))


def _plain(value: object) -> str:
    """A part of a tree as text that does not depend on the version of Python: empty fields, new in some, are left out."""
    if isinstance(value, list):
        return f"[{','.join(_plain(item) for item in value if not _is_idle(item))}]"
    if not isinstance(value, ast.AST):
        return repr(value)
    fields = (
        f"{name}={_plain(field)}"
        for name, field in ast.iter_fields(value)
        if name not in _SILENT and field is not None and field != []
    )
    return f"{type(value).__name__}({','.join(fields)})"


def _is_idle(node: object) -> bool:
    """Whether a statement is a docstring, or for types alone."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return isinstance(node, ast.AST) and _is_for_types(node)
