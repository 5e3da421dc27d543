"""Static facts of RoIAlign's kernels: registers, spills, shared memory, how many blocks a multiprocessor holds, how many
instructions go into an output value."""

from ...assembler.nvrtc import ARCHITECTURES
from ...operators.roi_align.compiled import FACTS, SPECIALISATIONS
from .. import compiled

EVERYWHERE = ("registers", "spill_bytes", "shared_bytes_c1", "resident_warps_c1", "instructions_per_output_c1")
"""The facts that are followed for every architecture; asv starts a process for each number."""


class Compiled(compiled.Compiled):
    params = (EVERYWHERE, SPECIALISATIONS, ARCHITECTURES)

    def setup_cache(self):
        return compiled.measure("roi_align")

    setup_cache.timeout = 600


class CompiledForHopper(Compiled):
    """The other facts, for sm_90."""

    params = (tuple(fact for fact in FACTS if fact not in EVERYWHERE), SPECIALISATIONS, ("sm_90",))
