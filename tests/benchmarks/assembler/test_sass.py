"""Counts of instructions, on code of which they are known by hand, and on a disassembly if there is a disassembler."""

from itertools import pairwise

import numpy as np
import pytest

from benchmarks.assembler import nvrtc, sass
from roikit.kernels import CompilationError
from roikit.kernels.execution.source import Source


def listing(body, entry="k"):
    rows = [f"//------- .text.{entry} ------", f"{entry}:"]
    address = 0
    for row in map(str.strip, body.strip().splitlines()):
        if row.endswith(":") or row.startswith("//##"):
            rows.append(row)
        else:
            rows.append(f"        /*{address:04x}*/   {row} ;")
            address += 16
    return "\n".join(rows)


def at(line, *callers):
    chain = [line, *callers]
    rows = [f'//## File "f", line {here} inlined at "f", line {caller}' for here, caller in pairwise(chain)]
    return "\n".join([*rows, f'//## File "f", line {chain[-1]}'])


LOOPS = f"""
MOV R1, R2
.L_outer:
IADD3 R1, R1, 1, RZ
.L_inner:
FFMA R3, R3, R4, R5
FFMA R3, R3, R4, R5
{at(7, 3)}
@!P0 BRA `(.L_inner)
IADD3 R1, R1, 1, RZ
{at(2)}
@P1 BRA `(.L_outer)
EXIT
BRA `(.L_outer)
NOP
"""


def test_nested_loops():
    code = sass.parse(listing(LOOPS), "k")
    assert code.instructions[4].lines == (7, 3)
    trips = {(2,): 5, (7, 3): 3}
    assert sass.executed(code, lambda loops: trips[loops[-1]]) == 2 + 5 * (1 + 3 * 3 + 2)


def test_the_longer_way_counts_and_slow_paths_of_divisions_do_not():
    body = """
    @P0 BRA `(.L_else)
    MOV R1, R2
    MOV R1, R2
    BRA `(.L_end)
    .L_else:
    CALL.REL.NOINC `($__cuda_div_slowpath)
    .L_end:
    CALL.REL.NOINC `($square)
    EXIT
    $square:
    FMUL R1, R1, R1
    RET.REL.NODEC R2 `(k)
    $__cuda_div_slowpath:
    MOV R1, R2
    MOV R1, R2
    MOV R1, R2
    MOV R1, R2
    RET.REL.NODEC R2 `(k)
    """
    assert sass.executed(sass.parse(listing(body), "k"), lambda loops: 1) == 1 + 3 + 1 + 2 + 1


def test_a_loop_that_tests_first_does_so_once_more():
    body = f"""
    .L_head:
    ISETP.GE P0, R1, R2
    @P0 BRA `(.L_out)
    IADD3 R1, R1, 1, RZ
    {at(2)}
    BRA `(.L_head)
    .L_out:
    EXIT
    """
    assert sass.executed(sass.parse(listing(body), "k"), lambda loops: 10) == 10 * 4 + 2 + 1


def test_bsync_goes_where_its_bssy_says():
    body = """
    BSSY B0, `(.L_joined)
    @P0 BRA `(.L_skip)
    MOV R1, R2
    .L_skip:
    BSYNC B0
    MOV R9, R9
    MOV R9, R9
    .L_joined:
    EXIT
    """
    assert sass.executed(sass.parse(listing(body), "k"), lambda loops: 1) == 5


def test_what_is_not_known_is_an_error():
    with pytest.raises(ValueError, match="no kernel other"):
        sass.parse(listing("EXIT"), "other")
    with pytest.raises(ValueError, match="indirect branch"):
        sass.executed(sass.parse(listing("BRX R2 -0x10"), "k"), lambda loops: 1)


TINY = """
extern "C" __global__ void tiny(float* to, const float* from, int n, int m) {
    __shared__ float kept[64];
    float sum = 0.0f;
#pragma unroll 1
    for (int i = 0; i < n; ++i) {
#pragma unroll 1
        for (int j = 0; j < m; ++j) sum = __fmaf_rn(from[j], from[i], sum);
    }
    kept[threadIdx.x] = sum;
    __syncthreads();
    to[threadIdx.x] = kept[63 - threadIdx.x];
}
"""


@pytest.fixture(scope="module")
def tiny():
    pytest.importorskip("cuda.core", reason="NVRTC: pip install 'roikit[nvrtc]'")
    if sass.disassembler() is None:
        pytest.skip("no nvdisasm: pip install nvidia-cuda-nvdisasm")
    return nvrtc.disassembled_for(Source("tiny", TINY, (), np.dtype([]), ("tiny",)), "sm_90")


def test_a_tiny_kernel(tiny):
    """Its inner loop must add, on each trip, exactly the instructions that stand in the listing between label and branch."""
    assert tiny.facts.static_shared_bytes == 64 * 4
    assert 16 * len(tiny.code.instructions) <= tiny.facts.code_bytes

    def count(n, m):
        def trips(loops):
            line = sass.text_of(loops[-1], TINY)[0]
            return n if "i < n" in line else m if "j < m" in line else pytest.fail(line)

        return sass.executed(tiny.code, trips)

    # Two branches go back; between their labels and themselves stand the bodies, the inner within the outer.
    bodies = sorted(
        index - tiny.code.labels[instruction.target] + 1
        for index, instruction in enumerate(tiny.code.instructions)
        if instruction.name == "BRA" and tiny.code.labels[instruction.target] < index and instruction.conditional
    )
    assert len(bodies) == 2
    assert count(1, 2) - count(1, 1) == bodies[0]
    assert count(1, 50) - count(1, 1) == 49 * bodies[0]
    assert count(2, 1) - count(1, 1) == bodies[1]
    assert count(7, 3) - count(1, 1) == 6 * bodies[1] + (7 * 3 - 7) * bodies[0]
    ops = [instruction.name for instruction in tiny.code.instructions]
    assert ops.count("FFMA") == 1
    assert ops.count("STS") == ops.count("LDS") == ops.count("BAR") == 1


def test_the_size_of_code_is_that_of_the_kernel():
    pytest.importorskip("cuda.core", reason="NVRTC: pip install 'roikit[nvrtc]'")
    with pytest.raises(CompilationError, match="NVRTC said nothing about absent"):
        nvrtc.compile_for(Source("absent", "", (), np.dtype([]), ("absent",)), "sm_90")
