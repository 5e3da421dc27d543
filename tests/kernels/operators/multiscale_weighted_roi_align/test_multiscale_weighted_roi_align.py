"""Weighted RoIAlign on a pyramid is, bit for bit, weighted RoIAlign of the RoIs of each level on its map, by its weights.

Boxes that are on no level, weights that are not read, and bad arguments.
"""

from dataclasses import replace

import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    LevelRule,
    multiscale_roi_align,
    multiscale_weighted_roi_align,
    multiscale_weighted_roi_align_backward,
    multiscale_weighted_roi_align_backward_boxes,
    multiscale_weighted_roi_align_backward_weights,
    weighted_roi_align,
    weighted_roi_align_backward,
    weighted_roi_align_backward_boxes,
    weighted_roi_align_backward_weights,
)
from roikit.kernels.dialects.multiscale_roi_align import NoLevel
from roikit.kernels.dialects.multiscale_weighted_roi_align import DIALECTS, Dialect
from tests.kernels.operators.arrays import DTYPES, LAYOUTS, drawn, like, wide
from tests.kernels.operators.levels import BOXES, CHOOSING, LEVELS, SCALES, SIZES, pyramid, sizes_of_squares

WAYS = [
    {"normalise": True},
    {"normalise": True, "guard": "clamp", "epsilon": 0.5, "dialect": "onnx-16"},
    {"mode": "max", "dialect": "mmcv"},
    {"mode": "max", "dialect": "onnx-16"},
    {"mode": "lp", "p": 2.5},
    {"mode": "softmax", "beta": -0.5, "dialect": "openvino-half-pixel-for-nn"},
]
GUARDS = ("zero", "add", "clamp", "none")


def named(pooling, rule="axlearn"):
    """Our dialect that pools as one of `weighted_roi_align`."""
    return next(replace(rules, level_rule=rule) for rules in DIALECTS.values() if rules.pooling == of_name(pooling))


def of_name(pooling):
    from roikit.kernels.dialects.weighted_roi_align import named_dialect

    return named_dialect(pooling)


def weights_of_maps(channels, dtype, layout, first=2):
    """Of so many images or RoIs, all positive."""
    return [abs(array) + array.dtype.type(1) for array in pyramid(channels, dtype, layout, first, seed=10)]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(map(str, way.values())))
@pytest.mark.parametrize(("of", "each", "ratio"), [("images", False, 2), ("images", True, 0), ("rois", True, (1, 3))])
def test_it_is_one_call_for_each_level_bit_for_bit(layout, dtype, way, of, each, ratio):
    channels, boxes, put = 5, np.array(BOXES, wide(dtype)), np.array(LEVELS)
    maps = pyramid(channels, dtype, layout)
    weights = weights_of_maps(channels if each else 1, dtype, layout, len(boxes) if of == "rois" else 2)
    alone = {"dialect": "torchvision", "weights_of": of, "layout": layout, **way}
    how = {**alone, "dialect": named(alone["dialect"]), **CHOOSING}
    out = multiscale_weighted_roi_align(maps, boxes, weights, (3, 2), SCALES, ratio, **how)
    assert out.dtype == dtype
    grad, shapes = like(drawn((len(boxes), channels, 3, 2), dtype, 7), layout), [array.shape for array in maps]
    where = SCALES, ratio
    of_maps = multiscale_weighted_roi_align_backward(grad, boxes, weights, shapes, *where, **how, inputs=maps)
    of_weights = multiscale_weighted_roi_align_backward_weights(grad, maps, boxes, weights, *where, **how)
    of_boxes = multiscale_weighted_roi_align_backward_boxes(grad, maps, boxes, weights, *where, **how)
    for level, (array, scale) in enumerate(zip(maps, SCALES, strict=True)):
        mine = put == level
        own = weights[level][mine] if of == "rois" else weights[level]
        right = weighted_roi_align(array, boxes[mine], own, (3, 2), scale, ratio, **alone)
        assert right.any()
        assert np.array_equal(out[mine], right, equal_nan=True)
        where = scale, ratio
        sent = weighted_roi_align_backward(grad[mine], boxes[mine], own, array.shape, *where, **alone, input=array)
        assert sent.any()
        assert np.array_equal(of_maps[level], sent)
        learned = weighted_roi_align_backward_weights(grad[mine], array, boxes[mine], own, *where, **alone)
        assert np.array_equal(of_weights[level][mine] if of == "rois" else of_weights[level], learned)
        assert of == "images" or not of_weights[level][~mine].any()
        moved = weighted_roi_align_backward_boxes(grad[mine], array, boxes[mine], own, *where, **alone)
        assert np.array_equal(of_boxes[mine], moved)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("mode", ["avg", "max"])
def test_by_weights_of_1_it_is_multiscale_roi_align(layout, mode):
    maps, boxes = pyramid(3, np.float32, layout), np.array(BOXES, np.float32)
    ones = [np.ones_like(array) for array in maps]
    how = {"mode": mode, "layout": layout, **CHOOSING}
    got = multiscale_weighted_roi_align(maps, boxes, ones, 3, SCALES, 2, **how)
    assert np.array_equal(got, multiscale_roi_align(maps, boxes, 3, SCALES, 2, **how))


@pytest.mark.parametrize(
    ("rule", "levels"), [("axlearn", [0, 1, 1, 2]), ("torchvision", [1, 1, 2, 2]), ("matterport", [1, 1, 2, 2])]
)
def test_a_level_begins_at_its_size(rule, levels):
    def pool(maps, boxes, **how):
        return multiscale_weighted_roi_align(maps, boxes, [np.ones_like(m) for m in maps], 1, SCALES, 1, **how)

    assert sizes_of_squares(pool, rule) == levels


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("no_level", NoLevel)
@pytest.mark.parametrize("way", [{}, *({"normalise": True, "guard": g} for g in GUARDS), *WAYS[2:]], ids=str)
def test_a_box_of_negative_area_is_on_no_level_or_on_the_first(layout, no_level, way):
    """On none it is 0, also where a sum of 0 is divided by, and where a maximum begins at -10000."""
    maps, weights = ([1 + abs(array) for array in pyramid(c, np.float32, layout, seed=s)] for c, s in ((3, 0), (1, 5)))
    boxes = np.array([[0, 4, 4, 24, 24], [1, 22, 5, 2, 20], [0, 2, 20, 22, 5]], np.float32)
    rules = replace(named(way.get("dialect", "torchvision"), "detectron2"), no_level=no_level)
    how = {**way, "dialect": rules, "layout": layout, **CHOOSING}
    out = multiscale_weighted_roi_align(maps, boxes, weights, 2, SCALES, 2, **how)
    assert out[0].all()
    ones, shapes = np.ones_like(out), [array.shape for array in maps]
    of_maps = multiscale_weighted_roi_align_backward(ones, boxes, weights, shapes, SCALES, 2, **how, inputs=maps)
    of_weights = multiscale_weighted_roi_align_backward_weights(ones, maps, boxes, weights, SCALES, 2, **how)
    of_boxes = multiscale_weighted_roi_align_backward_boxes(ones, maps, boxes, weights, SCALES, 2, **how)
    if no_level == NoLevel.ZERO:
        assert not out[1:].any()
        assert not of_boxes[1:].any()
        assert [bool(array.any()) for array in of_maps] == [False, True, False]
        assert not of_weights[0].any()
        assert not of_weights[2].any()
    else:
        alone = {**way, "dialect": rules.pooling, "layout": layout}
        right = weighted_roi_align(maps[0], boxes[1:], weights[0], 2, SCALES[0], 2, **alone)
        assert np.array_equal(out[1:], right, equal_nan=True)
        assert of_maps[0].any() == right.any()


def test_of_a_roi_that_has_weights_those_of_its_level_are_read_alone():
    maps, boxes = pyramid(3, np.float32, "NCHW"), np.array(BOXES, np.float32)
    weights = weights_of_maps(1, np.float32, "NCHW", len(boxes))
    how = {"normalise": True, "weights_of": "rois", "level_rule": "axlearn", **CHOOSING}
    spoilt = [array.copy() for array in weights]
    for level, array in enumerate(spoilt):
        array[np.array(LEVELS) != level] = np.nan
    shapes, grad = [array.shape for array in maps], drawn((len(boxes), 3, 2, 2))

    def found(given):
        yield multiscale_weighted_roi_align(maps, boxes, given, 2, SCALES, 2, **how)
        yield from multiscale_weighted_roi_align_backward(grad, boxes, given, shapes, SCALES, 2, **how)
        yield from multiscale_weighted_roi_align_backward_weights(grad, maps, boxes, given, SCALES, 2, **how)
        yield multiscale_weighted_roi_align_backward_boxes(grad, maps, boxes, given, SCALES, 2, **how)

    assert all(np.array_equal(a, b) for a, b in zip(found(weights), found(spoilt), strict=True))


@pytest.mark.parametrize("spoilt", [[0, 20, np.nan, 5, 29], [2, 20, 20, 5, 29], [0, 20, 20, 5, np.inf]])
@pytest.mark.parametrize("of", ["images", "rois"])
def test_a_box_of_no_level_that_cannot_be_pooled_is_refused_all_the_same(spoilt, of):
    boxes, maps = np.array([BOXES[0], spoilt], np.float32), pyramid(2, np.float32, "NCHW")
    weights = weights_of_maps(1, np.float32, "NCHW")
    how, grad = {"dialect": "mmdetection", "weights_of": of, **CHOOSING}, drawn((2, 2, 2, 2))
    for call in (
        lambda: multiscale_weighted_roi_align(maps, boxes, weights, 2, SCALES, 2, **how),
        lambda: multiscale_weighted_roi_align_backward_weights(grad, maps, boxes, weights, SCALES, 2, **how),
    ):
        with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled"):
            call()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_of_one_level_it_is_weighted_roi_align(layout):
    x, w = like(drawn((2, 3, 12, 13)), layout), like(abs(drawn((2, 1, 12, 13), seed=1)), layout)
    boxes = np.array(BOXES, np.float32)
    boxes[0, 3] = -1  # which has a place on the only level
    got = multiscale_weighted_roi_align([x], boxes, [w], 2, [0.25], 2, dialect="detectron2", layout=layout)
    assert np.array_equal(got, weighted_roi_align(x, boxes, w, 2, 0.25, 2, dialect="detectron2", layout=layout))


@pytest.mark.parametrize(("name", "arguments"), [
    ("torchvision", {}),
    ("roikit-aligned", {"aligned": True}),
    ("detectron2", {"level_rule": LevelRule.DETECTRON2, "aligned": True}),
    ("maskrcnn-benchmark", {"level_rule": "maskrcnn-benchmark"}),
    ("roikit-axlearn", {"level_rule": "axlearn", "aligned": True}),
])  # fmt: skip
def test_a_dialect_is_what_its_arguments_are(name, arguments):
    maps, boxes = pyramid(2, np.float32, "NCHW"), np.array(BOXES, np.float32)
    given = (maps, boxes, weights_of_maps(1, np.float32, "NCHW"), 2, SCALES, 2)
    by_name = multiscale_weighted_roi_align(*given, dialect=name, **CHOOSING)
    assert np.array_equal(by_name, multiscale_weighted_roi_align(*given, **arguments, **CHOOSING))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_scales_may_differ_along_the_axes(layout):
    maps, boxes = pyramid(2, np.float32, layout), np.array(BOXES, np.float32)
    weights, scales = weights_of_maps(1, np.float32, layout), [(0.5, 0.25), (0.25, 0.125), (0.125, 0.0625)]
    how = {"level_rule": "axlearn", "layout": layout, **CHOOSING}
    out = multiscale_weighted_roi_align(maps, boxes, weights, 2, scales, 2, **how)
    for level, (array, scale) in enumerate(zip(maps, scales, strict=True)):
        mine = np.array(LEVELS) == level
        right = weighted_roi_align(array, boxes[mine], weights[level], 2, scale, 2, layout=layout)
        assert np.array_equal(out[mine], right)


ONES = [np.ones((2, 1, 6, 6), np.float32), np.ones((2, 1, 3, 3), np.float32)]


@pytest.mark.parametrize(("changes", "error", "message"), [
    ({"inputs": []}, ValueError, "at least one level"),
    ({"inputs": [drawn((2, 4, 6, 6)), drawn((2, 8, 3, 3))]}, ValueError, "same N and C"),
    ({"weights": ONES[:1]}, ValueError, "weights has 1 arrays for 2 levels"),
    ({"weights": ONES[::-1]}, ValueError, r"weights\[0\] must have shape \(2, 1, 6, 6\) or \(2, 8, 6, 6\), not \(2, 1, 3, 3\)"),
    ({"weights": [ONES[0], np.ones((2, 8, 3, 3), np.float32)]}, ValueError, "as many channels; they have 1, 8"),
    ({"weights": [ONES[0], ONES[1].astype(np.float64)]}, TypeError, r"weights\[1\] has data type float64"),
    ({"weights_of": "rois"}, ValueError, r"weights\[0\] must have shape \(8, 1, 6, 6\) .* with weights_of='rois'"),
    ({"spatial_scales": [0.5]}, ValueError, "1 spatial_scales for 2 levels"),
    ({"spatial_scales": [0.5, 0.3]}, ValueError, "so first_level must be given"),
    ({"level_rule": "nearest"}, ValueError, "level_rule must be one of 'torchvision', 'detectron2', 'mmdetection'"),
    ({"canonical_size": 0}, ValueError, "canonical_size must be finite and greater than 0"),
    ({"mode": "max", "normalise": True}, ValueError, "leave normalise out"),
    ({"p": 2}, ValueError, 'p is of mode="lp" alone'),
    ({"guard": "nan"}, ValueError, "guard must be one of"),
    ({"dialect": "none"}, ValueError, "no dialect of multiscale_weighted_roi_align is called 'none'"),
    ({"dialect": 7}, TypeError, "must be a multiscale_weighted_roi_align.Dialect"),
    ({"dialect": "mmdetection", "level_rule": "mmdetection"}, ValueError, "leave them out"),
    ({"dialect": "mmdetection", "aligned": True}, ValueError, "leave them out"),
    ({"layout": "CHW"}, ValueError, "layout must be one of"),
])  # fmt: skip
def test_a_wrong_argument_is_named(changes, error, message):
    maps = [drawn((2, 8, 6, 6)), drawn((2, 8, 3, 3))]
    call = {
        "inputs": maps, "boxes": np.array(BOXES, np.float32), "weights": ONES, "output_size": 2,
        "spatial_scales": [0.5, 0.25],
    }  # fmt: skip
    with pytest.raises(error, match=message):
        multiscale_weighted_roi_align(**(call | changes))


@pytest.mark.parametrize("choice", [{"level_rule": "nearest"}, {"min_size": "half"}, {"max": "none"}])
def test_a_choice_that_nobody_makes_is_refused(choice):
    with pytest.raises(ValueError, match=next(iter(choice.values()))):
        Dialect(**choice)


def test_gradients_of_all_but_averages_need_the_maps():
    boxes, weights = np.array(BOXES, np.float32), weights_of_maps(1, np.float32, "NCHW")
    shapes = [(2, 3, *size) for size in SIZES]
    with pytest.raises(ValueError, match='mode="lp" needs the maps that were pooled: pass inputs'):
        multiscale_weighted_roi_align_backward(
            drawn((len(boxes), 3, 2, 2)), boxes, weights, shapes, SCALES, 2, mode="lp", **CHOOSING
        )


def test_arrays_to_write_to_are_as_many_as_levels_and_apart():
    maps, boxes = pyramid(3, np.float32, "NCHW"), np.array(BOXES, np.float32)
    weights, grad = weights_of_maps(3, np.float32, "NCHW"), drawn((len(boxes), 3, 2, 2))
    how = {"spatial_scales": SCALES, "sampling_ratio": 2, **CHOOSING}
    with pytest.raises(ValueError, match="out has 2 arrays for 3 levels"):
        multiscale_weighted_roi_align_backward_weights(grad, maps, boxes, weights, out=weights[:2], **how)
    outs = [np.empty_like(array) for array in maps]
    outs[0] = np.empty(outs[0].size + outs[2].size, np.float32)[: outs[0].size].reshape(outs[0].shape)
    outs[2] = outs[0].reshape(-1)[: outs[2].size].reshape(outs[2].shape)
    with pytest.raises(ValueError, match=r"out overlaps out\[0\] in memory"):
        multiscale_weighted_roi_align_backward_weights(grad, maps, boxes, weights, out=outs, **how)
