"""Static facts of the kernels for each architecture: registers, spills, shared memory, how many blocks a multiprocessor holds,
how many instructions go into an output value.

Needs no GPU, only NVRTC (``pip install '.[nvrtc]'``). Without a disassembler what comes from instructions is None.
"""

from __future__ import annotations

from importlib.util import find_spec

from ..assembler.facts import FACTS, SPECIALISATIONS, facts
from ..assembler.nvrtc import ARCHITECTURES

EVERYWHERE = ("registers", "spill_bytes", "shared_bytes_c1", "resident_warps_c1", "instructions_per_output_c1")
"""The facts that are followed for every architecture; asv starts a process for each number."""


class Compiled:
    """A series for each fact, specialisation and architecture; all are compiled once, on all cores."""

    params = (EVERYWHERE, SPECIALISATIONS, ARCHITECTURES)
    param_names = ("fact", "specialisation", "architecture")
    unit = "count or bytes"

    def setup_cache(self):
        if find_spec("cuda") is None or find_spec("cuda.core") is None:
            return {}
        return {(item["specialisation"], item["architecture"]): item for item in facts()}

    setup_cache.timeout = 600

    def setup(self, cache, fact, specialisation, architecture):
        if not cache:
            raise NotImplementedError("cuda-core is not installed")
        if cache[specialisation, architecture][fact] is None:
            raise NotImplementedError("nvdisasm is not installed")

    def track_fact(self, cache, fact, specialisation, architecture):
        return cache[specialisation, architecture][fact]


class CompiledForHopper(Compiled):
    """The other facts, for sm_90."""

    params = (tuple(fact for fact in FACTS if fact not in EVERYWHERE), SPECIALISATIONS, ("sm_90",))
