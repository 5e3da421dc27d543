"""What the assembler says of each specialisation of our kernels."""

from __future__ import annotations

import itertools
import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from roikit.kernels.dialects.roi_align import DIALECTS
from roikit.kernels.operators.roi_align.forward import common_sizes, device_sources, device_vector

from ..measuring import machine
from ..operators.roi_align.reference.output import DIALECT
from . import instructions, occupancy
from .nvrtc import ARCHITECTURES, Facts, disassembled_for

if TYPE_CHECKING:
    from roikit.kernels.execution.source import Source

SPECIALISATIONS = ("NCHW float32", "NCHW float16", "NHWC float32", "NHWC float16")

OF_A_ROW = ("shared_bytes", "resident_blocks", "resident_warps", "instructions_per_output")

FACTS = (
    *(field.name for field in fields(Facts)),
    "instructions",
    *(f"{fact}_{row}" for fact, row in itertools.product(OF_A_ROW, instructions.ROWS)),
)


def source_of(specialisation: str) -> Source:
    """Returns the kernel that a GPU call with these maps runs."""
    layout, dtype = specialisation.split()
    return device_sources(dtype, "avg", layout, DIALECTS[DIALECT])[-1 - len(common_sizes(dtype, "avg", layout))]


def facts(deadline: float = math.inf) -> list[dict[str, Any]]:
    """Returns the facts of each specialisation and architecture, compiled on all cores.

    What is not begun by the ``deadline`` of `time.monotonic` is left out.
    """

    def facts_of(specialisation: str, architecture: str) -> dict[str, Any] | None:
        if time.monotonic() > deadline:
            return None
        known = {"specialisation": specialisation, "architecture": architecture}
        return known | _facts_of(specialisation, architecture)

    with ThreadPoolExecutor(machine.cores()) as pool:  # the compiler and the disassembler run outside Python
        found = list(pool.map(facts_of, *zip(*itertools.product(SPECIALISATIONS, ARCHITECTURES), strict=True)))
    return [item for item in found if item is not None]


def _facts_of(specialisation: str, architecture: str) -> dict[str, Any]:
    layout, dtype = specialisation.split()
    source, vector = source_of(specialisation), device_vector(dtype, layout)
    compiled = disassembled_for(source, architecture)
    found: dict[str, Any] = asdict(compiled.facts)
    found["instructions"] = None if compiled.code is None else len(compiled.code.instructions)
    for name, row in instructions.ROWS.items():
        launch = instructions.launch_of(row, layout, dtype, vector)
        shared = compiled.facts.static_shared_bytes + launch.memory
        threads = math.prod(launch.block)
        resident = occupancy.predict(
            architecture, threads=threads, registers=compiled.facts.registers, shared_bytes=shared
        )
        found[f"shared_bytes_{name}"] = shared
        found[f"resident_blocks_{name}"], found[f"resident_warps_{name}"] = resident.blocks, resident.warps
        found[f"instructions_per_output_{name}"] = (
            None
            if compiled.code is None
            else round(instructions.per_output(compiled.code, source.text, row, layout, dtype, vector), 1)
        )
    return found
