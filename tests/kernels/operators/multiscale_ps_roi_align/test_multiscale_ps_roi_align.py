"""PSRoIAlign on a pyramid is, bit for bit, PSRoIAlign of the RoIs of each level on its map; levels at their limits.

Boxes without a size, rows that are no RoIs, and bad arguments.
"""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    multiscale_ps_roi_align,
    multiscale_ps_roi_align_backward,
    multiscale_ps_roi_align_backward_boxes,
    multiscale_ps_roi_align_backward_workspace,
    ps_roi_align,
    ps_roi_align_backward,
    ps_roi_align_backward_boxes,
)
from roikit.kernels.dialects.multiscale_ps_roi_align import DIALECTS, Dialect
from roikit.kernels.dialects.multiscale_roi_align import LevelRule, NoLevel
from tests.kernels.operators import levels
from tests.kernels.operators.arrays import DTYPES, LAYOUTS, drawn, like, wide
from tests.kernels.operators.levels import BOXES, CHOOSING, LEVELS, SCALES, SIZES

BINS = (3, 2)


def pyramid(channels, dtype, layout):
    """Maps for so many channels of the output."""
    return levels.pyramid(channels * BINS[0] * BINS[1], dtype, layout)


def exact_level(box):
    """By squares of sizes, which are fractions."""
    area = (Fraction(float(box[3])) - Fraction(float(box[1]))) * (Fraction(float(box[4])) - Fraction(float(box[2])))
    return sum(area >= (16 * 2**level) ** 2 for level in (0, 1))


def test_boxes_have_the_levels_that_they_are_said_to_have():
    assert [exact_level(box) for box in BOXES] == LEVELS


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("channels", "ratio", "pooling"),
    [(3, (2, 2), "roikit"), (35, (0, 0), "roikit-bin-major"), (5, (1, 3), "mxnet"), (2, (0, 0), "torchvision")],
)
def test_it_is_one_call_for_each_level_bit_for_bit(layout, dtype, channels, ratio, pooling):
    maps, boxes = pyramid(channels, dtype, layout), np.array(BOXES, wide(dtype))
    rules = next(replace(rules, level_rule="axlearn") for rules in DIALECTS.values() if rules.pooling == named(pooling))
    how, of_one, put = {"dialect": rules, "layout": layout}, {"dialect": pooling, "layout": layout}, np.array(LEVELS)
    out = multiscale_ps_roi_align(maps, boxes, BINS, SCALES, ratio, **how, **CHOOSING)
    assert out.dtype == dtype
    grad = like(drawn((len(boxes), channels, *BINS), dtype, 7), layout)
    shapes = [array.shape for array in maps]
    of_maps = multiscale_ps_roi_align_backward(grad, boxes, shapes, SCALES, ratio, **how, **CHOOSING)
    of_boxes = multiscale_ps_roi_align_backward_boxes(grad, maps, boxes, SCALES, ratio, **how, **CHOOSING)
    for level, (array, scale, sent) in enumerate(zip(maps, SCALES, of_maps, strict=True)):
        mine = put == level
        right = ps_roi_align(array, boxes[mine], BINS, scale, ratio, **of_one)
        assert right.any()
        assert np.array_equal(out[mine], right, equal_nan=True)
        returned = ps_roi_align_backward(grad[mine], boxes[mine], array.shape, scale, ratio, **of_one)
        assert returned.any()
        assert np.array_equal(sent, returned)
        moved = ps_roi_align_backward_boxes(grad[mine], array, boxes[mine], scale, ratio, **of_one)
        assert np.array_equal(of_boxes[mine], moved)


def named(pooling):
    from roikit.kernels.dialects.ps_roi_align import named_dialect

    return named_dialect(pooling)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("level", [1, 2])
def test_a_level_begins_at_its_size_and_not_a_number_before(dtype, level):
    """Sides whose product is a square, from the origin on: no step rounds, and nothing is added."""
    side, maps = 16 * 2 ** (level - 1), [np.full((1, 1, *size), n, dtype) for n, size in enumerate(SIZES)]
    boxes = np.array([[0, 0, 0, side, side], [0, 0, 0, side, side]], dtype)
    boxes[1, 3] = boxes[1, 4] = np.nextafter(dtype(side), dtype(0))
    out = multiscale_ps_roi_align(maps, boxes, 1, SCALES, 1, **CHOOSING)
    assert out.ravel().tolist() == [level, level - 1]


def test_rules_differ_in_what_they_add_and_how_they_round():
    """Of a box a number smaller than a limit: rounding to the nearest, 1e-6 and the rounding of a sum with 4 lift it."""
    maps = [np.full((1, 1, *size), n, np.float32) for n, size in enumerate(SIZES)]
    box = np.array([[0, 0, 0, 16, 16]], np.float32)
    box[0, 3] = box[0, 4] = np.nextafter(np.float32(16), np.float32(0))
    choosing = {**CHOOSING, "first_level": 3, "canonical_level": 4}
    got = {
        str(rule): multiscale_ps_roi_align(maps, box, 1, SCALES, 1, level_rule=rule, **choosing).item()
        for rule in LevelRule
    }
    assert got == {
        "axlearn": 0, "torchvision": 1, "detectron2": 1, "mmdetection": 1, "maskrcnn-benchmark": 1, "matterport": 1,
    }  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("no_level", NoLevel)
def test_a_box_of_negative_area_is_on_no_level_or_on_the_first(layout, no_level):
    maps = [1 + abs(array) for array in pyramid(3, np.float32, layout)]
    boxes = np.array([[0, 4, 4, 24, 24], [1, 22, 5, 2, 20], [0, 2, 20, 22, 5]], np.float32)
    how = {"dialect": replace(DIALECTS["detectron2"], no_level=no_level), "layout": layout, **CHOOSING}
    out = multiscale_ps_roi_align(maps, boxes, BINS, SCALES, 2, **how)
    assert out[0].all()
    ones, shapes = np.ones_like(out), [array.shape for array in maps]
    of_maps = multiscale_ps_roi_align_backward(ones, boxes, shapes, SCALES, 2, **how)
    of_boxes = multiscale_ps_roi_align_backward_boxes(ones, maps, boxes, SCALES, 2, **how)
    if no_level == NoLevel.ZERO:
        assert not out[1:].any()
        assert not of_boxes[1:].any()
        assert [bool(array.any()) for array in of_maps] == [False, True, False]
        assert np.array_equal(
            of_maps[1], multiscale_ps_roi_align_backward(ones[:1], boxes[:1], shapes, SCALES, 2, **how)[1]
        )
    else:
        right = ps_roi_align(maps[0], boxes[1:], BINS, SCALES[0], 2, dialect="torchvision", layout=layout)
        assert np.array_equal(out[1:], right)
        assert right.all()
        assert of_boxes[1:].any(axis=1).all()
        assert [bool(array.any()) for array in of_maps] == [True, True, False]


def test_what_is_on_no_level_is_0_even_where_bins_without_samples_are_not_a_number():
    """Sampled adaptively, a box of no level would have a grid of a negative number of samples, and one without width of none."""
    boxes = np.array([[0, 22, 5, 2, 20], [0, 3, 5, 3, 20]], np.float32)
    out = multiscale_ps_roi_align(
        pyramid(2, np.float32, "NCHW"), boxes, BINS, SCALES, 0, dialect="torchvision", **CHOOSING
    )
    assert not out[0].any()
    assert np.isnan(out[1]).all()


@pytest.mark.parametrize("spoilt", [[0, 20, np.nan, 5, 29], [2, 20, 20, 5, 29], [0, 20, 20, 5, np.inf]])
def test_a_box_of_no_level_that_cannot_be_pooled_is_refused_all_the_same(spoilt):
    boxes = np.array([BOXES[0], spoilt], np.float32)
    with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled"):
        multiscale_ps_roi_align(
            pyramid(2, np.float32, "NCHW"), boxes, BINS, SCALES, 2, dialect="mmdetection", **CHOOSING
        )


@pytest.mark.parametrize("count", [0, 3])
def test_rows_after_those_that_are_rois_are_neither_read_nor_written(count):
    maps, boxes = pyramid(3, np.float32, "NCHW"), np.array(BOXES, np.float32)
    boxes[count:] = np.nan
    rois, shapes = np.array([count]), [array.shape for array in maps]
    how, out = {"num_rois": rois, **CHOOSING}, np.full((len(boxes), 3, *BINS), 77, np.float32)
    grad = drawn(out.shape, seed=3)
    multiscale_ps_roi_align(maps, boxes, BINS, SCALES, 2, out=out, **how)
    assert (out[count:] == 77).all()
    few = boxes[:count]
    assert np.array_equal(out[:count], multiscale_ps_roi_align(maps, few, BINS, SCALES, 2, **CHOOSING))
    of_maps = multiscale_ps_roi_align_backward(grad, boxes, shapes, SCALES, 2, **how)
    of_few = multiscale_ps_roi_align_backward(grad[:count], few, shapes, SCALES, 2, **CHOOSING)
    assert all(np.array_equal(a, b) for a, b in zip(of_maps, of_few, strict=True))
    of_boxes = np.full((len(boxes), 4), 77, np.float32)
    multiscale_ps_roi_align_backward_boxes(grad, maps, boxes, SCALES, 2, out=of_boxes, **how)
    assert (of_boxes[count:] == 77).all()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_of_one_level_it_is_ps_roi_align(layout):
    x, boxes = like(drawn((2, 24, 12, 13)), layout), np.array(BOXES, np.float32)
    boxes[0, 3] = -1  # which has a place on the only level
    got = multiscale_ps_roi_align([x], boxes, 2, [0.25], 2, dialect="detectron2", layout=layout)
    assert np.array_equal(got, ps_roi_align(x, boxes, 2, 0.25, 2, dialect="torchvision", layout=layout))


def test_eight_levels_each_have_their_boxes():
    maps = [np.full((1, 2, 3, 4), n, np.float32) for n in range(8)]
    boxes = np.array([[0, 0, 0, 2.0**n, 2.0**n] for n in range(-1, 10)], np.float32)
    out = multiscale_ps_roi_align(maps, boxes, 1, [2.0**-n for n in range(8)], 1, canonical_size=1, canonical_level=0)
    assert out[:, 1, 0, 0].tolist() == [0, 0, 1, 2, 3, 4, 5, 6, 7, 7, 7]


def test_levels_and_sizes_of_libraries_are_their_defaults():
    """detectron2 puts 224 pixels on level 4; mmdetection begins its second level at 112; GluonCV adds a pixel to each side."""
    maps = [np.full((1, 1, 4, 4), n, np.float32) for n in range(4)]
    sides = (55, 57, 111.5, 113, 223, 225, 447, 449)
    boxes = np.array([[0, 8 - side / 2, 8 - side / 2, 8 + side / 2, 8 + side / 2] for side in sides], np.float32)
    scales = [1 / 4, 1 / 8, 1 / 16, 1 / 32]

    def found(name, **how):
        return multiscale_ps_roi_align(maps, boxes, 1, scales, 1, dialect=name, **how).ravel().tolist()

    assert found("roikit") == found("torchvision") == found("detectron2") == [0, 0, 0, 1, 1, 2, 2, 3]
    assert found("gluoncv") == [0, 0, 1, 1, 2, 2, 3, 3]
    assert found("mmdetection") == found("mmdetection", first_level=0) == [0, 0, 0, 1, 1, 2, 2, 3]
    assert found("detectron2", first_level=3) == [0, 0, 0, 0, 0, 1, 1, 2]


@pytest.mark.parametrize(("name", "arguments"), [
    ("roikit", {}),
    ("torchvision", {"level_rule": "torchvision"}),
    ("mmdetection", {"level_rule": "mmdetection"}),
    ("detectron2", {"level_rule": LevelRule.DETECTRON2}),
])  # fmt: skip
def test_a_dialect_is_what_its_arguments_are(name, arguments):
    """Bins without samples, in which torchvision differs, there are none."""
    maps, boxes = pyramid(2, np.float32, "NCHW"), np.array(BOXES, np.float32)
    how = {"spatial_scales": SCALES, "sampling_ratio": 2, "first_level": 1, "canonical_size": 16}
    by_name = multiscale_ps_roi_align(maps, boxes, BINS, dialect=name, **how)
    assert np.array_equal(by_name, multiscale_ps_roi_align(maps, boxes, BINS, **arguments, **how))


def test_a_workspace_of_the_size_said_is_enough():
    maps, boxes = pyramid(3, np.float32, "NCHW"), np.array(BOXES, np.float32)
    shapes, grad = [array.shape for array in maps], drawn((len(boxes), 3, *BINS))
    size = multiscale_ps_roi_align_backward_workspace(shapes, len(boxes), BINS, on_gpu=False)
    right = multiscale_ps_roi_align_backward(grad, boxes, shapes, SCALES, 2, **CHOOSING)
    outs = [np.full_like(array, 77) for array in maps]
    got = multiscale_ps_roi_align_backward(
        grad, boxes, shapes, SCALES, 2, out=outs, workspace=np.empty(size, np.uint8), **CHOOSING
    )
    assert all(a is b for a, b in zip(got, outs, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(got, right, strict=True))
    with pytest.raises(ValueError, match=f"this call needs {size}"):
        multiscale_ps_roi_align_backward(
            grad, boxes, shapes, SCALES, 2, workspace=np.empty(size - 1, np.uint8), **CHOOSING
        )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_scales_may_differ_along_the_axes(layout):
    maps, boxes = pyramid(2, np.float32, layout), np.array(BOXES, np.float32)
    scales = [(0.5, 0.25), (0.25, 0.125), (0.125, 0.0625)]
    out = multiscale_ps_roi_align(maps, boxes, BINS, scales, 2, layout=layout, **CHOOSING)
    for level, (array, scale) in enumerate(zip(maps, scales, strict=True)):
        mine = np.array(LEVELS) == level
        assert np.array_equal(out[mine], ps_roi_align(array, boxes[mine], BINS, scale, 2, layout=layout))


@pytest.mark.parametrize(("changes", "error", "message"), [
    ({"inputs": []}, ValueError, "at least one level"),
    ({"inputs": [drawn((2, 4, 6, 6)), drawn((2, 8, 3, 3))]}, ValueError, "same N and C"),
    ({"inputs": [drawn((2, 4, 6, 6)), drawn((2, 4, 3, 3), np.float64)]}, TypeError, r"inputs\[1\] has data type float64"),
    ({"output_size": 3}, ValueError, "as many channels for each of the 3 x 3 bins: a multiple of 9, not 8"),
    ({"spatial_scales": [0.5]}, ValueError, "1 spatial_scales for 2 levels"),
    ({"spatial_scales": [0.5, 0.3]}, ValueError, "so first_level must be given"),
    ({"spatial_scales": [0.5, 0], "first_level": 1}, ValueError, "greater than 0"),
    ({"boxes": np.ones((1, 6), np.float32)}, ValueError, r"\(K, 5\), rows \[batch_index, x1, y1, x2, y2\]"),
    ({"level_rule": "nearest"}, ValueError, "level_rule must be one of 'torchvision', 'detectron2', 'mmdetection'"),
    ({"canonical_size": 0}, ValueError, "canonical_size must be finite and greater than 0"),
    ({"canonical_level": 1.5}, TypeError, "canonical_level"),
    ({"sampling_ratio": 2000}, ValueError, "at most 1024"),
    ({"dialect": "none"}, ValueError, "no dialect of multiscale_ps_roi_align is called 'none'"),
    ({"dialect": 7}, TypeError, "must be a multiscale_ps_roi_align.Dialect"),
    ({"dialect": "mmdetection", "level_rule": "mmdetection"}, ValueError, "leave it out"),
    ({"layout": "CHW"}, ValueError, "layout must be one of"),
])  # fmt: skip
def test_a_wrong_argument_is_named(changes, error, message):
    maps = [drawn((2, 8, 6, 6)), drawn((2, 8, 3, 3))]
    call = {"inputs": maps, "boxes": np.array(BOXES, np.float32), "output_size": 2, "spatial_scales": [0.5, 0.25]}
    with pytest.raises(error, match=message):
        multiscale_ps_roi_align(**(call | changes))


@pytest.mark.parametrize("choice", [{"level_rule": "nearest"}, {"min_size": "half"}, {"channels": "none"}])
def test_a_choice_that_nobody_makes_is_refused(choice):
    with pytest.raises(ValueError, match=next(iter(choice.values()))):
        Dialect(**choice)


@pytest.mark.parametrize("given", ["out", "input_shapes"])
def test_gradients_are_as_many_as_levels(given):
    maps, boxes = pyramid(3, np.float32, "NCHW"), np.array(BOXES, np.float32)
    shapes = [array.shape for array in maps]
    call = {"input_shapes": shapes, "out": maps} | {given: {"out": maps, "input_shapes": shapes}[given][:2]}
    with pytest.raises(ValueError, match=r"arrays for|spatial_scales for"):
        multiscale_ps_roi_align_backward(
            drawn((len(boxes), 3, *BINS)), boxes, spatial_scales=SCALES, sampling_ratio=2, **call, **CHOOSING
        )
