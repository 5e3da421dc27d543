"""What is wrong with whom: grouped by reason, with a script, and as the text of an issue."""

import re

import pytest

from roikit.conformance.diagnosing.cause import Cause
from roikit.conformance.verdict import Verdict
from roikit.reports.files import read_all
from roikit.reports.findings import findings_of
from roikit.reports.model import digest
from tests.reports.made import NASTY, result, write_run

KNOWN = "Reads pixel (0, 0) (https://example.org/issue) — deviates: 1 of 4 values differ"


def findings(*paths):
    return findings_of(digest(read_all(paths)))


def test_results_of_one_reason_are_one_finding(tmp_path):
    listed = {"listed": Verdict.DEVIATES, "not_finite": True}
    results = [
        result("onnxruntime", "border-low", Verdict.KNOWN, KNOWN, **listed),
        result("onnxruntime", "border-top", Verdict.KNOWN, KNOWN.replace("1 of", "3 of"), **listed),
        result("onnxruntime", "border-left", Verdict.CRASHED, "signal 11"),
        result("onnxruntime", "border-high", Verdict.CONFORMS),
        result("onnxruntime", "max-mixed", Verdict.CONTESTED, "another reading"),
    ]
    one, other = findings(write_run(tmp_path / "run.ndjson", {"onnxruntime": "ran"}, results))
    assert (one.what, one.link, one.listed) == ("Reads pixel (0, 0)", "https://example.org/issue", True)
    assert (one.cases, one.kind.value) == (["border-low", "border-top"], "wrong")
    assert (other.what, other.listed) == ("The process dies (RA-6 Boundary, forward)", False)


def test_a_cause_is_what_happens_where_no_list_says_it(tmp_path):
    results = [result("x", case, Verdict.DEVIATES, "differs") for case in ("border-low", "border-top")]
    causes = [Cause("x", "roi_align", "forward", "floor instead of ceil for adaptive (RA-4)", 1, 2, 0, ("border-low",))]
    found = findings(write_run(tmp_path / "run.ndjson", {"x": "ran"}, results, causes=causes))
    assert {finding.what: finding.cases for finding in found} == {
        "The results are those of floor instead of ceil for adaptive (RA-4)": ["border-low"],
        "What is returned is not what its dialect says (RA-6 Boundary, forward)": ["border-top"],
    }


def test_its_address_stays_while_its_reason_does(tmp_path):
    first = [result("x", "border-low", Verdict.KNOWN, KNOWN, listed=Verdict.DEVIATES)]
    more = [*first, result("x", "border-top", Verdict.KNOWN, KNOWN, listed=Verdict.DEVIATES)]
    ids = [
        findings(write_run(tmp_path / f"{n}.ndjson", {"x": "ran"}, results))[0].id
        for n, results in enumerate((first, more))
    ]
    assert ids[0] == ids[1]
    assert re.fullmatch("x-roi-align-[0-9a-f]{8}", ids[0])


def test_the_simplest_case_shows_it(tmp_path):
    """That of the smallest call, and one for which there is a script."""
    difference = {"index": [0, 0, 0, 0], "expected": 1.0, "got": 2.0}
    names = ("random-fixed", "many-elements", "border-low", "border-single-pixel")
    results = [
        result("opencv", name, Verdict.DEVIATES, "differs", dialect="opencv", difference=difference) for name in names
    ]
    (finding,) = findings(write_run(tmp_path / "run.ndjson", {"opencv": "ran"}, results))
    assert finding.case.id == "border-single-pixel"
    assert "import cv2" in finding.script
    assert finding.seen == "at (0, 0, 0, 0) 1 is due, and 2 came"


def test_versions_say_in_which_it_shows(results):
    shown = {
        finding.what: finding.versions for finding in findings(results) if finding.implementation.name == "onnxruntime"
    }
    assert shown == {"Reads pixel (0, 0)": [("1.2", True), ("1.1", True)]}


@pytest.fixture(scope="module")
def issues(built):
    return {path.stem: path.read_text(encoding="utf-8") for path in (built[0] / "findings").glob("*.txt")}


def test_each_has_a_page_and_the_text_of_an_issue(built, issues):
    pages = {path.stem for path in (built[0] / "findings").glob("*.html")}
    assert pages == issues.keys() != set()
    (text,) = (text for name, text in issues.items() if name.startswith("onnxruntime-"))
    assert text.startswith(
        "# RoIAlign: Reads pixel (0, 0)\n\n**What happens.** Reads pixel (0, 0). See https://example.org/issue\n"
    )
    for part in (
        "onnxruntime 1.2 (",
        "Also in 1.1.",
        "(0, 0, 1, 0) 2.5 is due, and nan came",
        "RA-6 Boundary",
        "border-low",
    ):
        assert part in text, part
    script = re.search(r"```python\n(.*?)\n```", text, re.DOTALL)[1]
    compile(script, "script", "exec")
    assert "import onnxruntime" in script


def test_an_issue_is_plain_and_not_escaped(built, issues):
    assert any(NASTY in text for text in issues.values())
    pages = "".join(path.read_text() for path in (built[0] / "findings").glob("mine-*.html"))
    assert "<script>window" not in pages


def test_an_issue_can_be_copied(built, visit):
    name = next((built[0] / "findings").glob("onnxruntime-*.html"))
    page = visit(f"findings/{name.stem}")
    page.click("#issue ~ .code .copy")
    page.wait_for_function(
        "['Copied', 'Selected'].includes(document.querySelector('#issue ~ .code .copy').textContent)"
    )
    with page.expect_navigation():
        page.click("text=as plain text")
    assert page.locator("body").inner_text().startswith("# RoIAlign: Reads pixel")
