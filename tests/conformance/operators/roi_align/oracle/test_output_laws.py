"""The oracle against plain enumeration, and laws that RoIAlign obeys."""

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from roikit.conformance.exact.numbers import Special
from roikit.conformance.operators.roi_align.oracle.output import roi_align
from roikit.kernels.dialects.choices import Adaptive, GridCap, MinSize
from tests.conformance.operators.roi_align.oracle.calls import ALIGNED, LEGACY, dialects, fractions, pool, seeds, small


def enumerated(feature, box, output, scale, ratio, mode, dialect):
    """One RoI, sample by sample, straight from the text of the rules."""
    b, x1, y1, x2, y2 = box
    _, channels, height, width = feature.shape

    def axis(first, last, s, bins, r, pixels):
        last = last + 1 if dialect.end == "plus_one" else last
        before = {"half_before_scale": Fraction(-1, 2), "pixel_centre": Fraction(1, 2)}.get(dialect.offset, 0)
        after = Fraction(1, 2) if dialect.offset in ("half", "pixel_centre") else 0
        start, end = (first + before) * s - after, (last + before) * s - after
        extent = max(end - start, {"none": end - start, "zero": 0, "one": 1}[dialect.min_size])
        size = extent / Fraction(bins)
        away = math.floor(size + Fraction(1, 2)) if size >= 0 else math.ceil(size - Fraction(1, 2))
        g = r if r > 0 else {"ceil": math.ceil(size), "floor": math.floor(size), "round": away}[dialect.adaptive]
        g = max(g, 1) if dialect.empty_grid == "one_sample" else g
        taken = min(g, pixels) if dialect.grid_cap == "map" and r <= 0 else g
        return [[start + p * size + (i + Fraction(1, 2)) * size / g for i in range(taken)] for p in range(bins)], g

    ys, gy = axis(y1, y2, scale[0], output[0], ratio[0], height)
    xs, gx = axis(x1, x2, scale[1], output[1], ratio[1], width)
    out = np.full((channels, *output), None)
    for c, p, q in np.ndindex(out.shape):
        samples, candidates = [], [] if dialect.max_start is None else [Fraction(dialect.max_start)]
        for at_y, at_x in itertools.product(ys[p], xs[q]):
            if dialect.outside == "zero" and not (-1 <= at_y <= height and -1 <= at_x <= width):
                samples.append(0)
                candidates += [] if dialect.max == "sample_inside" else [0]
                continue
            y, x = min(max(at_y, 0), height - 1), min(max(at_x, 0), width - 1)
            corners = []
            for row, column in itertools.product(
                (math.floor(y), math.floor(y) + 1), (math.floor(x), math.floor(x) + 1)
            ):
                weight = (1 - abs(y - row)) * (1 - abs(x - column))
                pixel = feature[int(b), c, min(row, height - 1), min(column, width - 1)]
                corners.append(weight * Fraction(float(pixel)))
            samples.append(sum(corners))
            candidates += corners if dialect.max == "corner" else [sum(corners)]
        if mode == "max":
            out[c, p, q] = max(candidates, default=0)
        elif gy > 0 and gx > 0:
            out[c, p, q] = sum(samples) / Fraction(gy * gx)
        else:
            out[c, p, q] = Special.NAN if dialect.empty_grid == "nan" and 0 in (gy, gx) else 0
    return out


any_dialect = dialects(None, 0.0, -3.0)
mixed_boxes = st.tuples(st.integers(0, 1), *[fractions(-12, 14)] * 4)
inner_corners = st.tuples(*[fractions(2, 5)] * 2, *[fractions(0, 3)] * 2)


def integers(seed, shape=(2, 2, 4, 5)):
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(float)


def box_of(corner_and_size, batch=0):
    x, y, width, height = corner_and_size
    return [batch, x, y, x + width, y + height]


@settings(deadline=None, max_examples=200)
@given(
    seed=seeds,
    size=st.tuples(small, st.integers(1, 6)),
    box=mixed_boxes,
    output=st.tuples(small, small),
    scale=st.tuples(fractions(Fraction(1, 4), 2), fractions(Fraction(1, 4), 2)),
    ratio=st.tuples(st.integers(-1, 3), st.integers(-1, 3)),
    mode=st.sampled_from(["avg", "max"]),
    dialect=any_dialect,
)
def test_equals_plain_enumeration(seed, size, box, output, scale, ratio, mode, dialect):
    feature = integers(seed, (2, 2, *size))
    got = roi_align(feature, [box], output, scale, ratio, mode, dialect).values[0]
    assert (got == enumerated(feature, box, output, scale, ratio, mode, dialect)).all()


@settings(deadline=None, max_examples=50)
@given(inner_corners, small, st.integers(0, 3), any_dialect)
def test_a_constant_map_gives_the_constant(corners, bins, ratio, dialect):
    uncapped = replace(dialect, min_size=MinSize.ONE, adaptive=Adaptive.CEIL, grid_cap=GridCap.NONE)
    result = pool(np.full((1, 1, 10, 10), 2.5), [box_of(corners)], (bins, bins), ratio=ratio, dialect=uncapped)
    assert set(result.values.flat) == {Fraction("2.5")}
    assert (result.magnitude == result.values).all()


@settings(deadline=None, max_examples=50)
@given(inner_corners, small, st.integers(1, 3), st.integers(-5, 5), st.integers(-5, 5))
def test_a_linear_map_gives_its_value_at_the_centre_of_the_bin(corners, bins, ratio, a, b):
    feature = np.fromfunction(lambda n, c, y, x: a * y + b * x + n + c, (1, 1, 10, 10))
    x, y, width, height = corners
    values = pool(feature, [box_of(corners)], (bins, bins), ratio=ratio, dialect=ALIGNED).values[0, 0]
    for p, q in np.ndindex(values.shape):
        centre_y, centre_x = (
            start - Fraction(1, 2) + (n + Fraction(1, 2)) * size / bins
            for start, n, size in ((y, p, height), (x, q, width))
        )
        assert values[p, q] == a * centre_y + b * centre_x


@settings(deadline=None, max_examples=50)
@given(seeds, inner_corners, st.integers(0, 2), st.integers(0, 2), st.sampled_from([LEGACY, ALIGNED]))
def test_translation_by_whole_pixels(seed, corners, dy, dx, dialect):
    feature = integers(seed, (1, 1, 12, 12))
    x, y, *size = corners
    moved = box_of((x - dx + 2, y - dy + 2, *size))
    still = box_of((x + 2, y + 2, *size))
    cropped = feature[:, :, dy:, dx:]
    assert (
        pool(cropped, [moved], dialect=dialect, ratio=0).values
        == pool(feature, [still], dialect=dialect, ratio=0).values
    ).all()


@settings(deadline=None, max_examples=50)
@given(seeds, mixed_boxes, st.integers(0, 2), st.sampled_from([LEGACY, ALIGNED]))
def test_twice_the_scale_of_half_the_box(seed, box, ratio, dialect):
    half = [box[0], *(v / 2 for v in box[1:])]
    feature = integers(seed)
    one, two = (pool(feature, [b], scale=s, ratio=ratio, dialect=dialect).values for b, s in ((box, 1), (half, 2)))
    assert (one == two).all()


@settings(deadline=None, max_examples=30)
@given(seeds, st.lists(mixed_boxes, min_size=1, max_size=3), st.sampled_from(["avg", "max"]), any_dialect)
def test_rois_channels_and_images_do_not_meet(seed, boxes, mode, dialect):
    feature = integers(seed)
    together = pool(feature, boxes, mode=mode, dialect=dialect)
    for k, (batch, *corners) in enumerate(boxes):
        for c in range(2):
            alone = pool(feature[batch : batch + 1, c : c + 1], [[0, *corners]], mode=mode, dialect=dialect)
            assert (alone.values[0, 0] == together.values[k, c]).all()


@settings(deadline=None, max_examples=50)
@given(seeds, mixed_boxes, st.tuples(small, small), st.sampled_from(["avg", "max"]), any_dialect)
def test_both_axes_follow_the_same_rules(seed, box, output, mode, dialect):
    feature = integers(seed)
    b, x1, y1, x2, y2 = box
    straight = roi_align(feature, [box], output, (1, Fraction(1, 2)), (0, 2), mode, dialect)
    swapped = roi_align(
        feature.transpose(0, 1, 3, 2), [[b, y1, x1, y2, x2]], output[::-1], (Fraction(1, 2), 1), (2, 0), mode, dialect
    )
    assert (straight.values == swapped.values.transpose(0, 1, 3, 2)).all()
