"""Kernels compile with the oldest NVRTC that a CuPy for CUDA 12 may bring along, and not with the newest alone."""

import ctypes
import itertools
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from roikit.kernels.dtypes import C_NAMES
from roikit.kernels.execution.device import OPTIONS
from roikit.kernels.operators import NAMES

OLDEST = (12, 0)  # of the extra `test`
ARCHITECTURE = "compute_80"
PARTS = [
    (name, operation, dtype, layout)
    for name in NAMES
    for operation, dtype, layout in itertools.product(
        import_module(f"roikit.kernels.operators.{name}.sources").OPERATIONS, C_NAMES, ("NCHW", "NHWC")
    )
]


@pytest.fixture(scope="module")
def library():
    spec = find_spec("nvidia.cuda_nvrtc") if find_spec("nvidia") else None
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("nvidia-cuda-nvrtc-cu12 is not installed")
    folder = Path(spec.submodule_search_locations[0]) / "lib"
    loaded = ctypes.CDLL(str(folder / "libnvrtc.so.12"))
    major, minor = ctypes.c_int(), ctypes.c_int()
    loaded.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
    assert (major.value, minor.value) == OLDEST
    return loaded


def what_it_says(library, text, *options):
    """What the compiler says of a text that it refuses; nothing of one that it takes."""
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    given = (ctypes.c_char_p * len(options))(*map(str.encode, options))
    library.nvrtcCreateProgram(ctypes.byref(program), text.encode(), b"kernel.cu", 0, None, None)
    refused = library.nvrtcCompileProgram(program, len(options), given)
    library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    library.nvrtcGetProgramLog(program, log)
    library.nvrtcDestroyProgram(ctypes.byref(program))
    return log.value.decode() if refused else ""


@pytest.mark.one_in(12)
@pytest.mark.parametrize("part", PARTS, ids=" ".join)
def test_kernels_compile_with_the_oldest_compiler(library, part):
    name, operation, dtype, layout = part
    module = import_module(f"roikit.kernels.operators.{name}.sources")
    rules = module.rules(None, aligned=True)
    sources = [
        source
        for mode in ("avg", "max")
        for source in module.sources(operation, dtype, mode, layout, rules, on_host=False)
    ]
    assert sources
    for source in sources[:2]:
        assert what_it_says(library, source.text, f"--gpu-architecture={ARCHITECTURE}", *OPTIONS) == ""


def test_what_the_oldest_compiler_does_not_know_is_refused(library):
    text = 'extern "C" __global__ void f(int* a) { a[0] = __builtin_constant_p(3); }'
    said = what_it_says(library, text, f"--gpu-architecture={ARCHITECTURE}", *OPTIONS)
    assert '"__builtin_constant_p" is undefined' in said
