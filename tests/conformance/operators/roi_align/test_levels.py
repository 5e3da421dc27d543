"""RA-17: the golden levels, and that pools of whoever is here take RoIs from them."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from roikit.conformance.exact.floats import FLOAT_TYPES
from roikit.conformance.operators.roi_align import levels
from roikit.conformance.operators.roi_align.levels import (
    LEVELS,
    RULES,
    level_of,
    load_level_cases,
    read_levels,
    rounded,
)

CASES = load_level_cases()


def name_of(case):
    return f"{case.rule}-{case.dtype}-{case.about.replace(' ', '-')}"


def test_the_file_is_what_exact_arithmetic_gives():
    assert levels.main([str(Path(levels.__file__).parent), "--check"]) == 0


def test_every_level_of_every_rule_is_reached_and_just_missed():
    for rule in RULES:
        for dtype in ("float32", "float64"):
            found = [level for case in CASES if (case.rule, case.dtype) == (rule, dtype) for level in case.levels]
            assert set(found) == set(range(LEVELS))
    sides = [c for c in CASES if c.about.startswith("squares")]
    assert len(sides) == len(RULES) * 2 * (LEVELS - 1)
    for case in sides:
        (_, _, below, _), (_, _, at, _) = case.boxes[1:3]
        assert np.nextafter(np.dtype(case.dtype).type(below), np.inf) == at
        assert case.levels[:4] == (case.levels[2] - 1,) * 2 + (case.levels[2],) * 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_boxes_tell_all_rules_apart(dtype):
    boxes = [box for case in CASES if case.dtype == dtype for box in case.boxes]
    assert len({tuple(level_of(rule, box, dtype) for box in boxes) for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_are_rounded_as_numpy_rounds_them(dtype):
    rng = np.random.default_rng(0)
    kind, to = np.dtype(dtype).type, FLOAT_TYPES[dtype]
    for a, b in rng.uniform(0.001, 1000, (200, 2)).astype(dtype):
        exact = Fraction(float(a)) * Fraction(float(b))
        assert float(rounded(exact, to)) == kind(a * b)
        assert float(levels._square_root(Fraction(float(a)), to)) == np.sqrt(a)
        assert abs(float(levels._logarithm(Fraction(float(a)), to)) - np.log2(np.float64(a))) <= to.unit * 20
    assert levels._square_root(Fraction(9, 4), to) == Fraction(3, 2)


def test_a_box_of_negative_area_has_no_level():
    with pytest.raises(ValueError, match="is negative"):
        level_of("torchvision", (10.0, 0.0, 0.0, 5.0), "float32")


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_our_kernels_take_each_roi_from_its_level(case):
    from roikit.kernels import multiscale_roi_align

    def pooler(maps, boxes, scales):
        return multiscale_roi_align(maps, boxes, 1, scales, 2, level_rule=case.rule)

    assert read_levels(pooler, case) == list(case.levels)


@pytest.mark.parametrize("case", [c for c in CASES if c.rule == "torchvision"], ids=name_of)
def test_torchvision_does(case):
    torch, ops = pytest.importorskip("torch"), pytest.importorskip("torchvision.ops")
    pool = ops.MultiScaleRoIAlign(["0", "1", "2", "3"], 1, 2)

    def pooler(maps, boxes, scales):
        named = {str(i): torch.from_numpy(array) for i, array in enumerate(maps)}
        size = int(maps[0].shape[2] / scales[0])
        return pool(named, [torch.from_numpy(boxes[:, 1:].copy())], [(size, size)]).numpy()

    assert read_levels(pooler, case) == list(case.levels)


def test_a_wrong_level_is_seen():
    case = next(c for c in CASES if c.about.startswith("squares"))
    wrong = next(rule for rule in RULES if [level_of(rule, b, case.dtype) for b in case.boxes] != list(case.levels))
    from roikit.kernels import multiscale_roi_align

    read = read_levels(lambda m, b, s: multiscale_roi_align(m, b, 1, s, 2, level_rule=wrong), case)
    assert read != list(case.levels)
