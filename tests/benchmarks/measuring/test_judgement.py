"""Expected values in some elements, and bounds that may be nothing at all."""

import numpy as np
import pytest

from benchmarks.measuring.judgement import Expected, Reference, crosswise


def reference(bound, value=1.5):
    block = Expected(
        0, (np.array([[0], [1]]), np.array([[0, 1]])), np.full((2, 2, 1, 1), value), np.full((2, 2, 1, 1), bound)
    )
    return Reference([(2, 3, 1, 1)], [block])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_only_copied_has_no_bound_and_must_be_equal(dtype):
    output = np.full((2, 3, 1, 1), 1.5, dtype)
    judged = reference(0.0).judge([output], dtype)
    assert (judged.correct, judged.error_over_bound, judged.checked, judged.elements) == (True, 0, 4, 6)
    output[1, 1] = np.nextafter(output[1, 1], output.dtype.type(2))
    judged = reference(0.0).judge([output], dtype)
    assert (judged.correct, judged.error_over_bound) == (False, np.inf)
    output[1, 1], output[1, 2] = 1.5, 99
    assert reference(0.0).judge([output], dtype).correct, "a channel that is not checked"


def test_a_bound_is_the_greatest_error_allowed():
    output = np.full((2, 3, 1, 1), 1.75, np.float32)
    assert reference(0.25).judge([output], "float32").error_over_bound == 1
    assert not reference(0.24).judge([output], "float32").correct


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_is_wrong_wherever_it_is(wrong):
    for dtype in ("float64", "float32", "float16"):
        output = np.full((2, 3, 1, 1), 1.5, dtype)
        output[1, 2] = wrong
        assert "not finite" in reference(0.0).judge([output], dtype).reason


def test_rois_and_channels_to_check():
    rng = np.random.default_rng(0)
    (everything,) = crosswise(40, 50, rng, whole=True)
    assert [len(part) for part in everything] == [40, 50]
    assert [tuple(map(len, block)) for block in crosswise(40, 50, rng, whole=False)] == [(40, 24), (24, 50)]


def test_who_follows_other_rules_is_held_to_these():
    output = [np.full((2, 3, 1, 1), 1.5, np.float32)]
    both = reference(0.0, value=1.0)
    both.others["theirs"] = reference(0.0)
    assert not both.under(None).judge(output, "float32").correct
    assert both.under("theirs").judge(output, "float32").correct
    with pytest.raises(KeyError):
        both.under("nobody's")
