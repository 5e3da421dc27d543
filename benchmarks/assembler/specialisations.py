"""The kernels of an operator that a GPU may run, and for which architectures each is compiled.

What architectures differ in (registers, instructions) and what dialects differ in (rules) are compiled against each other on the
oldest architecture and on the one aimed at; on the others only the main dialects are.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from roikit.kernels.calls.problem import LAYOUTS
from roikit.kernels.dtypes import C_NAMES
from roikit.kernels.operators import NAMES, sources_of

from .nvrtc import ARCHITECTURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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


_WHAT = {
    "forward": "forward",
    "backward": "gradient",
    "backward_weights": "weights",
    "backward_offset": "offsets",
    "backward_boxes": "boxes",
}
"""What names of kernels call the operations."""


def of_one_mode(operator: str, dialects: Mapping[str, object], main: str, mode: str) -> Iterator[Wanted]:
    """The kernels of an operator in one mode: those of its main dialect in every data type, of the others in float32."""
    known = sources_of(operator)
    for layout, operation in itertools.product(LAYOUTS, known.OPERATIONS):
        of_main = [(dtype, main) for dtype in C_NAMES]
        for dtype, dialect in [*of_main, *(("float32", name) for name in dialects if name != main)]:
            sources = known.sources(operation, dtype, mode, layout, dialects[dialect], on_host=False)
            for number, source in enumerate(sources):
                name = f"{_WHAT[operation]} {dtype} {mode} {layout} {dialect} {number}"
                yield Wanted(name, source, everywhere=dialect == main)


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
