"""The kernels of an operator that a GPU may run, and for which architectures each is compiled.

What architectures differ in (registers, instructions) and what dialects differ in (rules) are compiled against each other on the
oldest architecture and on the one aimed at; on the others only the main dialects are.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from roikit.kernels.operators import NAMES

from .nvrtc import ARCHITECTURES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from roikit.kernels.execution.source import Source

THOROUGH = ("sm_75", "sm_90")
"""The architectures that every dialect is compiled for."""


class Wanted(NamedTuple):
    """A kernel that is to be compiled: what it computes, in words; its source; for all architectures or the thorough ones."""

    name: str
    source: Source
    everywhere: bool


@dataclass(frozen=True, slots=True)
class Specialisation:
    """A source of kernels, what it is called, and the architectures that it is compiled for."""

    name: str
    source: Source
    architectures: tuple[str, ...]


def specialisations(operator: str) -> list[Specialisation]:
    """All kernels of an operator, each text once, under the name that comes first."""
    module: Any = import_module(f"benchmarks.operators.{operator}.specialisations")
    return _each_once(module.wanted())


def everyone() -> dict[str, list[Specialisation]]:
    """All kernels of all operators."""
    return {operator: specialisations(operator) for operator in NAMES}


def _each_once(wanted: Iterable[Wanted]) -> list[Specialisation]:
    named: dict[str, Specialisation] = {}
    for name, source, everywhere in wanted:
        known = named.get(source.text)
        more = everywhere or (known is not None and known.architectures == ARCHITECTURES)
        named[source.text] = Specialisation(known.name if known else name, source, ARCHITECTURES if more else THOROUGH)
    return list(named.values())
