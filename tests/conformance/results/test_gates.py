"""What fails a run, what is a regression, and of which kind a verdict is."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.errors import UsageError
from roikit.conformance.results import gates, github
from roikit.conformance.results.badge import badge
from roikit.conformance.results.file import IncompleteResultsError, ResultFile
from roikit.conformance.results.gates import Gate
from roikit.conformance.results.kinds import Kind, by_rule, kind_of
from roikit.conformance.results.result import Result, Subject
from roikit.conformance.results.summary import Summary
from roikit.conformance.results.titles import in_words
from roikit.conformance.verdict import Judgement, Verdict


def result(implementation, verdict, reason="", case="border-low", dialect="torchvision"):
    return Result(
        implementation=implementation, dialect=dialect, case=case, operator="roi_align",
        group="borders", rules=("RA-6",), operation="forward",
        mode="avg", dtype="float32", layout="NCHW", judgement=Judgement(verdict, reason), seconds=0.25,
    )  # fmt: skip


def summary(judged, subjects=()):
    names = dict.fromkeys(r.implementation for r in judged)
    everyone = [*(Subject(implementation=name, state="ran", description={"version": "1"}) for name in names), *subjects]
    cases = [case for case in golden_cases() if case.id == "border-low"]
    return Summary.of(datetime(2026, 11, 23, tzinfo=UTC), [s.implementation for s in everyone], everyone, judged, cases)


def one_of_each():
    nasty = "\x1b[31mno | such\n::error::100%\r (https://example.org/a_b)"
    broken = Subject(implementation="broken", state="broken", reason=nasty)
    return summary([result("x:y,z", verdict, nasty, dialect=f"d{n}") for n, verdict in enumerate(Verdict)], [broken])


KINDS = {
    Verdict.CONFORMS: Kind.FOLLOWS,
    Verdict.UNEXPECTED_PASS: Kind.FOLLOWS,
    Verdict.DEVIATES: Kind.DIFFERS,
    Verdict.CONTESTED: Kind.DIFFERS,
    Verdict.UNSUPPORTED: Kind.DIFFERS,
    Verdict.REJECTED: Kind.DIFFERS,
    Verdict.CRASHED: Kind.WRONG,
    Verdict.TIMED_OUT: Kind.WRONG,
    Verdict.NONDETERMINISTIC: Kind.WRONG,
    Verdict.UNINITIALISED: Kind.WRONG,
    Verdict.WROTE_OUTSIDE: Kind.WRONG,
    Verdict.OVERWROTE: Kind.WRONG,
}


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict != Verdict.KNOWN])
def test_every_verdict_has_a_kind_and_being_listed_does_not_change_it(verdict):
    assert kind_of(Judgement(verdict), "forward") == KINDS[verdict]
    assert kind_of(Judgement(Verdict.KNOWN, listed=verdict), "forward") == KINDS[verdict]


def test_nan_for_a_number_and_a_false_gradient_are_wrong():
    assert kind_of(Judgement(Verdict.DEVIATES, not_finite=True), "forward") == Kind.WRONG
    assert kind_of(Judgement(Verdict.DEVIATES), "feature_gradient") == Kind.WRONG
    assert kind_of(Judgement(Verdict.REJECTED), "box_gradient") == Kind.DIFFERS


def test_rules_are_told_by_their_worst_results_and_what_is_unsupported_tells_nothing():
    judged = [result("x", v) for v in (Verdict.CONFORMS, Verdict.DEVIATES, Verdict.CRASHED, Verdict.UNSUPPORTED)]
    rules = by_rule(judged)
    assert rules == {"x": {"RA-6": {Kind.FOLLOWS: 1, Kind.DIFFERS: 1, Kind.WRONG: 1}}}
    assert in_words(rules["x"]) == {Kind.WRONG: "RA-6 Boundary (1 wrong, 1 differ of 3)"}


def judged_as(verdict, *rules, **about):
    return replace(result("x", verdict, **about), rules=rules)


def test_a_failure_is_counted_under_the_rule_that_explains_it_and_judges_no_other():
    """As of a library that pools boxes in its own way if they are inverted and their samples are counted by their size."""
    judged = [judged_as(Verdict.CONFORMS, "RA-1", "RA-2", "RA-8") for _ in range(5)]
    judged += [judged_as(Verdict.CONFORMS, "RA-2", "RA-4", "RA-8") for _ in range(3)]
    judged += [judged_as(Verdict.CONFORMS, "RA-1", "RA-10")]
    judged += [judged_as(Verdict.DEVIATES, "RA-1", "RA-2", "RA-4", "RA-8", "RA-10") for _ in range(2)]
    follows, differs = Kind.FOLLOWS, Kind.DIFFERS
    assert by_rule(judged) == {
        "x": {
            "RA-1": {follows: 6}, "RA-2": {follows: 8}, "RA-4": {follows: 3}, "RA-8": {follows: 8},
            "RA-10": {follows: 1, differs: 2},
        }
    }  # fmt: skip
    assert in_words(by_rule(judged)["x"]) == {
        follows: "RA-1, RA-2, RA-4, RA-8",
        differs: "RA-10 Degenerate boxes (2 differ of 3)",
    }


def test_a_failure_is_explained_within_its_dialect():
    judged = [judged_as(Verdict.CONFORMS, "RA-2", dialect="torchvision-aligned") for _ in range(9)]
    judged += [judged_as(Verdict.DEVIATES, "RA-1", "RA-2", dialect="torchvision")]
    judged += [judged_as(Verdict.DEVIATES, "RA-2", dialect="torchvision"), judged_as(Verdict.CONFORMS, "RA-1")]
    assert by_rule(judged)["x"]["RA-2"] == {Kind.FOLLOWS: 9, Kind.DIFFERS: 2}


@pytest.mark.parametrize(
    "verdict", [Verdict.OVERWROTE, Verdict.NONDETERMINISTIC, Verdict.UNINITIALISED, Verdict.WROTE_OUTSIDE]
)
def test_what_a_call_does_beside_its_result_is_no_fault_of_a_rule(verdict):
    judged = [judged_as(verdict, "RA-1", "RA-8"), judged_as(Verdict.DEVIATES, "RP-1"), judged_as(verdict, "RP-1")]
    assert by_rule(judged) == {"x": {"RA-0": {Kind.WRONG: 1}, "RP-0": {Kind.WRONG: 1}, "RP-1": {Kind.DIFFERS: 1}}}
    listed = replace(judged[0], judgement=Judgement(Verdict.KNOWN, listed=verdict))
    assert by_rule([listed]) == {"x": {"RA-0": {Kind.WRONG: 1}}}


# For each gate, the verdicts that it fails a run for.
FAIL = {
    Gate.WRONG: {v for v in Verdict if v.is_failure and KINDS.get(v) == Kind.WRONG},
    Gate.DEVIATION: {v for v in Verdict if v.is_failure},
    Gate.NOTHING: set(),
}


@pytest.mark.parametrize(("gate", "verdict"), list(product(FAIL, Verdict)))
def test_a_gate_fails_a_run_for_its_verdicts_only(gate, verdict):
    found = gates.failing([result("x", verdict)], [gate], None)
    assert gates.fails(found, []) == (verdict in FAIL[gate])


def test_a_gate_does_not_mind_what_is_listed_however_wrong():
    known = replace(result("x", Verdict.CRASHED), judgement=Judgement(Verdict.KNOWN, listed=Verdict.CRASHED))
    assert gates.failing([known], [Gate.WRONG, Gate.DEVIATION], None) == []


def test_an_implementation_that_could_not_be_loaded_fails_every_run_and_an_absent_one_none():
    assert gates.fails([], [Subject(implementation="x", state="broken")])
    assert not gates.fails([], [Subject(implementation="x", state="absent")])


# A verdict in the baseline, one now, and whether that is a regression.
CHANGES = [
    (Verdict.CONFORMS, Verdict.CONFORMS, False),
    (Verdict.CONFORMS, Verdict.DEVIATES, True),
    (Verdict.CONFORMS, Verdict.CRASHED, True),
    (Verdict.CONFORMS, Verdict.UNSUPPORTED, True),
    (Verdict.CONFORMS, Verdict.KNOWN, False),
    (Verdict.CONFORMS, Verdict.UNEXPECTED_PASS, False),
    (Verdict.KNOWN, Verdict.DEVIATES, True),
    (Verdict.KNOWN, Verdict.UNEXPECTED_PASS, False),
    (Verdict.KNOWN, Verdict.UNSUPPORTED, False),
    (Verdict.CONTESTED, Verdict.DEVIATES, True),
    (Verdict.DEVIATES, Verdict.DEVIATES, False),
    (Verdict.DEVIATES, Verdict.CRASHED, False),
    (Verdict.UNSUPPORTED, Verdict.DEVIATES, False),
]


@pytest.mark.parametrize(("before", "now", "is_regression"), CHANGES)
def test_a_regression_is_what_was_better(tmp_path, before, now, is_regression):
    baseline = gates.read_baseline(written(tmp_path / "run.ndjson", [result("x", before)]))
    comparison = gates.compare([result("x", now)], baseline)
    assert bool(comparison.regressions) == is_regression
    assert bool(gates.failing([result("x", now)], [Gate.REGRESSION], comparison)) == is_regression


def written(path, judged):
    with path.open("w") as stream:
        file = ResultFile(stream, {})
        for each in judged:
            file.add(each)
        file.close()
    return path


def test_new_fixed_and_missing_results_are_counted_and_fail_nothing(tmp_path):
    before = [result("x", Verdict.DEVIATES), result("x", Verdict.CONFORMS, case="gone"), result("y", Verdict.CONFORMS)]
    now = [result("x", Verdict.CONFORMS), result("x", Verdict.DEVIATES, case="place-two-by-two")]
    comparison = gates.compare(now, gates.read_baseline(written(tmp_path / "run.ndjson", before)))
    assert comparison.lines() == ["against the baseline: 0 regressions, 1 fixed, 1 new, 1 not run this time"]
    assert gates.failing(now, [Gate.REGRESSION], comparison) == []


def test_a_baseline_must_be_a_whole_file_and_be_given_for_its_gate(tmp_path):
    path = written(tmp_path / "run.ndjson", [result("x", Verdict.CONFORMS)])
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(IncompleteResultsError):
        gates.read_baseline(path)
    with pytest.raises(UsageError, match="--baseline"):
        gates.choose(["regression"], has_baseline=False)
    assert gates.choose([], has_baseline=True) == (Gate.DEVIATION,)


def many(count):
    return [result("x", Verdict.DEVIATES, f"reason {n}", case=f"case-{n}") for n in range(count)]


@pytest.mark.parametrize("count", [1, 10, 11, 500])
def test_github_gets_no_more_annotations_than_it_shows(count):
    judged = many(count)
    errors = list(github.commands(summary(judged), judged))
    assert len(errors) == min(count, 10)
    assert all(line.startswith("::error title=x%3A case-") for line in errors[:-1])
    assert ("::There are" in errors[-1]) == (count > 10)
    if count > 10:
        assert f"There are {count - 9} more" in errors[-1]


def test_what_no_gate_minds_is_a_warning_and_nothing_breaks_a_command():
    nasty = one_of_each()
    lines = list(github.commands(nasty, [r for r in nasty.results if r.judgement.verdict == Verdict.CRASHED]))
    assert sum(line.startswith("::error") for line in lines) == 2  # with the one that could not be loaded
    assert sum(line.startswith("::warning") for line in lines) == len(FAIL[Gate.DEVIATION]) - 1
    for line in lines:
        assert not {"\n", "\r"} & set(line)
        _, command, _ = line.split("::", 2)
        assert command.removeprefix("error title=").removeprefix("warning title=").count(":") == 0


def test_the_job_summary_is_added_to_what_is_there_and_stays_within_its_size(tmp_path, monkeypatch):
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    github.add_summary(summary(many(3)))
    assert path.read_text().startswith("before\n## RoIAlign conformance")
    path.write_text("x" * (github.SUMMARY_BYTES - 3000))
    github.add_summary(summary(many(500)))
    assert path.stat().st_size <= github.SUMMARY_BYTES
    path.write_text("x" * (github.SUMMARY_BYTES - 10))
    github.add_summary(summary(many(3)))
    assert path.stat().st_size == github.SUMMARY_BYTES - 10


@pytest.mark.parametrize(
    ("verdicts", "failing", "message", "colour"),
    [
        ([Verdict.CONFORMS] * 3, 0, "3 of 3 conform", "brightgreen"),
        ([Verdict.CONFORMS, Verdict.CONTESTED], 0, "1 of 2 conform, 1 differ", "yellowgreen"),
        ([Verdict.CONFORMS, Verdict.CRASHED], 0, "1 of 2 conform, 1 wrong", "orange"),
        ([Verdict.CONFORMS, Verdict.CRASHED], 1, "1 of 2 conform, 1 wrong", "critical"),
        ([Verdict.UNSUPPORTED], 0, "not run", "inactive"),
    ],
)
def test_a_badge_says_dialect_edition_and_counts(verdicts, failing, message, colour):
    judged = [result("x", verdict) for verdict in verdicts]
    made = json.loads(badge(summary(judged), "2026-11", failing))
    assert (made["schemaVersion"], made["message"], made["color"]) == (1, message, colour)
    if colour != "inactive":
        assert made["label"] == "RoIAlign · torchvision · 2026-11"
    broken = summary([], [Subject(implementation="x", state="broken", reason="")])
    assert json.loads(badge(broken, "2026-11", 0))["message"] == "does not load"
