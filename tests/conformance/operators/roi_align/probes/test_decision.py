"""Dialects are told from readings alone."""

from dataclasses import fields, replace
from itertools import pairwise

import ml_dtypes
import numpy as np
import pytest

from roikit.conformance.cases.golden import golden_ids
from roikit.conformance.commands.detect import _find
from roikit.conformance.detection.reading import Setting
from roikit.conformance.detection.report import Verdict as Found
from roikit.conformance.detection.report import name_of
from roikit.conformance.findings import Reading, Readings
from roikit.conformance.operators.roi_align.faults import formulas as faults
from roikit.conformance.operators.roi_align.probes.calls import AVERAGES, GENERIC, PROBES, SIZE, maps_of
from roikit.conformance.operators.roi_align.probes.decision import detect
from roikit.conformance.operators.roi_align.probes.prediction import CANDIDATES, GEOMETRY, choices, outcomes, place
from roikit.conformance.results import deviations
from roikit.conformance.sampling.axis import Rules
from roikit.conformance.verdict import Judgement, Verdict
from roikit.conformance.workers.process import Target
from roikit.kernels.dialects.choices import Max, MinSize, Offset
from roikit.kernels.dialects.roi_align import DIALECTS, Dialect
from tests.conformance.operators.roi_align.probes.played import (
    DISTINCT,
    REFUSED,
    UNSUPPORTED,
    left,
    output,
    output_on_its_maps,
    played,
)


@pytest.mark.one_in(6)
@pytest.mark.parametrize("dialect", DISTINCT, ids=DISTINCT.values())
def test_every_named_dialect_is_detected(dialect):
    detection = detect(played(dialect), "float32")
    assert DISTINCT[dialect] in detection.names
    assert detection.unexplained == detection.unsupported == ()
    for point, choices_left in left(detection).items():
        assert getattr(dialect, point) in choices_left
    # Whatever else is named computes the same.
    for name in detection.names:
        for probe in PROBES:
            one, other = (output_on_its_maps(probe, d, Rules, "float32") for d in (dialect, DIALECTS[name]))
            assert np.array_equal(one, other, equal_nan=True)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("is_offered", [lambda ratio: ratio == 0, lambda ratio: ratio == 2, lambda ratio: ratio > 0])
def test_a_declared_dialect_is_never_ruled_out_where_only_some_sampling_is_offered(is_offered):
    for dialect, name in DISTINCT.items():
        whole = played(dialect)
        detection = detect({p: r if is_offered(p.sampling_ratio) else UNSUPPORTED for p, r in whole.items()}, "float32")
        assert name in detection.names
        assert left(detection)["offset"] == (dialect.offset,)
        assert left(detection)["outside"] == (dialect.outside,)
        assert detection.unexplained == ()


def test_dialects_that_never_have_an_empty_grid_are_the_only_ones_with_an_open_choice_of_averages():
    for dialect, name in DISTINCT.items():
        open_points = {p for p, c in left(detect(played(dialect, probes=AVERAGES), "float32")).items() if len(c) > 1}
        never_empty = dialect.min_size == MinSize.ONE and dialect.adaptive == "ceil"
        assert open_points == ({"empty_grid"} if never_empty else set()), name


def single_decisions():
    for base, points in (("torchvision-aligned", fields(Dialect)), ("mmcv-legacy", fields(Dialect)[-2:])):
        for field in points:
            others = (None, -np.inf, 0.0, -10000.0, -77.5) if field.name == "max_start" else choices_of(field.name)
            for choice in others:
                if choice != getattr(DIALECTS[base], field.name):
                    yield pytest.param(base, field.name, choice, id=f"{base}-{field.name}-{choice}")


def choices_of(point):
    return choices(point) if point != "max" else tuple(Max)


@pytest.mark.one_in(6)
@pytest.mark.parametrize(("base", "point", "choice"), list(single_decisions()))
def test_a_single_other_decision_is_named(base, point, choice):
    other = replace(DIALECTS[base], **{point: choice})
    detection = detect(played(other), "float32")
    same = {c for c in choices_of_all(point) if are_same(played(other), played(replace(other, **{point: c})))}
    assert set(left(detection)[point]) == {choice} | same
    (decision,) = (decision for decision in detection.decisions if decision.point == point)
    assert {each.choice for each in decision.ruled_out} >= set(choices_of_all(point)) - {choice} - same
    assert bool(decision.open) == (len({choice} | same) > 1)
    assert (base in detection.names) == are_same(played(other), played(DIALECTS[base]))
    if not detection.names:
        assert len(detection.differences) == 1
    assert detection.unexplained == ()


def test_every_choice_shows_under_some_dialect():
    """A new decision point, or a new choice, needs a probe."""
    bases = [DIALECTS[name] for name in ("torchvision-aligned", "mmcv")]
    for field in fields(Dialect):
        for one, other in pairwise(choices_of_all(field.name)):
            plays = [[played(replace(base, **{field.name: choice})) for choice in (one, other)] for base in bases]
            assert not all(are_same(*play) for play in plays), (field.name, one, other)


def are_same(one, other):
    return all(np.array_equal(one[probe].values, other[probe].values, equal_nan=True) for probe in PROBES)


def choices_of_all(point):
    return (None, -np.inf, 0.0, -10000.0) if point == "max_start" else choices_of(point)


def test_any_combination_of_choices_remains():
    random = np.random.default_rng(20261124)
    for n in random.choice(len(CANDIDATES), 15, replace=False):
        detection = detect(played(CANDIDATES[n], probes=AVERAGES), "float32")
        assert all(getattr(CANDIDATES[n], point) in left(detection)[point] for point in GEOMETRY)
        assert detection.unexplained == ()


def test_evidence_says_what_was_read_and_what_the_other_choice_would_give():
    detection = detect(played(DIALECTS["torchvision"]), "float32")
    (offset,) = (decision for decision in detection.decisions if decision.point == "offset")
    half = next(each for each in offset.ruled_out if each.choice == Offset.HALF)
    assert half.probe == "ordinary box, 2 samples"
    # Samples at y 1.125 and 1.875, x 1.625 and 2.375; shifted by half a pixel at y 0.625 and 1.375, x 1.125 and 1.875.
    assert half.difference == ("bin (0, 0), pixel (0, 1)", 0.0, 0.375 / 2 * (0.875 + 0.125) / 2)


def test_refusals_and_missing_options_leave_a_choice_open_and_are_said():
    readings = played(DIALECTS["torchvision-aligned"])
    for probe in readings:
        if "inverted" in probe.name:
            readings[probe] = REFUSED
        if probe.sampling_ratio == 0 and "inverted" not in probe.name:
            readings[probe] = UNSUPPORTED
    detection = detect(readings, "float32")
    assert "torchvision-aligned" in detection.names
    assert left(detection)["min_size"] == (MinSize.NONE, MinSize.ZERO)
    opened = {decision.point: decision.open for decision in detection.decisions}
    assert opened["min_size"] == "inverted box, 2 samples: rejected: ValueError: no"
    assert opened["adaptive"] == "ordinary box, adaptive: unsupported: adaptive sampling"
    assert {odd.reason for odd in detection.unexplained} == {"rejected: ValueError: no"}
    assert len(detection.unsupported) == sum(p.sampling_ratio == 0 and "inverted" not in p.name for p in PROBES)


def test_without_maxima_nothing_is_said_of_them():
    detection = detect(played(DIALECTS["mmcv"], probes=AVERAGES), "float32")
    assert {"mmcv", "torchvision-aligned", "onnx-16"} <= set(detection.names)
    assert left(detection)["max"] == left(detection)["max_start"] == ()


def test_nothing_is_made_of_nothing():
    detection = detect(dict.fromkeys(PROBES, UNSUPPORTED), "float32")
    assert (detection.best, detection.decisions, detection.names, detection.nearest) == (None, (), (), None)
    assert detection.unexplained == ()


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("rules", "unexplained"),
    [
        (faults.HighBoundExcluded, {"samples exactly at -1 and H, 2 samples"}),
        (faults.OneWeightOff, {probe.name for probe in AVERAGES[:12]}),
        (faults.SamplesAtCorners, {"ordinary box, 2 samples", "scaled map, adaptive"}),
        (faults.DividesByGridPlusOne, {probe.name for probe in AVERAGES[:13]}),
        (faults.FadesAtEdge, {"bin larger than the map, adaptive", "samples exactly at -1 and H, 2 samples"}),
    ],
)  # fmt: skip
def test_what_no_dialect_does_is_not_named(rules, unexplained):
    detection = detect(played(DIALECTS["torchvision-aligned"], rules), "float32")
    assert detection.names == ()
    assert detection.nearest is not None or not detection.decisions
    assert unexplained <= {odd.probe for odd in detection.unexplained}


@pytest.mark.parametrize("rules", [faults.HighBoundExcluded, faults.FadesAtEdge])
def test_the_nearest_dialect_is_found_all_the_same(rules):
    detection = detect(played(DIALECTS["onnx-16"], rules), "float32")
    assert (detection.nearest, detection.differences) == ("onnx-16", ())


@pytest.mark.parametrize(
    "verdict", [Verdict.NONDETERMINISTIC, Verdict.CRASHED, Verdict.TIMED_OUT, Verdict.WROTE_OUTSIDE]
)
def test_no_name_is_given_to_what_goes_wrong_with_harmless_boxes(verdict):
    readings = played(DIALECTS["ncnn-version-1"], probes=AVERAGES)
    readings[AVERAGES[-1]] = Reading(None, Judgement(verdict, "why"))
    assert "ncnn-version-1" in detect(readings, "float32").names
    readings[AVERAGES[9]] = Reading(None, Judgement(verdict, "why"))
    detection = detect(readings, "float32")
    assert (detection.names, detection.nearest, detection.differences) == ((), "torchvision", ())


def test_a_reading_that_contradicts_the_others_is_outvoted_and_no_name_is_given():
    readings = played(DIALECTS["torchvision-aligned"])
    probe = AVERAGES[9]
    assert probe.name == "box around the map, 2 samples"
    readings[probe] = Reading(output(probe, DIALECTS["torchvision-python-aligned"], maps_of(probe, "float32")))
    detection = detect(readings, "float32")
    assert detection.names == ()
    assert detection.nearest == "torchvision-aligned"
    (odd,) = detection.unexplained
    assert odd.probe == probe.name
    assert odd.reason.endswith("fits other choices, but not with the rest")


def test_the_tolerance_is_rounding_and_no_more():
    for probe in AVERAGES:
        for outcome in outcomes(probe, "float32"):
            # Nothing is left to rounding, not even under choices that nobody makes.
            assert np.isfinite(outcome.prediction.bound).all()
            assert outcome.prediction.bound.max() < 1e-5
    readings = played(DIALECTS["torchvision-aligned"])
    for probe in AVERAGES:
        readings[probe] = Reading(np.float32(readings[probe].values * (1 + 2.0**-23)).astype(np.float64))
    assert "torchvision-aligned" in detect(readings, "float32").names
    readings[AVERAGES[0]] = Reading(readings[AVERAGES[0]].values * (1 + 2.0**-15))
    assert AVERAGES[0].name in {odd.probe for odd in detect(readings, "float32").unexplained}


def test_other_data_types_are_read_too():
    dtype = "bfloat16"
    for name in ("openvino-half-pixel", "mmcv"):
        readings = played(DIALECTS[name], dtype=dtype)
        rounded = {p: Reading(r.values.astype(ml_dtypes.bfloat16).astype(float)) for p, r in readings.items()}
        detection = detect(rounded, dtype)
        assert name in detection.names
        assert detection.unexplained == ()
        assert left(detection)["offset"] == (DIALECTS[name].offset,)
        assert left(detection)["max_start"] == (DIALECTS[name].max_start,)


@pytest.mark.parametrize(
    ("choices", "verdict"),
    [
        ("max_start = -10000", Found.KNOWN),
        ("max_start = -9999", Found.DISAGREES),
        ("offset = 'none', max_start = -10000", Found.DISAGREES),
    ],
)
def test_a_choice_that_is_known_to_be_made_instead_is_known(monkeypatch, choices, verdict):
    listed = (
        f"[[deviation]]\ncases = ['max-empty']\nchoices = {{ {choices} }}\nreason = 'as mmcv'\nadded = 2026-11-25\n"
    )
    known = deviations.parse(listed, "x.toml", golden_ids())
    monkeypatch.setattr(deviations, "load", lambda *_: known)
    setting = Setting(operator="roi_align", dialect="torchvision-aligned", dtype="float32", layout="NCHW")
    finding = _find(Target("x", ""), setting, Readings(forward=played(DIALECTS["mmcv"])), is_declared=True)
    assert (finding.verdict, finding.known) == (verdict, "as mmcv" if verdict == Found.KNOWN else "")
    assert "mmcv" in name_of(finding)


def test_candidates_are_found_by_their_place():
    assert all(place(dialect) == n for n, dialect in enumerate(CANDIDATES))
    assert place(DIALECTS["mmcv"]) == place(DIALECTS["torchvision-aligned"])


def test_the_map_of_all_probes_has_different_pixels():
    assert len(np.unique(GENERIC)) == GENERIC.size == SIZE[0] * SIZE[1]
