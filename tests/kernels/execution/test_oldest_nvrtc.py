"""Kernels compile with the oldest NVRTC that a CuPy for CUDA 12 may bring along, and not with the newest alone.

It is loaded in processes of its own: beside another NVRTC either may be taken for the other, and it sets the locale to C.
"""

import itertools
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from roikit.kernels.dtypes import C_NAMES
from roikit.kernels.execution.device import OPTIONS
from roikit.kernels.operators import NAMES, sources_of

OLDEST = (12, 0)  # of the extra `test`
ARCHITECTURE = "compute_80"
PARTS = [
    (name, operation, dtype, layout)
    for name in NAMES
    for operation, dtype, layout in itertools.product(sources_of(name).OPERATIONS, C_NAMES, ("NCHW", "NHWC"))
]


COMPILE = """
import ctypes, json, sys
library, size = ctypes.CDLL(sys.argv[1]), ctypes.c_size_t()
major, minor, said = ctypes.c_int(), ctypes.c_int(), []
library.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
texts, options = json.load(sys.stdin.buffer)
given = (ctypes.c_char_p * len(options))(*map(str.encode, options))
for text in texts:
    program = ctypes.c_void_p()
    library.nvrtcCreateProgram(ctypes.byref(program), text.encode(), b"kernel.cu", 0, None, None)
    refused = library.nvrtcCompileProgram(program, len(options), given)
    library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    library.nvrtcGetProgramLog(program, log)
    said.append(log.value.decode() if refused else "")
print(json.dumps([[major.value, minor.value], said]))
"""


def what_it_says(*texts):
    """What the compiler says of texts that it refuses; nothing of those that it takes."""
    spec = find_spec("nvidia.cuda_nvrtc") if find_spec("nvidia") else None
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("nvidia-cuda-nvrtc-cu12 is not installed")
    library = Path(spec.submodule_search_locations[0]) / "lib" / "libnvrtc.so.12"
    given = json.dumps([texts, [f"--gpu-architecture={ARCHITECTURE}", *OPTIONS]])
    ran = subprocess.run(
        [sys.executable, "-c", COMPILE, library], input=given, capture_output=True, encoding="utf-8", check=False
    )
    assert ran.returncode == 0, ran.stderr
    version, said = json.loads(ran.stdout)
    assert tuple(version) == OLDEST
    return said


@pytest.mark.one_in(40)
@pytest.mark.parametrize("part", PARTS, ids=" ".join)
def test_kernels_compile_with_the_oldest_compiler(part):
    name, operation, dtype, layout = part
    module = sources_of(name)
    rules = module.rules(None, aligned=True)
    sources = [
        source
        for mode in ("avg", "max")
        for source in module.sources(operation, dtype, mode, layout, rules, on_host=False)
    ]
    assert sources
    assert what_it_says(*(source.text for source in sources[:2])) == [""] * len(sources[:2])


def test_what_the_oldest_compiler_does_not_know_is_refused():
    text = 'extern "C" __global__ void f(int* a) { a[0] = __builtin_constant_p(3); }'
    (said,) = what_it_says(text)
    assert '"__builtin_constant_p" is undefined' in said
