"""Lists of known deviations: what they match, and that they cannot go stale unnoticed."""

from importlib.resources import files

import pytest

from roikit.conformance.cases.case import load_cases
from roikit.conformance.implementation import registered
from roikit.conformance.results import deviations
from roikit.conformance.results.deviations import DeviationListError
from roikit.conformance.results.result import Result
from roikit.conformance.verdict import Judgement, Verdict
from roikit.kernels.dialects.choices import Max

ENTRY = """
[[deviation]]
cases = ["inverted-*"]
dialects = ["onnx-16"]
dtypes = ["float32"]
reason = "It throws"
link = "https://example.org/1"
added = 2026-11-23
"""


def result(verdict, case="inverted-x-adaptive", dialect="onnx-16", dtype="float32"):
    return Result(
        implementation="x", dialect=dialect, case=case, operator="roi_align",
        group="degenerate", rules=(), operation="forward", mode="avg",
        dtype=dtype, layout="NCHW", judgement=Judgement(verdict, "why"), seconds=0,
    )  # fmt: skip


def judged(text, verdict, **changes):
    return deviations.apply(result(verdict, **changes), deviations.parse(text, "x.toml", load_cases())).judgement


@pytest.mark.parametrize("verdict", [Verdict.DEVIATES, Verdict.REJECTED, Verdict.CRASHED, Verdict.TIMED_OUT])
def test_a_listed_deviation_is_known_and_keeps_both_reasons(verdict):
    judgement = judged(ENTRY, verdict)
    assert judgement.verdict == Verdict.KNOWN
    assert judgement.reason == f"It throws (https://example.org/1) — {verdict}: why"


@pytest.mark.parametrize("changes", [{"case": "border-low"}, {"dialect": "onnx-10"}, {"dtype": "float64"}])
def test_what_is_not_listed_stays_a_failure(changes):
    assert judged(ENTRY, Verdict.DEVIATES, **changes).verdict == Verdict.DEVIATES


def test_a_listed_deviation_that_does_not_show_is_a_failure():
    judgement = judged(ENTRY, Verdict.CONFORMS)
    assert judgement.verdict == Verdict.UNEXPECTED_PASS
    assert judgement.verdict.is_failure


def test_a_deviation_that_shows_only_sometimes_may_be_absent():
    assert judged(ENTRY + "sometimes = true\n", Verdict.CONFORMS).verdict == Verdict.CONFORMS
    assert judged(ENTRY + "sometimes = true\n", Verdict.NONDETERMINISTIC).verdict == Verdict.KNOWN


def test_what_an_implementation_cannot_do_is_not_a_deviation():
    assert judged(ENTRY, Verdict.UNSUPPORTED).verdict == Verdict.UNSUPPORTED


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ENTRY.replace("inverted-*", "inverse-*"), "x.toml: deviation 1: cases: nothing matches 'inverse-\\*'"),
        (ENTRY.replace("reason", "because"), "x.toml: deviation 1 has unknown keys: because"),
        (ENTRY.replace('reason = "It throws"', ""), "x.toml: deviation 1 lacks reason"),
        (ENTRY.replace("onnx-16", "onnx-17"), "x.toml: deviation 1: dialects: nothing matches 'onnx-17'"),
        (ENTRY.replace('["float32"]', '"float32"'), "x.toml: deviation 1: dtypes must be a list of strings"),
        (
            ENTRY.replace("[[deviation]]", "[[deviations]]"),
            r"x.toml: holds something else than \[\[deviation\]\] tables",
        ),
        (
            ENTRY + "choices = { max_begin = 0 }\n",
            "x.toml: deviation 1: choices must name decision points and their choices: .*max_begin",
        ),
        (ENTRY + "choices = { max = 'middle' }\n", "x.toml: deviation 1: choices must .*'middle' is not a valid Max"),
        (ENTRY + "choices = 3\n", "x.toml: deviation 1: choices must name decision points"),
        (ENTRY + "probes = ['box inside out']\n", "x.toml: deviation 1: probes: nothing matches 'box inside out'"),
        ("deviation = 3", "x.toml: holds something else"),
        ("[[deviation]\n", "x.toml: "),
    ],
)
def test_a_list_that_is_wrong_is_refused(text, message):
    with pytest.raises(DeviationListError, match=message):
        deviations.parse(text, "x.toml", load_cases())


def test_a_deviation_may_name_choices_that_are_made_instead():
    (deviation,) = deviations.parse(ENTRY + "choices = { max = 'sample', max_start = 0 }\n", "x.toml", load_cases())
    assert deviation.choices == {"max": Max.SAMPLE, "max_start": 0.0}
    assert (
        deviation.is_about("roi_align", "onnx-16", "float32"),
        deviation.is_about("roi_align", "onnx-10", "float32"),
    ) == (True, False)


def test_every_list_that_is_shipped_can_be_read_and_belongs_to_an_implementation():
    lists = [f for f in files("roikit.conformance").joinpath("deviations").iterdir() if f.name.endswith(".toml")]
    assert lists
    for file in lists:
        name = file.name.removesuffix(".toml")
        assert name in registered()
        assert deviations.load(name, load_cases())


def test_our_own_kernels_have_no_known_deviations():
    assert deviations.load("roikit", load_cases()) == ()


def test_a_listed_deviation_that_follows_another_reading_is_known():
    assert judged(ENTRY, Verdict.CONTESTED).verdict == Verdict.KNOWN
