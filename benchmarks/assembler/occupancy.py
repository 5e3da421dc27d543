"""How many blocks a multiprocessor has room for at once."""

from __future__ import annotations

from dataclasses import dataclass

WARP = 32
_REGISTERS = 64 * 1024  # of a multiprocessor
_REGISTER_UNIT = 256  # that a warp is given at a time
_WARP_UNIT = 4  # warps of a block, for which registers are set aside together
_SHARED_UNIT = 128


@dataclass(frozen=True, slots=True)
class Limits:
    """What a multiprocessor can hold: warps, blocks, bytes of shared memory; and the bytes of it that each block loses."""

    warps: int
    blocks: int
    shared_bytes: int
    reserved_bytes: int


LIMITS = {
    "sm_75": Limits(32, 16, 64 * 1024, 0),
    "sm_80": Limits(64, 32, 164 * 1024, 1024),
    "sm_86": Limits(48, 16, 100 * 1024, 1024),
    "sm_89": Limits(48, 24, 100 * 1024, 1024),
    "sm_90": Limits(64, 32, 228 * 1024, 1024),
    "sm_100": Limits(64, 32, 228 * 1024, 1024),
    "sm_120": Limits(48, 24, 100 * 1024, 1024),
}
"""From the table "Technical Specifications per Compute Capability" of NVIDIA's CUDA C++ Programming Guide (13.0)."""


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Resident blocks and warps of a multiprocessor."""

    blocks: int
    warps: int


def predict(architecture: str, *, threads: int, registers: int, shared_bytes: int) -> Occupancy:
    """How many blocks of a kernel can be resident at once; none if a single one does not fit.

    Args:
        architecture: One of `LIMITS`.
        threads: Of a block.
        registers: Of a thread.
        shared_bytes: Of a block, static and dynamic.
    """
    limits = LIMITS[architecture]
    warps = -(-threads // WARP)
    per_warp = -(-max(registers, 1) * WARP // _REGISTER_UNIT) * _REGISTER_UNIT
    resident_warps = _REGISTERS // per_warp // _WARP_UNIT * _WARP_UNIT
    shared = -(-shared_bytes // _SHARED_UNIT) * _SHARED_UNIT + limits.reserved_bytes
    by_shared = limits.shared_bytes // shared if shared else limits.blocks
    blocks = min(limits.blocks, limits.warps // warps, resident_warps // warps, by_shared)
    return Occupancy(blocks, blocks * warps)
