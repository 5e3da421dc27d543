"""CUDA texts of others, without a GPU: templates get their type, arguments arrive, what must not be done ends the process."""

import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from roikit.conformance.adapters._cuda_text import CudaText
from roikit.conformance.commands.cli import app
from roikit.conformance.implementation import registered
from roikit.conformance.peers import places

pytest.importorskip("cuda.bindings.nvrtc")

HEADER = """
#include <cuda.h>
#include <float.h>
inline int twice(const int n) { return 2 * n; }
"""
TEXT = """
#include "helper.hpp"
template <typename T>
__global__ void scaled(const int nthreads, const T* input, T* output, const T factor, const bool negated) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < nthreads) output[twice(i)] = (negated ? -factor : factor) * input[i];
}
"""
SCALED = CudaText(TEXT, {"helper.hpp": HEADER})


def scaled(dtype, count, negated=False, grid=1):
    given = np.arange(1, count + 1, dtype=dtype)
    output = np.zeros(2 * count - 1, dtype)
    arguments = {"nthreads": np.int32(count), "input": given, "output": output, "factor": given.dtype.type(0.1)}
    SCALED.launch("scaled", dtype, grid, (128, 1), {**arguments, "negated": np.bool_(negated)})
    return given, output[::2]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("negated", [False, True])
def test_a_template_is_run_for_a_data_type(dtype, negated):
    given, output = scaled(dtype, 100, negated)
    assert output.tolist() == ((-1 if negated else 1) * given.dtype.type(0.1) * given).tolist()


def test_a_grid_without_blocks_cannot_be_launched():
    with pytest.raises(RuntimeError, match="invalid configuration argument"):
        scaled("float32", 1, grid=0)


def test_an_access_out_of_bounds_ends_the_process_and_is_the_last_that_it_says():
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import numpy as np; import test_cuda_text as of\n"
        "of.SCALED.launch('scaled', 'float32', 1, (4, 1), {'nthreads': np.int32(4), 'input': np.ones(4, np.float32),\n"
        "    'output': np.ones(6, np.float32), 'factor': np.float32(1), 'negated': np.bool_(False)})"
    )
    folder = __file__.rpartition("/")[0]
    done = subprocess.run([sys.executable, "-c", program, folder], capture_output=True, text=True, check=False)
    assert done.returncode < 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("scaled: block (0, 0, 0), thread (3, 0, 0)")
    assert "global write of 4 bytes is out of bounds: " in last


def test_mmcv_pools_as_its_own_numbers_say():
    found = places.find(registered()["mmcv-ptx"])
    if found.state not in ("here", "in its environment"):
        pytest.skip(f"{found.note} not installed: {found.install}")
    done = CliRunner().invoke(app, ["conform", "mmcv-ptx", "--select", "pub-*", "--dtype", "float32", "--jobs", "1"])
    assert done.exit_code == 0, done.output
