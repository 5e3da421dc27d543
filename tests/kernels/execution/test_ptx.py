"""What NVRTC makes of the kernels with CuPy's own options, which flush subnormal numbers and let products and sums be fused: all
arithmetic is as it is written, operation by operation, so that a GPU computes what a CPU does. Needs no GPU."""

import re

import pytest

from roikit.conformance import operators
from roikit.kernels.dialects import roi_align, roi_pool
from roikit.kernels.emulation.nvrtc import ptx_of
from roikit.kernels.operators import NAMES, sources_of
from roikit.kernels.operators.roi_align import forward
from tests.kernels.staging.reached import PLANNED_AS

pytest.importorskip("cuda.bindings.nvrtc", reason="NVRTC: pip install 'roikit[nvrtc]'")

_WRITTEN = re.compile(r"// begin inline asm.*?// end inline asm", re.DOTALL)
_INSTRUCTION = re.compile(r"^\s*(?:\{ )?(?:@!?%p\d+ )?([a-z]+(?:\.\w+)+)", re.MULTILINE)
_MOVED = re.compile(
    r"(ld|st|mov|selp)\.|cvt\.rn\.f(32|64)\.[su](32|64)$"
)  # nothing is computed; whole numbers are rounded once
_AS_GOOD = re.compile(r"(add|sub|div\.rn|setp\.\w+|selp|cvt\.rzi\.[su](32|64))\.f64$")
"""What a compiler may choose in double precision, where nothing is flushed: without products nothing is fused."""


def unmeant(ptx):
    """Instructions of floating-point arithmetic that the compiler chose, and all that flush."""
    chosen = set(_INSTRUCTION.findall(_WRITTEN.sub("", ptx)))
    return {name for name in chosen if re.search(r"\.(f16|bf16|f32|f64)\b", name) and not _MOVED.match(name)} | {
        name for name in _INSTRUCTION.findall(ptx) if ".ftz" in name
    }


def is_as_written(source):
    return all(_AS_GOOD.match(name) for name in unmeant(ptx_of(source.text)))


def kernels(operator, operation, mode):
    """Kernels in float32 and, of averages with channels last, in float64, each text once."""
    known = sources_of(operator)
    rules = known.rules(None, aligned=False)
    for dtype, layout in (("float32", "NCHW"), ("float64", "NHWC")) if mode == "avg" else (("float32", "NHWC"),):
        sources = known.sources(operation, dtype, mode, layout, rules, on_host=False)
        yield from {
            one.text: one for one in sources if "ROIKIT_ALIGNED 1" not in one.text and _is_general(one)
        }.values()


def _is_general(source):
    """Whether a kernel is for calls of any size: those for common sizes have the same arithmetic."""
    return not re.search(r"#define ROIKIT_BINS [1-9]", source.text)


@pytest.mark.one_in(6)
@pytest.mark.parametrize(
    ("operator", "operation", "mode"),
    [
        (name, what, mode)
        for name in NAMES
        for what in sources_of(name).OPERATIONS
        for mode in PLANNED_AS.get(name, sorted(operators.get(name).modes))
    ],
)
def test_nothing_is_flushed_and_nothing_fused_that_is_not_written_so(operator, operation, mode):
    found = list(kernels(operator, operation, mode))
    assert found
    assert [source.entry for source in found if not is_as_written(source)] == []


@pytest.mark.parametrize(
    ("dtype", "dialect"), [("float16", "mmcv"), ("bfloat16", "tvm"), ("float32", "chainer"), ("float16", "mnn")]
)
def test_so_it_is_in_every_arithmetic_of_edges(dtype, dialect):
    known = sources_of("roi_pool")
    (source,) = known.sources("forward", dtype, "max", "NCHW", roi_pool.DIALECTS[dialect], on_host=False)
    assert is_as_written(source)


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_so_it_is_where_levels_are_chosen_and_corners_compared(dtype):
    rules = roi_align.DIALECTS["opencv"]
    assert is_as_written(forward.specialised(dtype, "max", "NHWC", rules, vector=4, levels=4))


@pytest.mark.parametrize(
    ("expression", "instruction"),
    [
        ("x[0] * x[1] + x[2]", "fma.rn.ftz.f32"),
        ("x[0] + x[1]", "add.ftz.f32"),
        ("x[0] > x[1] ? 1.0f : 2.0f", "setp.gt.ftz.f32"),
        ("(float)((double)x[0] * y + (double)x[1])", "fma.rn.f64"),
    ],
)
def test_what_a_compiler_does_of_itself_is_seen(expression, instruction):
    found = unmeant(ptx_of(f'extern "C" __global__ void f(float* x, double y) {{ x[0] = {expression}; }}'))
    assert instruction in found
    assert not all(_AS_GOOD.match(name) for name in found)
