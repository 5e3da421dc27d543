"""Rotated RoIAlign on a pyramid is, bit for bit, rotated RoIAlign of the RoIs of each level on its map; levels at their limits,
boxes without a size, rows that are no RoIs, and bad arguments."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    multiscale_roi_align_rotated,
    multiscale_roi_align_rotated_backward,
    multiscale_roi_align_rotated_backward_boxes,
    multiscale_roi_align_rotated_backward_workspace,
    roi_align_rotated,
    roi_align_rotated_backward,
    roi_align_rotated_backward_boxes,
)
from roikit.kernels.dialects.multiscale_roi_align import NoLevel
from roikit.kernels.dialects.multiscale_roi_align_rotated import DIALECTS, LEVEL_RULES, Dialect
from tests.kernels.operators.arrays import DTYPES, LAYOUTS, drawn, like, wide

SCALES = (0.5, 0.25, 0.125)
SIZES = ((11, 14), (21, 9), (6, 23))
"""Of maps, which need not be smaller from level to level: the last two have tiles of rows or columns that the first has not."""
CHOOSING = {"first_level": 1, "canonical_size": 16, "canonical_level": 2}
BOXES = [
    [0, 20.25, 14.5, 9, 11, 0.3],  # of the first level: sizes below 16
    [1, 17.5, 22, 16, 16, -1.2],  # exactly as large as the second asks for
    [0, 12, 62, 70, 6, 2.5],  # larger than that, whatever its sides are
    [1, 18, 20, 40, 37, 4],  # of the last
    [1, 90, 90, 33, 33, 1],  # outside
    [0, 30, 12, -20, -17, 0.7],  # of positive area all the same
    [0, 17, 15, 300, 200, 100.25],  # around the map
    [1, 9.5, 8.25, 0, 12, 1],  # without area
]
LEVELS = [0, 1, 1, 2, 2, 1, 2, 0]


def pyramid(channels, dtype, layout):
    return [like(drawn((2, channels, *size), dtype, n), layout) for n, size in enumerate(SIZES)]


def exact_level(box):
    """By squares of sizes, which are fractions."""
    area = Fraction(float(box[3])) * Fraction(float(box[4]))
    return sum(area >= (16 * 2**level) ** 2 for level in (0, 1))


def test_boxes_have_the_levels_that_they_are_said_to_have():
    assert [exact_level(box) for box in BOXES] == LEVELS


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("channels", "ratio", "how"),
    [(3, (2, 2), {}), (70, (0, 0), {"clockwise": True}), (5, (1, 3), {"aligned": False})],
)
def test_it_is_one_call_for_each_level_bit_for_bit(layout, dtype, channels, ratio, how):
    maps, boxes = pyramid(channels, dtype, layout), np.array(BOXES, wide(dtype))
    how, levels = {**how, "layout": layout}, np.array(LEVELS)
    out = multiscale_roi_align_rotated(maps, boxes, (3, 2), SCALES, ratio, **how, **CHOOSING)
    assert out.dtype == dtype
    grad = like(drawn((len(boxes), channels, 3, 2), dtype, 7), layout)
    shapes = [array.shape for array in maps]
    of_maps = multiscale_roi_align_rotated_backward(grad, boxes, shapes, SCALES, ratio, **how, **CHOOSING)
    of_boxes = multiscale_roi_align_rotated_backward_boxes(grad, maps, boxes, SCALES, ratio, **how, **CHOOSING)
    for level, (array, scale, sent) in enumerate(zip(maps, SCALES, of_maps, strict=True)):
        mine = levels == level
        right = roi_align_rotated(array, boxes[mine], (3, 2), scale, ratio, **how)
        assert right.any()
        assert np.array_equal(out[mine], right)
        returned = roi_align_rotated_backward(grad[mine], boxes[mine], array.shape, scale, ratio, **how)
        assert returned.any()
        assert np.array_equal(sent, returned)
        moved = roi_align_rotated_backward_boxes(grad[mine], array, boxes[mine], scale, ratio, **how)
        assert np.array_equal(of_boxes[mine], moved)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("level", [1, 2])
def test_a_level_begins_at_its_size_and_not_a_number_before(dtype, level):
    """Sides whose product is a square: no step rounds, and nothing is added."""
    side, maps = 16 * 2 ** (level - 1), [np.full((1, 1, *size), n, dtype) for n, size in enumerate(SIZES)]
    boxes = np.array([[0, 16, 16, side, side, 0.3], [0, 16, 16, side, side, 0.3]], dtype)
    boxes[1, 3] = boxes[1, 4] = np.nextafter(dtype(side), dtype(0))
    out = multiscale_roi_align_rotated(maps, boxes, 1, SCALES, 1, **CHOOSING)
    assert out.ravel().tolist() == [level, level - 1]


def test_rules_differ_in_what_they_add():
    """mmdetection's 1e-6 lifts the number before a limit to it; so does detectron2's rounding of a sum with 4, not its 1e-8."""
    maps = [np.full((1, 1, *size), n, np.float32) for n, size in enumerate(SIZES)]
    box = np.array([[0, 16, 16, 16, 16, 0]], np.float32)
    box[0, 3] = box[0, 4] = np.nextafter(np.float32(16), np.float32(0))
    choosing = {**CHOOSING, "first_level": 3, "canonical_level": 4}
    got = {
        str(rule): multiscale_roi_align_rotated(maps, box, 1, SCALES, 1, level_rule=rule, **choosing).item()
        for rule in LEVEL_RULES
    }
    assert got == {"axlearn": 0, "detectron2": 1, "mmdetection": 1}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("no_level", NoLevel)
def test_a_box_of_negative_area_is_on_no_level_or_on_the_first(layout, no_level):
    maps = [1 + abs(array) for array in pyramid(3, np.float32, layout)]
    boxes = np.array([[0, 14, 14, 20, 20, 0.5], [1, 12, 13, -20, 15, 0.5], [0, 12, 13, 20, -15, 2]], np.float32)
    how = {"dialect": replace(DIALECTS["detectron2"], no_level=no_level), "layout": layout, **CHOOSING}
    out = multiscale_roi_align_rotated(maps, boxes, 2, SCALES, 2, **how)
    assert out[0].all()
    ones, shapes = np.ones_like(out), [array.shape for array in maps]
    of_maps = multiscale_roi_align_rotated_backward(ones, boxes, shapes, SCALES, 2, **how)
    of_boxes = multiscale_roi_align_rotated_backward_boxes(ones, maps, boxes, SCALES, 2, **how)
    if no_level == NoLevel.ZERO:
        assert not out[1:].any()
        assert not of_boxes[1:].any()
        assert [bool(array.any()) for array in of_maps] == [False, True, False]
        assert np.array_equal(
            of_maps[1], multiscale_roi_align_rotated_backward(ones[:1], boxes[:1], shapes, SCALES, 2, **how)[1]
        )
    else:
        right = roi_align_rotated(maps[0], boxes[1:], 2, SCALES[0], 2, dialect="detectron2", layout=layout)
        assert np.array_equal(out[1:], right)
        assert right.all()
        assert of_boxes[1:].any(axis=1).all()
        assert [bool(array.any()) for array in of_maps] == [True, True, False]


@pytest.mark.parametrize("spoilt", [[0, 20, np.nan, -5, 9, 1], [2, 20, 20, -5, 9, 1], [0, 20, 20, -5, 9, np.inf]])
def test_a_box_of_no_level_that_cannot_be_pooled_is_refused_all_the_same(spoilt):
    boxes = np.array([BOXES[0], spoilt], np.float32)
    with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled"):
        multiscale_roi_align_rotated(
            pyramid(2, np.float32, "NCHW"), boxes, 2, SCALES, 2, dialect="mmrotate", **CHOOSING
        )


@pytest.mark.parametrize("count", [0, 3])
def test_rows_after_those_that_are_rois_are_neither_read_nor_written(count):
    maps, boxes = pyramid(3, np.float32, "NCHW"), np.array(BOXES, np.float32)
    boxes[count:] = np.nan
    rois, shapes = np.array([count]), [array.shape for array in maps]
    how, out = {"num_rois": rois, **CHOOSING}, np.full((len(boxes), 3, 2, 2), 77, np.float32)
    grad = drawn(out.shape, seed=3)
    multiscale_roi_align_rotated(maps, boxes, 2, SCALES, 2, out=out, **how)
    assert (out[count:] == 77).all()
    few = boxes[:count]
    assert np.array_equal(out[:count], multiscale_roi_align_rotated(maps, few, 2, SCALES, 2, **CHOOSING))
    of_maps = multiscale_roi_align_rotated_backward(grad, boxes, shapes, SCALES, 2, **how)
    of_few = multiscale_roi_align_rotated_backward(grad[:count], few, shapes, SCALES, 2, **CHOOSING)
    assert all(np.array_equal(a, b) for a, b in zip(of_maps, of_few, strict=True))
    of_boxes = np.full((len(boxes), 5), 77, np.float32)
    multiscale_roi_align_rotated_backward_boxes(grad, maps, boxes, SCALES, 2, out=of_boxes, **how)
    assert (of_boxes[count:] == 77).all()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_of_one_level_it_is_rotated_roi_align(layout):
    x, boxes = like(drawn((2, 4, 12, 13)), layout), np.array(BOXES, np.float32)
    boxes[0, 3] *= -1  # which has a place on the only level
    got = multiscale_roi_align_rotated([x], boxes, 2, [0.25], 2, dialect="detectron2", layout=layout)
    assert np.array_equal(got, roi_align_rotated(x, boxes, 2, 0.25, 2, dialect="detectron2", layout=layout))


def test_eight_levels_each_have_their_boxes():
    maps = [np.full((1, 2, 3, 4), n, np.float32) for n in range(8)]
    boxes = np.array([[0, 0, 0, 2**n, 2**n, n] for n in range(-1, 10)], np.float32)
    out = multiscale_roi_align_rotated(
        maps, boxes, 1, [2.0**-n for n in range(8)], 1, canonical_size=1, canonical_level=0
    )
    assert out[:, 1, 0, 0].tolist() == [0, 0, 1, 2, 3, 4, 5, 6, 7, 7, 7]


def test_levels_and_sizes_of_libraries_are_their_defaults():
    """detectron2 puts 224 pixels on level 4; mmdetection begins its second level at 112, whatever its number is."""
    maps = [np.full((1, 1, 4, 4), n, np.float32) for n in range(4)]
    boxes = np.array([[0, 8, 8, side, side, 0] for side in (55, 57, 111, 113, 223, 225, 447, 449)], np.float32)
    scales = [1 / 4, 1 / 8, 1 / 16, 1 / 32]
    got = {
        name: multiscale_roi_align_rotated(maps, boxes, 1, scales, 1, dialect=name).ravel().tolist()
        for name in ("roikit", "detectron2", "mmrotate")
    }
    assert got["roikit"] == got["detectron2"] == [0, 0, 0, 1, 1, 2, 2, 3]
    assert got["mmrotate"] == [0, 0, 0, 1, 1, 2, 2, 3]
    moved = multiscale_roi_align_rotated(maps, boxes, 1, scales, 1, dialect="mmrotate", first_level=0).ravel().tolist()
    assert moved == got["mmrotate"]
    moved = multiscale_roi_align_rotated(maps, boxes, 1, scales, 1, dialect="detectron2", first_level=3)
    assert moved.ravel().tolist() == [0, 0, 0, 0, 0, 1, 1, 2]


@pytest.mark.parametrize(("name", "arguments"), [
    ("roikit-clockwise", {"clockwise": True}),
    ("roikit-legacy", {"aligned": False}),
    ("roikit-legacy-clockwise", {"aligned": False, "clockwise": True}),
    ("mmrotate", {"level_rule": "mmdetection"}),
])  # fmt: skip
def test_a_dialect_is_what_its_arguments_are(name, arguments):
    """Quarter turns, in which mmcv differs, are not among the boxes."""
    maps, boxes = pyramid(2, np.float32, "NCHW"), np.array(BOXES, np.float32)
    how = {"spatial_scales": SCALES, "sampling_ratio": 2, "first_level": 1, "canonical_size": 16}
    by_name = multiscale_roi_align_rotated(maps, boxes, 2, dialect=name, **how)
    assert np.array_equal(by_name, multiscale_roi_align_rotated(maps, boxes, 2, **arguments, **how))
    assert not np.array_equal(by_name, multiscale_roi_align_rotated(maps, boxes, 2, dialect="detectron2", **how))


def test_degrees_are_degrees():
    maps, boxes = pyramid(2, np.float32, "NCHW"), np.array(BOXES, np.float32)
    boxes[:, 5] = [0, 90, 180, 270, -90, 0, 360, 450]
    radians = boxes.copy()
    radians[:, 5] = boxes[:, 5] * (math.pi / 180)
    rules = Dialect(unit="degrees")
    got = multiscale_roi_align_rotated(maps, boxes, 2, SCALES, 2, dialect=rules, **CHOOSING)
    assert np.array_equal(got, multiscale_roi_align_rotated(maps, radians, 2, SCALES, 2, **CHOOSING))


def test_a_workspace_of_the_size_said_is_enough():
    maps, boxes = pyramid(3, np.float32, "NCHW"), np.array(BOXES, np.float32)
    shapes, grad = [array.shape for array in maps], drawn((len(boxes), 3, 2, 2))
    size = multiscale_roi_align_rotated_backward_workspace(shapes, len(boxes), 2, on_gpu=False)
    right = multiscale_roi_align_rotated_backward(grad, boxes, shapes, SCALES, 2, **CHOOSING)
    outs = [np.full_like(array, 77) for array in maps]
    got = multiscale_roi_align_rotated_backward(
        grad, boxes, shapes, SCALES, 2, out=outs, workspace=np.empty(size, np.uint8), **CHOOSING
    )
    assert all(a is b for a, b in zip(got, outs, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(got, right, strict=True))
    with pytest.raises(ValueError, match=f"this call needs {size}"):
        multiscale_roi_align_rotated_backward(
            grad, boxes, shapes, SCALES, 2, workspace=np.empty(size - 1, np.uint8), **CHOOSING
        )


@pytest.mark.parametrize(("changes", "error", "message"), [
    ({"inputs": []}, ValueError, "at least one level"),
    ({"inputs": [drawn((2, 3, 6, 6)), drawn((2, 4, 3, 3))]}, ValueError, "same N and C"),
    ({"inputs": [drawn((2, 3, 6, 6)), drawn((2, 3, 3, 3), np.float64)]}, TypeError, r"inputs\[1\] has data type float64"),
    ({"spatial_scales": [0.5]}, ValueError, "1 spatial_scales for 2 levels"),
    ({"spatial_scales": [0.5, (0.25, 0.125)], "first_level": 1}, ValueError, "two would shear a rotated box"),
    ({"spatial_scales": [0.5, 0.3]}, ValueError, "so first_level must be given"),
    ({"spatial_scales": [0.5, 0], "first_level": 1}, ValueError, "greater than 0"),
    ({"boxes": np.ones((1, 5), np.float32)}, ValueError, r"\(K, 6\), rows \[batch_index, cx, cy, w, h, angle\]"),
    ({"level_rule": "torchvision"}, ValueError, "level_rule must be one of 'axlearn', 'detectron2', 'mmdetection'"),
    ({"canonical_size": 0}, ValueError, "canonical_size must be finite and greater than 0"),
    ({"canonical_level": 1.5}, TypeError, "canonical_level"),
    ({"sampling_ratio": 2000}, ValueError, "at most 1024"),
    ({"aligned": 1}, TypeError, "aligned must be True or False"),
    ({"clockwise": "yes"}, TypeError, "clockwise must be True or False"),
    ({"dialect": "none"}, ValueError, "no dialect of multiscale_roi_align_rotated is called 'none'"),
    ({"dialect": 7}, TypeError, "must be a multiscale_roi_align_rotated.Dialect"),
    ({"dialect": "mmrotate", "level_rule": "mmdetection"}, ValueError, "leave them out"),
    ({"dialect": "mmrotate", "aligned": False}, ValueError, "leave them out"),
    ({"layout": "CHW"}, ValueError, "layout must be one of"),
])  # fmt: skip
def test_a_wrong_argument_is_named(changes, error, message):
    maps = [drawn((2, 3, 6, 6)), drawn((2, 3, 3, 3))]
    call = {"inputs": maps, "boxes": np.array(BOXES, np.float32), "output_size": 2, "spatial_scales": [0.5, 0.25]}
    with pytest.raises(error, match=message):
        multiscale_roi_align_rotated(**(call | changes))


@pytest.mark.parametrize("choice", [{"level_rule": "matterport"}, {"min_size": "half"}, {"turn": "left"}])
def test_a_choice_that_no_rotated_pooler_has_is_refused(choice):
    with pytest.raises(ValueError, match=next(iter(choice.values()))):
        Dialect(**choice)


@pytest.mark.parametrize("given", ["out", "input_shapes"])
def test_gradients_are_as_many_as_levels(given):
    maps, boxes = pyramid(3, np.float32, "NCHW"), np.array(BOXES, np.float32)
    shapes = [array.shape for array in maps]
    call = {"input_shapes": shapes, "out": maps} | {given: {"out": maps, "input_shapes": shapes}[given][:2]}
    with pytest.raises(ValueError, match=r"arrays for|spatial_scales for"):
        multiscale_roi_align_rotated_backward(
            drawn((len(boxes), 3, 2, 2)), boxes, spatial_scales=SCALES, sampling_ratio=2, **call, **CHOOSING
        )
