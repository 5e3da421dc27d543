"""Every wrong argument ends in an exception that names it."""

import enum

import numpy as np
import pytest

from roikit.kernels import (
    Dialect,
    InvalidRoiError,
    roi_align,
    roi_align_backward,
    roi_align_backward_boxes,
    roi_pool,
    roi_pool_backward,
)
from roikit.kernels.dialects.choices import Offset

X = np.zeros((2, 3, 7, 8), np.float32)
B = np.array([[0, 1, 1, 5, 5]], np.float32)


def read_only():
    out = np.empty((1, 3, 2, 2), np.float32)
    out.flags.writeable = False
    return out


def unaligned():
    return np.zeros(12 * 4 + 1, np.uint8)[1:].view(np.float32).reshape(1, 3, 2, 2)


def overlapping():
    memory = np.zeros(X.size + 12, np.float32)
    return {"input": memory[: X.size].reshape(X.shape), "out": memory[6:18].reshape(1, 3, 2, 2)}


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"input": X.tolist()}, TypeError, "input must be a NumPy or a CuPy array, not builtins.list"),
        ({"input": X[0]}, ValueError, "input must have 4 dimensions, not shape (3, 7, 8)"),
        ({"input": X.astype(np.int32)}, TypeError, "input has data type int32"),
        ({"input": X.astype(">f4")}, TypeError, "input is in foreign byte order"),
        ({"input": X[:, :, :0]}, ValueError, "input has no pixels"),
        ({"boxes": B[:, :4]}, ValueError, "boxes must have shape (K, 5)"),
        ({"boxes": B[0]}, ValueError, "boxes must have shape (K, 5)"),
        ({"boxes": B.astype(np.float64)}, TypeError, "boxes has data type float64"),
        ({"boxes": B.astype(np.int64)}, TypeError, "boxes has data type int64"),
        ({"boxes": "all"}, TypeError, "boxes must be a NumPy or a CuPy array"),
        ({"boxes": [B[:, 1:]]}, ValueError, "boxes is a list of 1 arrays, but input has N = 2"),
        ({"boxes": [B[:, 1:]] * 3}, ValueError, "boxes is a list of 3 arrays, but input has N = 2"),
        ({"boxes": [B[:, 1:], B]}, ValueError, "boxes[1] must have shape (L, 4)"),
        ({"boxes": [B[:, 1:], [[1, 2, 3, 4]]]}, TypeError, "boxes[1] must be a NumPy or a CuPy array"),
        ({"boxes": [B[:, 1:], B[:, 1:].astype(np.float64)]}, TypeError, "boxes[1] has data type float64"),
        ({"output_size": -1}, ValueError, "output_size must not be negative"),
        ({"output_size": (2**16, 2**16)}, ValueError, "output_size must not be negative, nor 2**31"),
        ({"output_size": 2.0}, TypeError, "output_size must be an integer"),
        ({"output_size": True}, TypeError, "output_size must be an integer"),
        ({"output_size": (1, 2, 3)}, ValueError, "output_size must be one number or a (height, width) pair"),
        ({"spatial_scale": 0}, ValueError, "spatial_scale must be finite and greater than 0"),
        ({"spatial_scale": -0.5}, ValueError, "spatial_scale must be finite and greater than 0"),
        ({"spatial_scale": float("nan")}, ValueError, "spatial_scale must be finite and greater than 0"),
        ({"spatial_scale": None}, TypeError, "spatial_scale must be a number"),
        ({"spatial_scale": "0.5"}, TypeError, "spatial_scale must be a number"),
        ({"spatial_scale": 10**400}, ValueError, "spatial_scale must be finite and greater than 0"),
        ({"spatial_scale": 1e-50}, ValueError, "spatial_scale must be finite and greater than 0 in float32"),
        ({"sampling_ratio": 1.5}, TypeError, "sampling_ratio must be an integer"),
        ({"sampling_ratio": 10**6}, ValueError, "sampling_ratio must be at most 1024"),
        ({"mode": "mean"}, ValueError, "mode must be one of 'avg', 'max'"),
        ({"mode": np.array(["avg"])}, ValueError, "mode must be one of 'avg', 'max'"),
        ({"input": np.ma.array(X, mask=X > 0)}, TypeError, "input is a masked array"),
        ({"output_size": (1, 2**21), "sampling_ratio": 1024, "mode": "max"}, ValueError, "sampling_ratio ask for"),
        ({"output_size": (1, 2**30)}, ValueError, "sampling_ratio ask for"),
        ({"layout": "CHWN"}, ValueError, "layout must be one of 'NCHW', 'NHWC'"),
        ({"dialect": "torchvison"}, ValueError, "no dialect of roi_align is called 'torchvison'"),
        ({"dialect": 3}, TypeError, "dialect must be a Dialect"),
        (
            {"dialect": "onnx-10", "aligned": True},
            ValueError,
            "aligned=True goes with no dialect, and dialect='onnx-10'",
        ),
        (
            {"dialect": "onnx-16", "aligned": True},
            ValueError,
            "aligned=True goes with no dialect, and dialect='onnx-16'",
        ),
        ({"aligned": "False"}, TypeError, "aligned must be True or False, not 'False'"),
        ({"aligned": 1}, TypeError, "aligned must be True or False, not 1"),
        ({"out": np.empty((1, 3, 2, 3), np.float32)}, ValueError, "out must have shape (1, 3, 2, 2)"),
        ({"out": np.empty((1, 3, 2, 2), np.float64)}, TypeError, "out has data type float64"),
        ({"out": np.empty((1, 3, 2, 4), np.float32)[..., ::2]}, ValueError, "out must be C-contiguous"),
        ({"out": unaligned()}, ValueError, "out is not aligned"),
        ({"out": read_only()}, ValueError, "out is read-only"),
        ({"out": []}, TypeError, "out must be a NumPy or a CuPy array"),
        (overlapping(), ValueError, "out overlaps input"),
    ],
)
def test_a_wrong_argument_is_named(changes, error, message):
    arguments = {"input": X, "boxes": B, "output_size": 2} | changes
    with pytest.raises(error) as raised:
        roi_align(**arguments)
    assert message in str(raised.value)


def test_a_string_enumeration_is_taken_for_its_value():
    class Mode(str, enum.Enum):  # noqa: UP042 - a StrEnum prints as its value, and this does not
        AVG = "avg"

    assert np.array_equal(roi_align(X, B, 2, mode=Mode.AVG), roi_align(X, B, 2, mode="avg"))


def test_an_unaligned_input_is_copied():
    data = (
        np.frombuffer(b"\0" + np.arange(16, dtype=np.float32).tobytes(), np.uint8)[1:]
        .view(np.float32)
        .reshape(1, 1, 4, 4)
    )
    assert not data.flags.aligned
    assert np.array_equal(roi_align(data, B, 2), roi_align(data.copy(), B, 2))


@pytest.mark.parametrize("start", [float("nan"), float("inf"), 1e39])
def test_a_maximum_cannot_start_from_what_float32_does_not_hold(start):
    with pytest.raises(ValueError, match="max_start must be None"):
        Dialect(max_start=start)


def test_a_dialect_takes_names_and_numbers_of_any_kind():
    assert Dialect(offset="half", max_start=np.float32(0)) == Dialect(offset=Offset.HALF, max_start=0.0)
    assert roi_align(X - 2, B, 1, mode="max", dialect=Dialect(max_start=10**30)).max() == np.float32(1e30)
    with pytest.raises(ValueError, match="'bogus' is not a valid Offset"):
        Dialect(offset="bogus")


def test_16_bit_boxes_that_cannot_hold_the_batch_index_are_refused():
    x = np.zeros((2049, 1, 2, 2), np.float16)
    with pytest.raises(TypeError, match="boxes in float16 cannot hold the batch indices of N = 2049"):
        roi_align(x, B.astype(np.float16), 1)


@pytest.mark.parametrize(
    ("row", "ratio", "message"),
    [
        ([-1, 1, 1, 3, 3], 2, "boxes[1] cannot be pooled: its batch index -1 is not one of the N = 2 images"),
        ([2, 1, 1, 3, 3], 2, "boxes[1] cannot be pooled: its batch index 2 is not one"),
        ([np.nan, 1, 1, 3, 3], 2, "its batch index nan is not one"),
        ([0, np.nan, 1, 3, 3], 2, "a coordinate that is not finite"),
        ([0, 1, 1, 3, np.inf], 0, "a coordinate that is not finite"),
        ([0, -3e38, 1, 3e38, 3], 2, "a coordinate that is not finite, or it overflows"),
        ([0, 1, 1, 3, 2e6], 0, "may not reach farther than 2**20 feature pixels"),
    ],
)
def test_the_first_roi_that_cannot_be_pooled_is_named(row, ratio, message):
    boxes = np.array([B[0], row, row], np.float32)
    with pytest.raises(InvalidRoiError) as raised:
        roi_align(X, boxes, 2, 1.0, ratio)
    assert message in str(raised.value)


@pytest.mark.parametrize("index", [-0.5, 0.9, 0.0])
@pytest.mark.parametrize("pool", [roi_align, roi_pool])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_a_batch_index_with_a_fraction_is_refused_or_that_of_the_dialect(pool, index, layout):
    x = np.stack([np.full((1, 3, 3), 1), np.full((1, 3, 3), 2)]).astype(np.float32)
    x = x if layout == "NCHW" else x.transpose(0, 2, 3, 1).copy()
    boxes = np.array([[1, 0, 0, 2, 2], [index, 0, 0, 2, 2]], np.float32)
    assert pool(x, boxes, 1, dialect="torchvision", layout=layout).ravel().tolist() == [2, 1]
    if index == 0:
        assert pool(x, boxes, 1, layout=layout).ravel().tolist() == [2, 1]
        return
    with pytest.raises(
        InvalidRoiError, match=r"boxes\[1\] cannot be pooled: its batch index .* is not one of the N = 2 images"
    ):
        pool(x, boxes, 1, layout=layout)


def test_gradients_refuse_a_batch_index_with_a_fraction_too():
    x, boxes, grad = (
        np.ones((2, 1, 3, 3), np.float32),
        np.array([[0.9, 0, 0, 2, 2]], np.float32),
        np.ones((1, 1, 1, 1), np.float32),
    )
    for call in (
        lambda **how: roi_align_backward(grad, boxes, x.shape, **how),
        lambda **how: roi_align_backward_boxes(grad, x, boxes, **how),
        lambda **how: roi_pool_backward(grad, boxes, x.shape, input=x, **how),
    ):
        call(dialect="torchvision")
        with pytest.raises(InvalidRoiError, match=r"its batch index 0.899999976 is not one"):
            call()


@pytest.mark.parametrize("pool", [roi_align, roi_pool])
@pytest.mark.parametrize(
    ("workspace", "error", "message"),
    [
        (np.empty(64), TypeError, "workspace must be an array of bytes of one dimension"),
        (np.empty((4, 4), np.uint8), TypeError, "workspace must be an array of bytes of one dimension"),
        (bytearray(64), TypeError, "workspace must be a NumPy or a CuPy array"),
    ],
)
def test_a_workspace_is_looked_at_though_a_cpu_needs_none(pool, workspace, error, message):
    assert np.array_equal(pool(X, B, 2, workspace=np.empty(64, np.uint8)), pool(X, B, 2))
    with pytest.raises(error, match=message):
        pool(X, B, 2, workspace=workspace)


def test_a_tensor_of_torch_is_told_what_to_do():
    class Tensor:
        __module__ = "torch"

    with pytest.raises(TypeError, match=r"input must be a NumPy or a CuPy array, not torch\.Tensor; .*from_dlpack"):
        roi_align(Tensor(), B, 2)


class Interface:
    """An object that says where its memory is, by one of the protocols."""

    def __init__(self, protocol):
        setattr(self, protocol, None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"input": Interface("__cuda_array_interface__")},
            r"input must be .*; cupy.asarray\(input\) is one over the same memory",
        ),
        (
            {"input": Interface("__dlpack__")},
            r"input must be .*; numpy.from_dlpack\(input\), or on a GPU cupy.from_dlpack",
        ),
        (
            {"boxes": Interface("__array_interface__")},
            r"boxes must be .*; numpy.asarray\(boxes\) is one over the same memory",
        ),
        ({"input": memoryview(X)}, r"input must be .*memoryview; numpy.asarray\(input\) is one over the same memory"),
        ({"input": X.tolist()}, r"input must be .*list; numpy.asarray\(input, numpy.float32\) makes one"),
        (
            {"boxes": [(0, 1, 2, 10, 12)]},
            r"boxes is a list of tuples: numpy.asarray\(boxes, numpy.float32\) makes rows",
        ),
        ({"boxes": [[1, 2, 3, 4], [1, 2, 3, 4]]}, r"boxes is a list of lists: numpy.asarray\(boxes, numpy.float32\)"),
        ({"boxes": B.astype(float)}, r"boxes has data type float64; it must be float32: boxes.astype\('float32'\) is"),
        ({"input": X.astype(int)}, r"input has data type int64; .*: input.astype\('float32'\) is such a copy"),
    ],
)
def test_the_conversion_to_write_is_said(changes, message):
    with pytest.raises(TypeError, match=message):
        roi_align(**{"input": X, "boxes": B, "output_size": 2} | changes)
