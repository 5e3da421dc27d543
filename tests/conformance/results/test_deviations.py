"""Lists of known deviations: what they match, and that they cannot go stale unnoticed."""

from importlib.resources import files

import pytest

from roikit.conformance.cases.golden import golden_cases, golden_ids
from roikit.conformance.errors import FileError
from roikit.conformance.implementation import registered
from roikit.conformance.results import deviations
from roikit.conformance.results.deviations import DeviationListError
from roikit.conformance.results.known_deviations import KnownDeviations
from roikit.conformance.results.result import Result
from roikit.conformance.verdict import Judgement, Verdict
from roikit.kernels.dialects.choices import Max

ENTRY = """
[[deviation]]
cases = ["inverted-x-adaptive"]
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


def known_deviations(text, run=None):
    return KnownDeviations(
        deviations.parse(text, "x.toml", golden_ids()), golden_ids() if run is None else run, golden_ids()
    )


def judged(text, verdict, **changes):
    known = known_deviations(text)
    (told,) = known.judge(result(verdict, **changes)) or known.close(all_came=False)
    return told.judgement


@pytest.mark.parametrize("verdict", [Verdict.DEVIATES, Verdict.REJECTED, Verdict.CRASHED, Verdict.TIMED_OUT])
def test_a_listed_deviation_is_known_and_keeps_both_reasons(verdict):
    judgement = judged(ENTRY, verdict)
    assert judgement.verdict == Verdict.KNOWN
    assert judgement.reason == f"It throws (https://example.org/1) — {verdict}: why"


WIDE = """
[[deviation]]
cases = ["*"]
sometimes = true
reason = "Its arithmetic is of 16 bits"
added = 2026-11-23

[[deviation]]
cases = ["inverted-*"]
reason = "Inverted boxes are refused"
added = 2026-11-23
"""


@pytest.mark.parametrize(
    ("text", "case", "reason"),
    [
        (WIDE + ENTRY, "inverted-x-adaptive", "It throws"),
        (WIDE, "inverted-x-adaptive", "Inverted boxes are refused"),
        (WIDE + ENTRY, "border-low", "Its arithmetic is of 16 bits"),
    ],
)
def test_the_reason_is_that_of_the_entry_which_says_most_closely_what_it_is_about(text, case, reason):
    assert judged(text, Verdict.CRASHED, case=case).reason.startswith(reason)
    (found,) = [known for known in golden_cases() if known.id == case]
    assert deviations.find(deviations.parse(text, "x.toml", golden_ids()), found, "onnx-16", "float32").reason == reason


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


CRASHES = """
[[deviation]]
cases = ["*"]
verdicts = ["crashed", "timed-out"]
sometimes = true
reason = "The process dies now and then"
added = 2026-11-30
"""


def test_a_deviation_may_be_about_some_verdicts_alone():
    for text in CRASHES, CRASHES + ENTRY.replace("onnx-16", "onnx-10"):
        assert judged(text, Verdict.CRASHED).reason == "The process dies now and then — crashed: why"
        assert judged(text, Verdict.TIMED_OUT).verdict == Verdict.KNOWN
        for verdict in (Verdict.CONFORMS, Verdict.DEVIATES, Verdict.CONTESTED, Verdict.REJECTED):
            assert judged(text, verdict).verdict == verdict


def test_what_is_about_other_verdicts_leaves_the_rest_to_who_is_about_all():
    close = ENTRY + 'verdicts = ["crashed"]\n'
    assert judged(close + WIDE, Verdict.CRASHED).reason.startswith("It throws")
    assert judged(close + WIDE, Verdict.DEVIATES).reason.startswith("Inverted boxes are refused")
    assert judged(close, Verdict.CONFORMS).verdict == Verdict.UNEXPECTED_PASS


def test_what_is_about_some_verdicts_alone_is_expected_of_no_call():
    listed = known_deviations(CRASHES)
    assert not listed.lists("roi_align", "border-low", "onnx-16", "float32")
    (case,) = [case for case in golden_cases() if case.id == "border-low"]
    parsed = deviations.parse(CRASHES, "x.toml", golden_ids())
    assert deviations.find(parsed, case, "onnx-16", "float32") is None
    assert deviations.find(parsed, case, "onnx-16", "float32", Verdict.CRASHED) == parsed[0]
    assert deviations.find(parsed, case, "onnx-16", "float32", Verdict.DEVIATES) is None


def test_what_an_implementation_cannot_do_is_not_a_deviation():
    assert judged(ENTRY, Verdict.UNSUPPORTED).verdict == Verdict.UNSUPPORTED


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ENTRY.replace("inverted-x-adaptive", "inverse-*"), "x.toml:3: deviation 1, cases: nothing matches 'inverse-*'"),
        (ENTRY + "because = 1\n", "x.toml:2: deviation 1: Additional properties are not allowed ('because' was"),
        (ENTRY.replace('reason = "It throws"', ""), 'x.toml:2: deviation 1: "reason" is a required property'),
        (ENTRY.replace("onnx-16", "onnx-17"), "x.toml:4: deviation 1, dialects: nothing matches 'onnx-17'"),
        (ENTRY.replace('["float32"]', '"float32"'), 'x.toml:5: deviation 1, dtypes: "float32" is not of type "array"'),
        (ENTRY.replace("It throws", ""), 'x.toml:6: deviation 1, reason: "" does not match'),
        (ENTRY.replace("It throws", " "), 'x.toml:6: deviation 1, reason: " " does not match'),
        (ENTRY.replace('"It throws"', "5"), 'x.toml:6: deviation 1, reason: 5 is not of type "string"'),
        (ENTRY.replace('"It throws"', "2026-11-23"), "x.toml:6: deviation 1, reason: "),
        (ENTRY.replace("2026-11-23", '"no date"'), "x.toml:8: deviation 1, added: is a date without quotes"),
        (ENTRY.replace("2026-11-23", '"2026-11-23"'), "x.toml:8: deviation 1, added: is a date without quotes"),
        (ENTRY.replace("2026-11-23", "2026-11-23T01:02:03Z"), "x.toml:8: deviation 1, added: is a date without quotes"),
        (ENTRY + 'sometimes = "no"\n', 'x.toml:9: deviation 1, sometimes: "no" is not of type "boolean"'),
        (ENTRY.replace('"https://example.org/1"', "3"), 'x.toml:7: deviation 1, link: 3 is not of type "string"'),
        (ENTRY.replace("https:", "javascript:"), "x.toml:7: deviation 1, link: "),
        (ENTRY.replace('["inverted-x-adaptive"]', "[]"), "x.toml:3: deviation 1, cases: [] has less than 1 item"),
        (ENTRY + ENTRY.replace("throws", "").replace('"It "', '"""\n[[deviation]]\n"""\nlink = 3#')
         .replace('link = "', '#"'), "x.toml:17: deviation 2, link: 3 is not"),
        (ENTRY.replace("[[deviation]]", "[[deviations]]"), "x.toml: holds something else than [[deviation]] tables"),
        (ENTRY + "choices = { max_begin = 0 }\n", "x.toml:9: deviation 1, choices: these are decision points"),
        (ENTRY + "choices = { max = 'middle' }\n", "'middle' is not a valid Max"),
        (ENTRY + "probes = ['box inside out']\n", "x.toml:9: deviation 1, probes: nothing matches 'box inside out'"),
        (ENTRY + "choices = 3\n", 'x.toml:9: deviation 1, choices: 3 is not of type "object"'),
        ("deviation = 3", "x.toml: holds something else"),
        ("[[deviation]\n", "x.toml: is no TOML that can be read: "),
        ("a = " + 2000 * "[", "x.toml: is no TOML that can be read: "),
        ("a = " + 5000 * "1", "x.toml: is no TOML that can be read: "),
    ],
)  # fmt: skip
def test_a_list_that_is_wrong_is_refused(text, message):
    with pytest.raises(DeviationListError) as caught:
        deviations.parse(text, "x.toml", golden_ids())
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x1f\x8b\x08\x00", b"\x7fELF\x02\x01\x01\x00\xf0"])
def test_a_list_that_is_no_text_is_refused(content, tmp_path):
    (tmp_path / "x.toml").write_bytes(content)
    with pytest.raises(FileError, match=r"x\.toml"):
        deviations.read(tmp_path / "x.toml", golden_ids())


PATTERN = ENTRY.replace("inverted-x-adaptive", "inverted-*")
INVERTED = sorted(name for name in golden_ids() if name.startswith("inverted-"))


def verdicts(known, seen, **closed):
    told = [each for case, verdict in seen.items() for each in known.judge(result(verdict, case=case))]
    told += known.close(**closed or {"all_came": True})
    assert sorted(each.case for each in told) == sorted(seen)
    return {each.case: each.judgement.verdict for each in told}


def test_a_pattern_excuses_what_fails_and_lets_the_rest_pass():
    """README's example: some cases of a group fail, and the build that the list protects does not."""
    for failing in INVERTED[0], INVERTED[-1]:  # the first that comes, and the last
        seen = dict.fromkeys(INVERTED, Verdict.CONFORMS) | {failing: Verdict.DEVIATES}
        assert verdicts(known_deviations(PATTERN), seen) == seen | {failing: Verdict.KNOWN}


def test_a_pattern_is_out_of_date_once_nothing_under_it_fails():
    seen = dict.fromkeys(INVERTED, Verdict.CONFORMS)
    assert verdicts(known_deviations(PATTERN), seen) == seen | {INVERTED[0]: Verdict.UNEXPECTED_PASS}
    assert verdicts(known_deviations(PATTERN + "sometimes = true\n"), seen) == seen
    unsupported = dict.fromkeys(INVERTED, Verdict.UNSUPPORTED)
    assert verdicts(known_deviations(PATTERN), unsupported) == unsupported


def test_who_looked_at_a_part_cannot_call_a_pattern_out_of_date():
    seen = dict.fromkeys(INVERTED[:2], Verdict.CONFORMS)
    assert verdicts(known_deviations(PATTERN, list(seen)), seen) == seen
    assert verdicts(known_deviations(PATTERN), seen, all_came=False) == seen


def test_an_id_beside_a_pattern_stays_strict():
    text = PATTERN.replace('"inverted-*"', f'"inverted-*", "{INVERTED[0]}"')
    (deviation,) = deviations.parse(text, "x.toml", golden_ids())
    assert [deviation.is_strict(case) for case in INVERTED[:2]] == [True, False]
    seen = dict.fromkeys(INVERTED, Verdict.CONFORMS) | {INVERTED[1]: Verdict.DEVIATES}
    assert verdicts(known_deviations(text), seen)[INVERTED[0]] == Verdict.UNEXPECTED_PASS


def test_a_name_that_is_no_file_has_no_list():
    assert deviations.load("../deviations/torchvision") == ()
    assert deviations.load(str(files("roikit.conformance") / "deviations" / "torchvision")) == ()


def test_a_deviation_may_name_choices_that_are_made_instead():
    (deviation,) = deviations.parse(ENTRY + "choices = { max = 'sample', max_start = 0 }\n", "x.toml", golden_ids())
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
        assert deviations.load(name)


def test_our_own_kernels_have_no_known_deviations():
    assert deviations.load("roikit") == ()


def test_a_listed_deviation_that_follows_another_reading_is_known():
    assert judged(ENTRY, Verdict.CONTESTED).verdict == Verdict.KNOWN
