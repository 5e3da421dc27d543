"""Every specialisation compiles for every supported GPU, and none spills registers or takes more of them than blocks that
are to run at once leave. Needs no GPU."""

import itertools
from functools import cache

import pytest

from benchmarks.assembler.nvrtc import ARCHITECTURES, compile_for
from roikit.kernels import CompilationError
from roikit.kernels.calls.problem import LAYOUTS, MODES, Problem
from roikit.kernels.dialects.roi_align import DIALECTS
from roikit.kernels.execution.source import specialise
from roikit.kernels.operators.roi_align import box_gradient as backward_boxes
from roikit.kernels.operators.roi_align import feature_gradient as backward
from roikit.kernels.operators.roi_align.forward import common_sizes, specialised

pytest.importorskip("cuda.core", reason="NVRTC: pip install 'roikit[nvrtc]'")

VECTORS = {"float16": 8, "bfloat16": 8, "float32": 4, "float64": 2}


MAIN = ("torchvision-aligned", "opencv", "torchvision-python")  # outside zero; maxima of corners; outside clamped
THOROUGH = ("sm_75", "sm_90")  # the architectures that every dialect is compiled for: the oldest, and the one aimed at


facts_of = cache(compile_for)  # modes and layouts share the kernels that sort RoIs into tiles


def specialisations(dtype, mode, layout, architecture):
    """One for each function that the named dialects compute, with both alignments; of the main dialects on most architectures.

    What architectures differ in (registers, instructions) and what dialects differ in (rules) are compiled against each other
    on the oldest and on sm_90 only.
    """
    names = DIALECTS if architecture in THOROUGH else MAIN
    alignments = (False, True) if layout == "NHWC" else (False,)
    for dialect, packed in itertools.product({DIALECTS[name].for_mode(mode): None for name in names}, alignments):
        vector = VECTORS[dtype] if layout == "NHWC" else 1
        yield specialised(dtype, mode, layout, dialect, vector=vector, packed=packed)
    if architecture in THOROUGH:
        for sizes in common_sizes(dtype, mode, layout):
            yield specialised(dtype, mode, layout, DIALECTS[MAIN[0]], vector=vector, packed=packed, sizes=sizes)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", VECTORS)
def test_specialisations_compile_without_spills(dtype, mode, layout, architecture):
    compiled = 0
    for source in specialisations(dtype, mode, layout, architecture):
        facts = compile_for(source, architecture)
        assert facts.spill_bytes == 0, source.text[:500]
        assert facts.stack_bytes == 0, source.text[:500]
        assert facts.registers <= (80 if mode == "avg" and dtype != "float64" and architecture == "sm_90" else 128)
        compiled += 1
    assert compiled >= (7 if architecture in THOROUGH else 2)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("mode", MODES)
def test_gradients_compile_without_spills(mode, layout, architecture):
    """Every data type; the main dialects, and four levels, in float32."""
    options = [(dtype, MAIN[0], 1) for dtype in VECTORS]
    if architecture in THOROUGH:
        options += [("float32", name, 4) for name in MAIN]
    for dtype, name, levels in options:
        problem = Problem(
            dtype, 1, 8, 1, (1,) * levels, (1,) * levels, (1, 1), ((1.0, 1.0),) * levels, (0, 0), mode, layout,
            DIALECTS[name],
        )  # fmt: skip
        for source in (*backward.device_sources(problem), backward_boxes.device_source(problem)):
            facts = facts_of(source, architecture)
            assert facts.spill_bytes == 0, source.text[:500]
            assert facts.stack_bytes == 0, source.text[:500]


def test_kernels_of_one_source_are_told_apart():
    problem = Problem("float32", 1, 8, 1, (1,), (1,), (1, 1), ((1.0, 1.0),), (0, 0), "avg", "NCHW", DIALECTS[MAIN[0]])
    tiles = [source for source in backward.device_sources(problem) if len(source.entries) > 1]
    assert len({source.text for source in tiles}) == 1 < len(tiles)
    assert len({facts_of(source, "sm_90").code_bytes for source in tiles}) == len(tiles)


def test_a_source_that_nvrtc_refuses_is_an_error():
    source = specialise("roi_align/forward.cu", "roi_align_forward", "float32", (("MODE", "nonsense"),))
    with pytest.raises(CompilationError, match="NVRTC did not compile roi_align_forward for sm_90"):
        compile_for(source, "sm_90")
