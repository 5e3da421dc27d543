"""What the assembler says of RoIAlign's kernels."""

from __future__ import annotations

import itertools
import math
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from roikit.kernels.dialects.roi_align import DIALECTS
from roikit.kernels.operators.roi_align.forward import common_sizes, device_sources, device_vector

from ...assembler import occupancy
from ...assembler.nvrtc import Facts, disassembled_for
from . import instructions
from .operations import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from roikit.kernels.execution.source import Source

SPECIALISATIONS = ("NCHW float32", "NCHW float16", "NHWC float32", "NHWC float16")

OF_A_ROW = ("shared_bytes", "resident_blocks", "resident_warps", "instructions_per_output")

FACTS = (
    *(field.name for field in fields(Facts)),
    "instructions",
    *(f"{fact}_{row}" for fact, row in itertools.product(OF_A_ROW, instructions.ROWS)),
)


def source_of(specialisation: str) -> Source:
    """The kernel that a GPU call with these maps runs."""
    layout, dtype = specialisation.split()
    return device_sources(dtype, "avg", layout, DIALECTS[Operation.FORWARD.dialect])[
        -1 - len(common_sizes(dtype, "avg", layout))
    ]


def facts_of(specialisation: str, architecture: str) -> dict[str, Any]:
    """The facts of a specialisation for an architecture, by name."""
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


def summary(item: Mapping[str, Any]) -> str:
    """A line that says what matters of the facts of a specialisation; what needs a disassembler is `missing` without one."""
    rows = [fact.rsplit("_", 1)[1] for fact in item if fact.startswith("instructions_per_output_")]
    counts = ", ".join(f"{row} {_or_missing(item[f'instructions_per_output_{row}'])}" for row in rows)
    warps = ", ".join(f"{row} {item[f'resident_warps_{row}']}" for row in rows)
    return (
        f"{item['registers']} registers, {item['spill_bytes']} bytes spilt, resident warps {warps}; instructions per output at "
        f"most {counts} (the common kernel: {instructions.LINEAGE})"
    )


def _or_missing(number: float | None) -> str:
    return "missing" if number is None else f"{number:.0f}"
