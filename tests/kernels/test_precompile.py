"""After `precompile` a call has nothing left to compile."""

import sys

import numpy as np
import pytest

from roikit.kernels import precompile, roi_align, roi_align_backward, roi_align_backward_boxes
from roikit.kernels.dialects.choices import Max
from roikit.kernels.dialects.roi_align import DIALECTS
from roikit.kernels.execution import device, host
from roikit.kernels.operators.roi_align.forward import device_sources, host_source
from roikit.kernels.operators.roi_align.problem import resolve_dialect

BOXES = np.array([[0, 0, 0, 2, 2]], np.float32)


@pytest.fixture
def compilers(monkeypatch, tmp_path):
    """An empty cache; yields the compiler runs so far."""
    runs = []
    run = host._run_compiler
    monkeypatch.setattr(host, "cache_directory", lambda: tmp_path)
    monkeypatch.setattr(host, "_run_compiler", lambda *command: (runs.append(command), run(*command))[1])
    host._kernel.cache_clear()
    host._load.cache_clear()
    yield runs
    host._kernel.cache_clear()
    host._load.cache_clear()


def test_a_call_after_it_starts_no_compiler(compilers):
    assert precompile(layouts=["NHWC"], dialects=[None, "onnx-16"], modes=["max"], aligned=True) == len(compilers) > 0
    before = len(compilers)
    x = np.ones((1, 4, 4, 1), np.float32)
    roi_align(x, BOXES, 1, mode="max", layout="NHWC", aligned=True)
    roi_align(x, BOXES, 1, mode="max", layout="NHWC", dialect="onnx-16")
    assert len(compilers) == before
    roi_align(x, BOXES, 1, mode="avg", layout="NHWC", aligned=True)
    assert len(compilers) == before + 1, "the count counts nothing"


@pytest.mark.parametrize("mode", ["avg", "max"])
def test_gradients_can_be_compiled_ahead_too(compilers, mode):
    assert precompile(layouts=["NHWC"], modes=[mode], operations=["backward", "backward_boxes"]) >= 5
    before = len(compilers)
    assert before == 3  # the kernels of a source are compiled together
    x, grad = np.ones((1, 4, 4, 1), np.float32), np.ones((1, 1, 1, 1), np.float32)
    how = {"mode": mode, "layout": "NHWC"}
    roi_align_backward(grad, BOXES, x.shape, **how, input=x)
    roi_align_backward_boxes(grad, x, BOXES, **how)
    assert len(compilers) == before
    x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    roi_align_backward(grad, BOXES, x.shape, mode=mode, layout="NCHW", input=x)
    assert len(compilers) == before + 1, "the count counts nothing"


def test_dialects_share_what_is_compiled_for_a_cpu(compilers):
    assert precompile(layouts=["NHWC"], dialects=DIALECTS) == len(compilers) == 1
    assert precompile(layouts=["NHWC"], dialects=DIALECTS, modes=["max"]) == len(Max)
    assert len(compilers) == 1 + len(Max)


def test_on_a_gpu_every_kernel_that_a_call_may_choose_is_compiled(monkeypatch):
    compiled = []

    class Kernel:
        def __init__(self, source):
            self.source = source

        def compile(self):
            compiled.append(self.source)

    cupy = type(sys)("cupy")
    monkeypatch.setattr(device, "_kernel", Kernel)
    assert (
        precompile(cupy, dtypes=["float16", "float64"]) == 18
    )  # float16: 5 of sizes, aligned or not where channels are last
    rules = resolve_dialect(None, aligned=False)
    for dtype in ("float16", "float64"):
        for layout in ("NCHW", "NHWC"):
            assert set(device_sources(dtype, "avg", layout, rules)) <= set(compiled)
    assert host_source("float16", "avg", "NCHW", rules) not in compiled


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtypes": ["int8"]}, "dtypes must be one of 'float16'"),
        ({"modes": "avg"}, "modes must be one of 'avg', 'max', 'lp', 'softmax', not 'a'"),
        ({"layouts": ["CHWN"]}, "layouts must be one of"),
        ({"operators": ["roi_aling"]}, "operators must be one of 'roi_align'"),
        ({"operations": ["sideways"]}, "operations must be one of 'forward', 'backward', 'backward_boxes'"),
        ({"dialects": ["torchvison"]}, "no dialect of roi_align is called 'torchvison'"),
    ],
)
def test_a_wrong_option_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        precompile(**options)


def test_a_module_of_other_arrays_is_refused():
    with pytest.raises(TypeError, match="xp must be the module numpy or cupy, not sys"):
        precompile(sys)


def test_by_default_it_is_for_a_call_by_default(compilers):
    precompile(layouts=["NCHW"])
    before = len(compilers)
    roi_align(np.ones((1, 1, 4, 4), np.float32), BOXES, 1)
    assert len(compilers) == before == 1
