"""What the assembler says of an operator's kernels, for every architecture."""

from __future__ import annotations

import itertools
import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ..measuring import machine
from .nvrtc import ARCHITECTURES

if TYPE_CHECKING:
    from ..operator import Assembled


def facts(assembled: Assembled, deadline: float = math.inf) -> list[dict[str, Any]]:
    """The facts of each specialisation and architecture, compiled on all cores.

    What is not begun by the ``deadline`` of `time.monotonic` is left out.
    """

    def facts_of(specialisation: str, architecture: str) -> dict[str, Any] | None:
        if time.monotonic() > deadline:
            return None
        known = {"specialisation": specialisation, "architecture": architecture}
        return known | assembled.of(specialisation, architecture)

    pairs = itertools.product(assembled.specialisations, ARCHITECTURES)
    with ThreadPoolExecutor(machine.cores()) as pool:  # the compiler and the disassembler run outside Python
        found = list(pool.map(facts_of, *zip(*pairs, strict=True)))
    return [item for item in found if item is not None]
