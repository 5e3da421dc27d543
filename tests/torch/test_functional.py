"""The functions: what they compute, on whose memory, and what they refuse."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import roikit.torch  # noqa: E402
from roikit import kernels  # noqa: E402
from roikit.kernels import Dialect, InvalidRoiError  # noqa: E402
from roikit.torch import RoIAlign, multiscale_roi_align, roi_align  # noqa: E402
from roikit.torch.memory import host_array as array  # noqa: E402

X = torch.randn(2, 5, 9, 11, generator=torch.Generator().manual_seed(1))
B = torch.tensor([[0, 1.2, 0.7, 8.1, 6.4], [1, 3.3, 2.1, 4.7, 7.2], [1, -2.0, 0.4, 2.2, 3.1]])
PYRAMID = [torch.randn(2, 5, 64 >> i, 64 >> i, generator=torch.Generator().manual_seed(i)) for i in range(4)]
SIZES = torch.tensor([[0, 0, 0, 30.0, 30], [1, 10, 5, 150, 130], [0, 3, 9, 250, 255], [1, 0, 0, 500, 470]])
SCALES = [1 / 4, 1 / 8, 1 / 16, 1 / 32]


def same(tensor, result):
    return np.array_equal(array(tensor), result)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("how", [{}, {"mode": "max"}, {"dialect": "onnx-16"}, {"dialect": Dialect(end="plus_one")}])
def test_the_result_is_that_of_the_kernels(dtype, layout, how):
    x = X.to(dtype) if layout == "NCHW" else X.permute(0, 2, 3, 1).contiguous().to(dtype)
    boxes = B.double() if dtype == torch.float64 else B
    out = roi_align(x, boxes, (3, 2), (0.9, 1.1), (2, 0), layout=layout, **how)
    assert out.dtype == dtype
    assert same(out, kernels.roi_align(array(x), array(boxes), (3, 2), (0.9, 1.1), (2, 0), layout=layout, **how))


@pytest.mark.parametrize("aligned", [False, True])
def test_the_result_is_that_of_torchvision(aligned):
    ops = pytest.importorskip("torchvision.ops")
    args = (X.double(), B.double(), (3, 2), 0.9, 2, aligned)
    assert torch.allclose(roi_align(*args), ops.roi_align(*args), rtol=0, atol=1e-13)
    assert repr(RoIAlign(*args[2:])) == repr(ops.RoIAlign(*args[2:]))
    assert torch.equal(RoIAlign(*args[2:])(*args[:2]), roi_align(*args))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_list_of_boxes_is_its_rows(dtype):
    rows = B.to(dtype).float()
    parts = [rows[:1, 1:].to(dtype), rows[1:, 1:].to(dtype)]
    assert torch.equal(roi_align(X.to(dtype), parts, 2), roi_align(X.to(dtype), rows, 2))
    assert roi_align(X[:0], [], 2).shape == (0, 5, 2, 2)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_several_levels_are_pooled_at_once(layout):
    maps = PYRAMID if layout == "NCHW" else [x.permute(0, 2, 3, 1).contiguous() for x in PYRAMID]
    out = multiscale_roi_align(maps, SIZES, 3, SCALES, 2, level_rule="detectron2", layout=layout)
    expected = kernels.multiscale_roi_align(
        [x.numpy() for x in maps], SIZES.numpy(), 3, SCALES, 2, level_rule="detectron2", layout=layout
    )
    assert same(out, expected)
    assert torch.equal(
        multiscale_roi_align(maps[:1], SIZES, 3, SCALES[:1], layout=layout),
        roi_align(maps[0], SIZES, 3, 0.25, layout=layout),
    )


def spied(function, arrays):
    def spy(maps, *args, out, **how):
        arrays.extend([*(maps if isinstance(maps, list) else [maps]), out])
        return function(maps, *args, out=out, **how)

    return spy


@pytest.fixture
def seen(monkeypatch):
    """The arrays that kernels are given."""
    arrays = []
    for name in ("roi_align", "multiscale_roi_align"):
        monkeypatch.setattr(kernels, name, spied(getattr(kernels, name), arrays))
    return arrays


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("requires_grad", [False, True])
def test_nothing_is_copied(seen, dtype, memory_format, requires_grad):
    x = X.to(dtype).to(memory_format=memory_format).requires_grad_(requires_grad)
    out = roi_align(x, B, 2)
    assert [a.ctypes.data for a in seen] == [x.data_ptr(), out.data_ptr()]
    assert all(a.flags.c_contiguous for a in seen)
    assert out.is_contiguous(memory_format=memory_format)
    assert torch.allclose(out.float(), roi_align(X, B, 2), atol=0.02)


def test_a_pyramid_in_channels_last_is_not_copied_either(seen):
    maps = [x.to(memory_format=torch.channels_last) for x in PYRAMID]
    out = multiscale_roi_align(maps, SIZES, 2, SCALES)
    assert [a.ctypes.data for a in seen] == [x.data_ptr() for x in (*maps, out)]
    assert all(a.flags.c_contiguous for a in seen)
    assert out.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(out, multiscale_roi_align(PYRAMID, SIZES, 2, SCALES), atol=1e-6)


@pytest.mark.parametrize(
    "change", [lambda x: x[:, ::2], lambda x: x.transpose(2, 3), lambda x: x[:1].expand(2, -1, -1, -1)]
)
def test_any_strides_will_do(change):
    assert torch.equal(roi_align(change(X), B, 2), roi_align(change(X).contiguous(), B, 2))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_autocast_computes_in_float32_and_rounds_once(dtype):
    x, boxes = X.to(dtype), B.double() if dtype == torch.float64 else B.half()
    with torch.autocast("cpu"):
        out = roi_align(x, boxes, 3, 0.5, 2)
    assert out.dtype == dtype
    if dtype == torch.float64:
        assert torch.equal(out, roi_align(x, boxes, 3, 0.5, 2))
    else:
        assert torch.equal(out, roi_align(x.float(), boxes.float(), 3, 0.5, 2).to(dtype))


def test_autocast_agrees_with_torchvision():
    ops = pytest.importorskip("torchvision.ops")
    x, boxes = X.half(), B.half()
    with torch.autocast("cpu"):
        ours, theirs = roi_align(x, boxes, 3, 0.5, 2), ops.roi_align(x, boxes, 3, 0.5, 2)
        mixed = multiscale_roi_align([PYRAMID[0].half(), *PYRAMID[1:]], SIZES, 2, SCALES)
    assert ours.dtype == theirs.dtype == mixed.dtype == torch.float16
    assert torch.allclose(ours, theirs, rtol=2**-10, atol=2**-24)  # the two roundings may be to neighbours


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"input": X.numpy()}, TypeError, "input must be a torch.Tensor, not numpy.ndarray"),
        ({"input": X[0]}, ValueError, "input must have 4 dimensions, not shape (5, 9, 11)"),
        ({"input": X.int()}, TypeError, "input has data type int32"),
        ({"input": X[:, :, :0]}, ValueError, "input has no pixels"),
        ({"boxes": B.numpy()}, TypeError, "boxes must be a torch.Tensor or a list of them, not numpy.ndarray"),
        ({"boxes": B[0]}, ValueError, "boxes must have shape (K, 5)"),
        ({"boxes": B[:, 1:]}, ValueError, "boxes must have shape (K, 5)"),
        ({"boxes": B.double()}, TypeError, "boxes has data type float64; it must be float32"),
        ({"boxes": B.to("meta")}, ValueError, "boxes is on meta, but the maps are on cpu"),
        ({"boxes": [B[:, 1:]]}, ValueError, "boxes is a list of 1 tensors, but there are N = 2 images"),
        ({"boxes": [B[:, 1:], B]}, ValueError, "boxes[1] must have shape (L, 4), not (3, 5)"),
        ({"boxes": [B[:, 1:], B[:, 1:].double()]}, TypeError, "boxes[1] has data type torch.float64"),
        ({"boxes": [B[:, 1:], None]}, TypeError, "boxes[1] must be a torch.Tensor, not builtins.NoneType"),
        ({"boxes": B + torch.tensor([2.0, 0, 0, 0, 0])}, InvalidRoiError, "boxes[0] cannot be pooled: its batch index 2"),
        ({"output_size": 2.5}, TypeError, "output_size must be an integer"),
        ({"output_size": (2, 2, 2)}, ValueError, "output_size must be one number or a (height, width) pair"),
        ({"sampling_ratio": 2000}, ValueError, "sampling_ratio must be at most 1024"),
        ({"spatial_scale": "1"}, TypeError, "spatial_scale must be a number"),
        ({"spatial_scale": 0.0}, ValueError, "spatial_scale must be finite and greater than 0"),
        ({"mode": "sum"}, ValueError, "mode must be one of 'avg', 'max', not 'sum'"),
        ({"layout": "CHWN"}, ValueError, "layout must be one of"),
        ({"dialect": "none"}, ValueError, "no dialect of roi_align is called 'none'"),
        ({"dialect": 3}, TypeError, "dialect must be a Dialect or the name of one"),
        ({"aligned": True, "dialect": "mmcv-legacy"}, ValueError, "aligned=True goes with no dialect"),
        ({"aligned": "False"}, TypeError, "aligned must be True or False, not 'False'"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused_by_name(changes, error, message):
    arguments = {"input": X, "boxes": B, "output_size": 2} | changes
    with pytest.raises(error) as raised:
        roi_align(**arguments)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("inputs", "scales", "error", "message"),
    [
        ([], [], ValueError, "inputs must be the maps of at least one level"),
        (X, SCALES, TypeError, "inputs must be a list of tensors"),
        (PYRAMID, SCALES[:2], ValueError, "there are 2 spatial_scales for 4 levels"),
        (
            [PYRAMID[0], PYRAMID[1].double()],
            SCALES[:2],
            TypeError,
            "inputs[1] has data type float64, but inputs[0] has float32",
        ),
        ([PYRAMID[0], PYRAMID[1].to("meta")], SCALES[:2], ValueError, "inputs[1] is on meta, but inputs[0] is on cpu"),
        ([PYRAMID[0], PYRAMID[1][:, :1]], SCALES[:2], ValueError, "maps of all levels must have the same N and C"),
        (PYRAMID[:2], [0.3, 0.2], ValueError, "first_level must be given"),
    ],
)
def test_wrong_pyramids_are_refused_by_name(inputs, scales, error, message):
    with pytest.raises(error) as raised:
        multiscale_roi_align(inputs, SIZES, 2, scales)
    assert message in str(raised.value)


def test_other_devices_are_refused():
    elsewhere = torch._subclasses.FakeTensorMode()
    with (
        elsewhere,
        pytest.raises(ValueError, match=r"input is on xpu:0, but must be on a CPU or an NVIDIA GPU: input.cpu\(\)"),
    ):
        roi_align(torch.empty(1, 1, 2, 2, device="xpu"), torch.empty(1, 5, device="xpu"), 2)


def test_what_the_package_offers():
    modules = [
        "BorderAlign",
        "CropAndResize",
        "DeformPSRoIPool",
        "DeformRoIPool",
        "DeformRoIPoolPack",
        "ModulatedDeformRoIPoolPack",
        "MultiScalePSRoIAlign",
        "MultiScaleRoIAlign",
        "MultiScaleRoIAlignRotated",
        "MultiScaleWeightedRoIAlign",
        "PSRoIAlign",
        "PSRoIPool",
        "PrRoIPool",
        "RiRoIAlignRotated",
        "RoIAlign",
        "RoIAlign3d",
        "RoIAlignRotated",
        "RoIPool",
        "WeightedRoIAlign",
    ]
    functions = [
        "border_align",
        "crop_and_resize",
        "deform_ps_roi_pool",
        "deform_roi_pool",
        "multiscale_ps_roi_align",
        "multiscale_roi_align",
        "multiscale_roi_align_rotated",
        "multiscale_weighted_roi_align",
        "prroi_pool",
        "ps_roi_align",
        "ps_roi_pool",
        "riroi_align_rotated",
        "roi_align",
        "roi_align_3d",
        "roi_align_rotated",
        "roi_pool",
        "weighted_roi_align",
    ]
    assert roikit.torch.__all__ == [*modules, *functions]
