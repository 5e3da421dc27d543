"""Every kernel of RoIPool compiles for every supported GPU, and none spills registers. Needs no GPU."""

import pytest

from benchmarks.assembler.nvrtc import ARCHITECTURES, compile_for
from roikit.kernels.calls.problem import LAYOUTS, MODES
from roikit.kernels.dialects.choices import BinEdges
from roikit.kernels.dialects.roi_pool import DIALECTS, Dialect
from roikit.kernels.dtypes import C_NAMES
from roikit.kernels.operators.roi_pool.sources import OPERATIONS, sources

pytest.importorskip("cuda.core", reason="NVRTC: pip install 'roikit[nvrtc]'")

THOROUGH = "sm_90"  # the architecture that every dialect is compiled for, in float32
EVERY = (*DIALECTS.values(), *(Dialect(edges=edges) for edges in BinEdges))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("mode", MODES)
def test_kernels_compile_without_spills(mode, layout, architecture):
    wanted = [(dtype, DIALECTS["roikit"]) for dtype in C_NAMES]
    if architecture == THOROUGH:
        wanted += [("float32", rules) for rules in {rules.for_mode(mode): None for rules in EVERY}]
    found = {}
    for dtype, rules in wanted:
        for operation in OPERATIONS:
            needed = sources(operation, dtype, mode, layout, rules, on_host=False)
            found |= {(source.entry, source.text): source for source in needed}
    assert len(found) >= 14
    for source in found.values():
        facts = compile_for(source, architecture)
        assert facts.spill_bytes == 0, source.text[:500]
        assert facts.stack_bytes == 0, source.text[:500]
        assert facts.registers <= 128
