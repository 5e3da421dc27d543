"""Where an implementation would run: in this process's environment if what it requires is there, otherwise in its own."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..implementation import missing_requirements
from . import environments

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


@dataclass(frozen=True, slots=True)
class Place:
    """Where an implementation would run.

    Attributes:
        state: In words: ``"here"``, ``"in its environment"``, ``"absent"`` or ``"broken"``.
        python: The interpreter.
        bare: Whether that is one of an environment of its own (see `process.Target`).
        note: What is missing, what is broken, or which environment it is.
        install: What to type to have it; empty if it is there.
    """

    state: str
    python: str = sys.executable
    bare: bool = False
    note: str = ""
    install: str = ""


def find(point: EntryPoint) -> Place:
    """Where a registered implementation would run. Its module is imported, its library is not."""
    try:
        adapter: Any = getattr(importlib.import_module(point.module), point.attr)
    except Exception as error:  # noqa: BLE001 - a broken plug-in must not hide the others
        return Place("broken", note=f"{type(error).__name__}: {error}")
    missing = missing_requirements(adapter)
    if not missing:
        return Place("here")
    environment = environments.of_implementation(point.name)
    if environment is None:
        return Place("absent", note=", ".join(missing), install=adapter.install)
    if environment.state().is_usable:
        return Place("in its environment", str(environment.python), bare=True, note=environment.name)
    return Place("absent", note=", ".join(missing), install=f"roikit peers install {environment.name}")
