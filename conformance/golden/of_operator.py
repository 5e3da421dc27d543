"""The two ledgers of an operator, ``ledger.json`` in its folder: of what its cases expect, and of the faults that they notice."""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from .. import operators
from .code import digest_of_code, digest_of_module, imports
from .ledger import Ledger, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from .ledger import Due

EXPECTATIONS, CERTIFICATE = "expectations", "certificate"

_FILE = "ledger.json"
_ELSEWHERE = ("contested", "draws", "explanation", "probes")
"""What an operator has besides oracle and faults: it computes neither what cases expect nor what they notice."""
_SAID = ("title", "operations", "blind", "footprint", "windows")
"""What an operator says of itself besides: likewise."""


def ledgers(operator: str) -> dict[str, Ledger]:
    """Both ledgers of an operator; empty ones where there is no file."""
    file = operators.folder(operator).joinpath(_FILE)
    data = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return {name: Ledger.from_json(data.get(name, {})) for name in (EXPECTATIONS, CERTIFICATE)}


def code_of(operator: str, module: str, *, faults: bool) -> str:
    """A hash of the code by which a module of this package computes something of an operator, by its ``faults`` or without."""
    return digest(
        digest_of_module(_face(operator), without=_ELSEWHERE + _SAID),
        digest_of_code(roots(operator, module, faults=faults)),
    )


def roots(operator: str, module: str, *, faults: bool) -> list[str]:
    """The modules that compute, without those that they import: ``module``, and those that the operator is made of."""
    unused = [_home(operator, name) for name in (*_ELSEWHERE, *(() if faults else ("faults",)))]
    used = (name for name in imports(_face(operator)) if not any(f"{name}.".startswith(f"{one}.") for one in unused))
    return [module, *used]


def _home(operator: str, name: str) -> str:
    return f"{operators.__name__}.{operator}.{name}"


def _face(operator: str) -> str:
    """The module that says what an operator is."""
    return _home(operator, "operator")


def write(folder: Path, operator: str, changed: Mapping[str, Ledger]) -> None:
    """Writes the ledgers of an operator, some of which have changed."""
    data = {name: ledger.to_json() for name, ledger in {**ledgers(operator), **changed}.items()}
    about = "Seals of what was computed; see roikit.conformance.golden.ledger. Written by the commands of that package."
    path = folder / "operators" / operator / _FILE
    path.write_text(json.dumps({"about": about, **data}, indent=1) + "\n", encoding="utf-8")


def compute(due: Due, function: Callable[[Any], Any], arguments: Sequence[Any], what: str) -> dict[str, Any]:
    """Computes what is due, one of ``arguments`` for each of its rows, on all cores, and says how far it is."""
    values: dict[str, Any] = {}
    if not due.rows:
        return values
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        for row, value in zip(due.rows, pool.map(function, arguments, chunksize=2), strict=True):
            values[row.name] = value
            print(f"\r{what}: {len(values)} of {len(due.rows)} computed", end="", file=sys.stderr)  # noqa: T201
    print(file=sys.stderr)  # noqa: T201
    return values
