"""Levels by exact arithmetic: worked out by hand, where rounding decides, and against RA-17's cases of single roundings."""

from fractions import Fraction

import pytest

from roikit.conformance.exact.floats import FLOAT_TYPES
from roikit.conformance.operators.multiscale_roi_align.oracle.levels import (
    Interval,
    Pyramid,
    level_of,
    nearest_power,
    scale_of,
)
from roikit.conformance.operators.roi_align.levels import load_level_cases
from roikit.kernels.dialects.multiscale_roi_align import DIALECTS, WITHOUT_SIZE, Dialect, LevelRule, NoLevel

FPN = Pyramid(2, 4, Fraction(224), 4)
SINGLE, DOUBLE = FLOAT_TYPES["float32"], FLOAT_TYPES["float64"]


def of(rule, width, height, to=None, pyramid=FPN):
    dialect = Dialect(level_rule=rule, no_level=WITHOUT_SIZE[LevelRule(rule)])
    return level_of((10.0, 20.0, 10.0 + width, 20.0 + height), pyramid, dialect, to)


@pytest.mark.parametrize("rule", LevelRule)
def test_squares_well_within_a_level(rule):
    for side, level in ((20, 0), (60, 0), (130, 1), (280, 2), (500, 3), (5000, 3)):
        assert of(rule, side, side) == {level}
        assert of(rule, side, side, SINGLE) == {level}
        assert of(rule, 4 * side, side / 4) == {level}


def test_the_least_size_of_a_level_is_on_it_where_levels_are_rounded_down():
    for rule in ("torchvision", "detectron2", "mmdetection", "axlearn"):
        for level, side in enumerate((112, 224, 448), 1):
            assert of(rule, side, side, SINGLE) == of(rule, side, side, DOUBLE) == {level}
            assert of(rule, side - 0.25, side, SINGLE) == {level - 1}
    assert of("maskrcnn-benchmark", 223, 223, SINGLE) == {2}
    assert of("maskrcnn-benchmark", 222.75, 223, SINGLE) == {1}


def test_halfway_between_levels_is_the_root_of_two():
    assert of("matterport", 158, 158) == of("axlearn", 158, 158) == {1}
    assert of("matterport", 159, 159) == {2}
    assert of("axlearn", 159, 159) == {1}


def test_rules_differ_by_what_they_add():
    """Roots of areas a millionth, and a hundred-millionth, below 224."""
    by_millionth = {rule: of(rule, 224.1875, 223.8125, DOUBLE) for rule in LevelRule}
    assert by_millionth == {
        "torchvision": {2}, "detectron2": {1}, "mmdetection": {1}, "maskrcnn-benchmark": {2}, "matterport": {2}, "axlearn": {1},
    }  # fmt: skip
    b = 1 / 64
    assert of("detectron2", 224 + b, 224 - b, DOUBLE) == {2}
    assert of("axlearn", 224 + b, 224 - b, DOUBLE) == {1}
    assert of("axlearn", 224 + b, 224 - b, SINGLE) == {1, 2}, "32 bits cannot tell"


def test_a_box_of_negative_area_is_on_no_level_or_the_first():
    for rule in LevelRule:
        expected = {None} if WITHOUT_SIZE[rule] == NoLevel.ZERO else {0}
        assert of(rule, -300, 300) == of(rule, 300, -300, SINGLE) == expected
        assert of(rule, -300, -300) == {2}
        assert of(rule, 0, 300) == {0} or rule == LevelRule.MASKRCNN_BENCHMARK


def test_one_step_rounds_to_neighbours_and_never_beyond_a_number():
    third = Fraction(1, 3)
    found = Interval(third, third).rounded(SINGLE)
    assert found.low < third < found.high
    assert found.high - found.low == SINGLE.spacing(third)
    assert Interval(Fraction(1), 1 + Fraction(1, 10**8)).rounded(SINGLE) == (1, 1 + Fraction(1, 2**23))
    assert Interval(third, third).rounded(None) == (third, third)


def test_what_single_roundings_lead_to_is_among_what_is_allowed():
    """RA-17 rounds each step to nearest: that is one of the ways that are allowed here."""
    several = 0
    for case in load_level_cases():
        dialect = Dialect(level_rule=case.rule, no_level=WITHOUT_SIZE[LevelRule(case.rule)])
        for box, level in zip(case.boxes, case.levels, strict=True):
            allowed = level_of(tuple(box), FPN, dialect, FLOAT_TYPES[case.dtype])
            assert level in allowed
            several += len(allowed) > 1
    assert several


@pytest.mark.parametrize(
    ("x", "power"), [(1, 0), ("1/4", -2), ("7/20", -2), ("9/25", -1), ("707/1000", -1), ("708/1000", 0), (3, 2)]
)
def test_the_nearest_power_is_that_of_the_logarithm(x, power):
    assert nearest_power(Fraction(x)) == power


def test_scales_are_found_or_refused():
    given = {"input": {"shape": [1, 1, 24, 12]}, "level_sizes": [[16, 12], [8, 6]], "image_size": [64, 48]}
    assert scale_of(given) == Fraction(1, 4)
    for wrong in ([64, 96], [128, 48]):
        with pytest.raises(ValueError, match="scales"):
            scale_of({**given, "image_size": wrong})
    with pytest.raises(ValueError, match="scales"):
        scale_of({**given, "level_sizes": [[16, 12], [4, 3]]})


def test_named_dialects_have_the_rules_that_their_names_say():
    assert {name: rules.level_rule.value for name, rules in DIALECTS.items() if not name.startswith("roikit")} == {
        "torchvision": "torchvision", "detectron2": "detectron2", "detectron2-legacy": "detectron2",
        "mmdetection": "mmdetection", "mmdetection-legacy": "mmdetection", "maskrcnn-benchmark": "maskrcnn-benchmark",
    }  # fmt: skip
