"""The golden cases of the operators that are asked for: all of them take a second to read, and most need a part, or only ids."""

from __future__ import annotations

import gc
import json
from functools import cache
from importlib.resources import files

from .. import operators
from .case import Case, case_files, cases_of


@cache
def golden_cases(*names: str) -> tuple[Case, ...]:
    """The golden cases of some operators, or of all, in the order of the files and within them."""
    return tuple(case for name in names or operators.NAMES for case in _of(name))


@cache
def golden_ids() -> frozenset[str]:
    """The ids of all golden cases, as the ledger of editions has them."""
    file = files("roikit.conformance").joinpath("editions.json")
    editions: dict[str, dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))
    return frozenset(name for cases in editions.values() for name in cases)


@cache
def _of(name: str) -> tuple[Case, ...]:
    """Those of an operator: very many objects, which stay, so that to look for garbage among them would take most of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        documents = (json.loads(file.read_text(encoding="utf-8")) for file in case_files(name))
        return tuple(case for document in documents for case in cases_of(document))
    finally:
        gc.freeze()  # nor among them later
        if was_enabled:
            gc.enable()
