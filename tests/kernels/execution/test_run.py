"""Arrays go to a kernel by name, and only those that its signature has."""

import numpy as np
import pytest

from roikit.kernels.dialects.roi_align import DIALECTS
from roikit.kernels.execution import host
from roikit.kernels.execution.launch import Launch
from roikit.kernels.execution.run import run
from roikit.kernels.operators.roi_align.forward import specialised

ARRAYS = {
    "boxes": np.zeros((1, 5), np.float32),
    "number_of_rois": None,
    "output": np.zeros((1, 1, 1, 1), np.float16),
    "workspace": None,
    "status": np.zeros(1, np.int64),
}


@pytest.fixture
def passed(monkeypatch):
    """Runs a launch with these arrays, one level; what its kernel would be passed."""
    source = specialised("float16", "avg", "NCHW", DIALECTS["torchvision"], vector=4)
    fields = {name: np.zeros(source.params[name].shape) for name in source.params.names if name != "maps"}
    launch, seen = Launch.of(source, (1, 1, 1), (1, 1), 0, fields), []
    monkeypatch.setattr(host, "run", lambda launch, addresses, threads: seen.append((addresses, threads)))

    def addresses(arrays):
        run(np, launch, arrays, [np.zeros(1, np.float16)], threads=3)
        return seen[-1]

    return addresses


def test_arrays_are_passed_in_the_order_of_the_signature_whatever_their_own(passed):
    addresses, threads = passed(dict(reversed(ARRAYS.items())))
    assert addresses[:5] == [0 if array is None else array.ctypes.data for array in ARRAYS.values()]
    assert (len(addresses), threads) == (6, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        ARRAYS | {"boxes": np.zeros((1, 5), np.float16)},
        {name: array for name, array in ARRAYS.items() if name != "status"},
        {("state" if name == "status" else name): array for name, array in ARRAYS.items()},
        ARRAYS | {"more": None},
    ],
)
def test_wrong_arrays_are_refused(passed, wrong):
    with pytest.raises(TypeError, match=r"roi_align_forward takes .*'boxes': 'float32'"):
        passed(wrong)
