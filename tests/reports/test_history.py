"""Runs of the same implementation: the newest counts, and what changed from version to version is said."""

import json

import pytest

from roikit.conformance.verdict import Verdict
from roikit.reports import history
from roikit.reports.files import read_all
from roikit.reports.model import digest
from tests.reports.made import result, write_run

GOOD, BAD, CRASHED = Verdict.CONFORMS, Verdict.DEVIATES, Verdict.CRASHED
DAYS = ("2026-11-01", "2026-11-02", "2026-11-03")


def run(path, day, version, verdicts):
    """A run of x on a day: of each case its verdict."""
    results = [result("x", case, verdict) for case, verdict in verdicts.items()]
    return write_run(path / f"{day}.ndjson", {"x": "ran"}, results, version=version, started=f"{day}T00:00:00+00:00")


def versions(path):
    (implementation,) = digest(read_all([path])).implementations
    return implementation.versions["roi_align"]


def test_the_newest_run_of_an_implementation_counts(results, tmp_path):
    old = [json.loads(line) for line in (results / "run.ndjson").read_text().splitlines()]
    old[0]["started"] = "2020-01-01T00:00:00+00:00"
    for record in old:
        if record["type"] == "implementation" and record["description"]:
            record["description"]["version"] = "0.1"
    (tmp_path / "old.ndjson").write_text(
        "".join(json.dumps(record) + "\n" for record in old if record.get("implementation") != "mine")
    )
    site = digest(read_all([results / "run.ndjson", tmp_path / "old.ndjson"]))
    assert [i.name for i in site.implementations] == ["roikit", "mine", "onnxruntime"]
    assert {i.version for i in site.implementations} == {"1.2"}
    assert [version.name for version in site.implementations[0].versions["roi_align"]] == ["0.1", "1.2"]


def test_what_changed_since_the_version_before(tmp_path):
    run(tmp_path, DAYS[0], "1.0", {"a": BAD, "b": GOOD, "c": BAD, "d": GOOD, "gone": BAD})
    run(tmp_path, DAYS[1], "2.0", {"a": GOOD, "b": CRASHED, "c": CRASHED, "d": GOOD, "added": BAD})
    before, after = versions(tmp_path)
    assert (before.name, before.change) == ("1.0", None)
    change = after.change
    assert (change.since, change.fixed, change.worse, change.other, change.compared) == (
        "1.0",
        ("a",),
        ("b",),
        ("c",),
        4,
    )
    assert dict(after.kinds) == {"follows": 2, "wrong": 2, "differs": 1}


def test_runs_of_one_version_are_one_and_the_newer_counts_call_by_call(tmp_path):
    run(tmp_path, DAYS[0], "1.0", {"a": BAD, "b": BAD})
    run(tmp_path, DAYS[1], "1.0", {"a": GOOD})
    run(tmp_path, DAYS[2], "2.0", {"a": GOOD, "b": GOOD})
    before, after = versions(tmp_path)
    assert dict(before.kinds) == {"follows": 1, "differs": 1}
    assert (after.change.fixed, after.change.worse) == (("b",), ())


def test_an_older_version_that_is_run_later_is_no_news(tmp_path):
    run(tmp_path, DAYS[0], "0.10.1+cu130 (torch 2.14.1)", {"a": GOOD, "b": GOOD})
    run(tmp_path, DAYS[1], "0.9.2+cu99 (torch 2.15.0)", {"a": BAD, "b": GOOD})
    (implementation,) = digest(read_all([tmp_path])).implementations
    before, after = implementation.versions["roi_align"]
    assert (before.name[:6], after.name[:6]) == ("0.9.2+", "0.10.1")
    assert (after.change.fixed, after.change.worse) == (("a",), ())
    assert implementation.version == implementation.judged["roi_align"].version == after.name
    assert dict(implementation.kinds) == {"follows": 2}


def test_of_versions_that_say_no_number_the_later_run_is_the_newer(tmp_path):
    run(tmp_path, DAYS[0], "2.0", {"a": GOOD})
    run(tmp_path, DAYS[1], "unknown version", {"a": BAD})
    assert [version.name for version in versions(tmp_path)] == ["2.0", "unknown version"]


OF_A_DAY, OF_THE_NEXT = "2026-11-01", "2026-11-02"


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("0.27.0rc1", "0.27.0"),
        ("0.27.0", "0.27.0.post1"),
        ("0.6 (torchvision 0.9.1)", "0.6 (torchvision 0.10.0)"),
        ("2026.3.0-9-abc-releases/2026/3", "2026.4.1-8-abc-releases/2026/4"),
    ],
)
def test_versions_are_ordered_as_their_numbers_are(older, newer):
    days = {newer: OF_A_DAY, older: OF_THE_NEXT}
    assert history.from_old_to_new([newer, older], lambda each: each, days.__getitem__) == [older, newer]


@pytest.mark.parametrize(
    ("first", "second"), [("0.29.1+cu130", "0.29.1+cpu"), ("2026.4.1-22982-e913a14", "2026.4.1-22982-b113a14")]
)
def test_one_version_built_otherwise_is_ordered_by_time(first, second):
    days = {first: OF_A_DAY, second: OF_THE_NEXT}
    assert history.from_old_to_new([second, first], lambda each: each, days.__getitem__) == [first, second]


def test_a_case_that_is_fixed_in_one_call_and_worse_in_another_is_worse(tmp_path):
    for day, version, first, second in ((DAYS[0], "1", BAD, GOOD), (DAYS[1], "2", GOOD, BAD)):
        results = [result("x", "a", first), result("x", "a", second, dtype="float64")]
        path = tmp_path / f"{day}.ndjson"
        write_run(path, {"x": "ran"}, results, version=version, started=f"{day}T00:00:00+00:00")
    change = versions(tmp_path)[-1].change
    assert (change.fixed, change.worse) == ((), ("a",))


def test_a_version_says_whether_calls_fail_in_it(tmp_path):
    run(tmp_path, DAYS[0], "1.0", {"a": BAD, "b": GOOD})
    (version,) = versions(tmp_path)
    a, b = version.results
    assert [version.shows(keys) for keys in ([a, b], [b], [(*b[:2], "c", *b[3:])])] == [True, False, None]


def test_versions_are_on_the_pages(built):
    page = (built[0] / "implementations" / "onnxruntime.html").read_text()
    shown = page[page.index('id="roi_align-versions"') : page.index('id="roi_align-rules"')]
    assert shown.index("1.2") < shown.index("1.1")
    assert "1 case fixed, 1 changed otherwise since 1.1, of 2 results" in " ".join(shown.split())
    assert 'fixed: <a href="../cases/article-example.html">' in shown
    assert "the first that was judged" in shown
    assert "-versions" not in (built[0] / "implementations" / "mine.html").read_text()
    operator = (built[0] / "operators" / "roi-align.html").read_text()
    assert "1 case fixed, 1 changed otherwise since 1.1" in " ".join(operator.split())
