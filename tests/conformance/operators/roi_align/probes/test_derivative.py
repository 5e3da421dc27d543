"""Whether a backward is the derivative of its forward is told from readings alone."""

from dataclasses import replace

import numpy as np
import pytest

from roikit.conformance.findings import Derivative, Reading
from roikit.conformance.operators.roi_align.probes.calls import AVERAGES, MAXIMA, PROBES
from roikit.conformance.operators.roi_align.probes.decision import detect
from roikit.conformance.operators.roi_align.probes.derivative import compare, compare_boxes
from roikit.kernels.dialects.roi_align import DIALECTS
from tests.conformance.operators.roi_align.probes.played import (
    REFUSED,
    UNSUPPORTED,
    gradient,
    slopes,
    with_backward,
    with_box_gradient,
)

ORDINARY, HALF_A_PIXEL, AROUND = (
    "ordinary box, 2 samples",
    "box of half a pixel, 2 samples",
    "box around the map, 2 samples",
)
CLAMPED = {"outside": "clamp", "grid_cap": "map"}


@pytest.mark.parametrize("name", ["torchvision-aligned", "onnx-16", "chainer", "mmcv", "torchvision-python"])
def test_slopes_of_maxima_are_their_exact_gradients(name):
    """So no two samples share a maximum, and no step makes another one win."""
    for probe in MAXIMA:
        seen, exact = slopes(probe, DIALECTS[name]), gradient(probe, DIALECTS[name])
        assert np.allclose(seen, np.where(np.isnan(seen), np.nan, exact), rtol=0, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize(
    "name", ["torchvision", "torchvision-aligned", "mmcv", "onnx-16", "openvino-half-pixel", "chainer"]
)
def test_a_backward_that_is_the_derivative_is_said_to_be(name):
    dialect = DIALECTS[name]
    readings = with_backward(dialect, dialect)
    derivative = compare(readings, dialect, "float32")
    assert derivative.differences == derivative.failures == derivative.instead == derivative.names == ()
    assert derivative.compared > 15


@pytest.mark.parametrize(
    ("name", "backward", "instead", "named", "first"),
    [
        # What libraries were measured to do: dialects.md, section 3.3.
        ("paddle", replace(DIALECTS["paddle"], min_size="one"), {"min_size": "one"}, "migraphx", HALF_A_PIXEL),
        ("mindspore-end-mode-0", DIALECTS["mindspore"], {"end": "plus_one", "min_size": "none"}, "mindspore", ORDINARY),
        ("torchvision-aligned", DIALECTS["torchvision"], {"offset": "none", "min_size": "one"}, "torchvision", ORDINARY),
        ("mmcv", DIALECTS["torchvision-python-aligned"], CLAMPED, "torchvision-python-aligned", AROUND),
    ],
)  # fmt: skip
def test_a_backward_of_another_dialect_is_named(name, backward, instead, named, first):
    readings = with_backward(DIALECTS[name], backward)
    detection = detect(readings.forward, "float32")
    assert name in detection.names
    derivative = compare(readings, detection.best, "float32")
    assert {point: str(choice) for point, choice in derivative.instead} == instead
    assert named in derivative.names
    assert name not in derivative.names
    assert derivative.differences[0].probe == first


def test_a_backward_that_no_dialect_has_is_wrong_all_the_same():
    dialect = DIALECTS["torchvision"]
    readings = with_backward(dialect, dialect)
    for probe, reading in readings.backward.items():
        readings.backward[probe] = Reading(reading.values * (1 + 2.0**-10))
    readings.backward[AVERAGES[0]] = REFUSED
    derivative = compare(readings, dialect, "float32")
    assert (derivative.instead, derivative.names) == ((), ())
    assert {odd.probe for odd in derivative.differences} >= {probe.name for probe in AVERAGES[1:]}
    assert [odd.probe for odd in derivative.failures] == [AVERAGES[0].name]


@pytest.mark.parametrize("name", ["onnx-16", "openvino-half-pixel", "torchvision-python"])
def test_a_gradient_for_boxes_that_is_the_derivative_is_said_to_be(name):
    """So between its kinks an output is exactly linear in each corner, as far as corners are moved."""
    dialect = DIALECTS[name]
    readings = with_box_gradient(dialect, dialect)
    derivative = compare_boxes(readings, dialect, "float32")
    assert derivative.differences == derivative.failures == ()
    assert derivative.compared > 15


@pytest.mark.parametrize(
    ("name", "backward"),
    [
        ("torchvision-aligned", replace(DIALECTS["torchvision-aligned"], min_size="one")),
        ("torchvision", DIALECTS["torchvision-python"]),
    ],
)
def test_a_gradient_for_boxes_that_is_another_one_is_not(name, backward):
    derivative = compare_boxes(with_box_gradient(DIALECTS[name], backward), DIALECTS[name], "float32")
    assert derivative.differences
    assert derivative.compared > len(derivative.differences)


def test_a_gradient_for_boxes_that_is_a_little_off_is_not():
    dialect = DIALECTS["torchvision-aligned"]
    readings = with_box_gradient(dialect, dialect)
    ordinary, refused, point = AVERAGES[0], AVERAGES[1], AVERAGES[13]
    assert point.name == "box without area, adaptive"  # which stays empty, whichever corner moves
    for probe, factor in ((ordinary, 1 + 2.0**-10), (point, np.nan)):
        readings.box_backward[probe] = Reading(readings.box_backward[probe].values * factor)
    readings.box_backward[refused] = REFUSED
    derivative = compare_boxes(readings, dialect, "float32")
    assert [odd.probe for odd in derivative.differences] == [ordinary.name, point.name]
    assert derivative.differences[0].reason.startswith("bin (0, 0), x1: ")
    assert [odd.probe for odd in derivative.failures] == [refused.name]


def test_a_gradient_for_boxes_that_nobody_offers_is_no_failure():
    readings = with_box_gradient(DIALECTS["mmcv"], DIALECTS["mmcv"])
    readings.box_backward.update(dict.fromkeys(PROBES, UNSUPPORTED))
    assert compare_boxes(readings, DIALECTS["mmcv"], "float32") == Derivative(0, (), (), (), ())


def test_of_a_gradient_for_boxes_in_16_bits_nothing_is_said():
    dialect = DIALECTS["torchvision"]
    assert compare_boxes(with_box_gradient(dialect, dialect), dialect, "bfloat16").compared == 0
