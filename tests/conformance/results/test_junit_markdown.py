"""JUnit XML and Markdown say what the run said, whatever the reasons contain."""

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.results import file as results
from roikit.conformance.results import junit_markdown as exports
from roikit.conformance.results.result import Result, Subject
from roikit.conformance.results.summary import Summary
from roikit.conformance.verdict import Judgement, Verdict

HERE = Path(__file__).parents[1]
NASTY = "\x1b[31mno | such\n<details> & `x`\x00 \ud800 (https://example.org/a_b)"


def result(implementation, verdict, reason="", case="border-low", dialect="torchvision", dtype="float32"):
    return Result(
        implementation=implementation, dialect=dialect, case=case, operator="roi_align",
        group="borders", rules=("RA-6",), operation="forward",
        mode="avg", dtype=dtype, layout="NCHW", judgement=Judgement(verdict, reason), seconds=0.25,
    )  # fmt: skip


def summary(judged, subjects=()):
    ran = [
        Subject(implementation=name, state="ran", description={"version": "1"})
        for name in {r.implementation: 0 for r in judged}
    ]
    everyone = [*ran, *subjects]
    cases = [case for case in golden_cases() if case.id in ("border-low", "place-two-by-two")]
    return Summary.of(datetime(2026, 11, 23, tzinfo=UTC), [s.implementation for s in everyone], everyone, judged, cases)


def one_of_each():
    judged = [result("x.y:_f|g_", verdict, NASTY, dialect=f"d{n}") for n, verdict in enumerate(Verdict)]
    absent = Subject(implementation="absent", state="absent", reason=NASTY)
    broken = Subject(implementation="broken", state="broken", reason=NASTY)
    return summary(judged, [absent, broken])


def outcomes(suite):
    return Counter(case[0].tag if len(case) else "passed" for case in suite.iter("testcase"))


def test_junit_has_a_suite_for_each_implementation_whose_counts_are_those_of_its_cases():
    suites = ET.fromstring(exports.junit(one_of_each())).findall("testsuite")
    assert [suite.get("name") for suite in suites] == ["x.y:_f|g_", "absent", "broken"]
    assert [outcomes(suite) for suite in suites] == [
        {"passed": 1, "skipped": 3, "failure": len(Verdict) - 4}, {"skipped": 1}, {"error": 1},
    ]  # fmt: skip
    for suite in suites:
        found = outcomes(suite)
        counts = {"failures": "failure", "errors": "error", "skipped": "skipped"}
        assert {name: int(suite.get(name)) for name in counts} == {name: found[tag] for name, tag in counts.items()}
        assert int(suite.get("tests")) == found.total()
    assert float(suites[0].get("time")) == pytest.approx(0.25 * len(Verdict))
    assert suites[0].find("properties/property").attrib == {"name": "version", "value": "1"}


def test_junit_names_the_verdict_and_the_reason_without_what_xml_does_not_allow():
    cases = {c.get("classname"): c for c in ET.fromstring(exports.junit(one_of_each())).iter("testcase")}
    assert cases["x.y:_f|g_.d0"].get("name") == "border-low [float32 NCHW]"
    said = "\ufffd[31mno | such\n<details> & `x`\ufffd \ufffd (https://example.org/a_b)"
    for number, verdict in enumerate(Verdict):
        for outcome in cases[f"x.y:_f|g_.d{number}"]:
            if verdict.is_failure:
                assert (outcome.tag, outcome.attrib) == ("failure", {"type": verdict.value, "message": said})
                assert outcome.text == f"{said}\nrules: RA-6"
            else:
                assert (outcome.tag, outcome.attrib) == ("skipped", {"message": f"{verdict.value}: {said}"})
    assert cases["absent"][0].attrib == {"message": f"absent: {said}"}
    assert cases["broken"][0].attrib == {"type": "broken", "message": said}


def test_every_test_case_has_a_name_of_its_own():
    judged = [result("x", Verdict.CONFORMS, dialect=d, dtype=t) for d in ("d", "e") for t in ("float32", "float64")]
    cases = list(ET.fromstring(exports.junit(summary(judged))).iter("testcase"))
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases) == 4


def test_markdown_of_one_of_each_shows_reasons_as_text():
    text = exports.markdown(one_of_each())
    row = next(line for line in text.splitlines() if "d0" in line)
    assert row == r"| x.y:\_f\|g\_ | d0 | 1 ✓ | – |"
    assert "<details> &" not in text
    said = "�[31mno | such &lt;details&gt; &amp; `x`� �"
    link = '<a href="https://example.org/a_b">https://example.org/a_b</a>'
    crashed = f"d{list(Verdict).index(Verdict.CRASHED)} float32 NCHW"
    assert f"<b>crashed</b> <code>x.y:_f|g_</code> · <code>border-low</code> · {crashed}<br>{said} ({link})" in text
    assert f"<summary>{len(Verdict) - 4} failures</summary>" in text
    assert "<summary>1 known deviation</summary>" in text
    assert "<summary>1 contested result</summary>" in text
    assert f"<code>broken</code> broken: {said}" in text
    assert all(block.count("<details>") == block.count("</details>") for block in text.split("\n\n"))


def test_markdown_of_a_good_run_has_nothing_to_unfold():
    text = exports.markdown(summary([result("x", Verdict.CONFORMS)]))
    assert "<details>" not in text
    assert text.endswith("1 results: 1 conforms\n\n")


def test_markdown_of_a_run_of_nothing_says_so():
    text = exports.markdown(summary([], [Subject(implementation="absent", state="absent", reason="not here")]))
    assert "nothing was run" in text
    assert "| " not in text


@pytest.mark.parametrize("verdict", [Verdict.DEVIATES, Verdict.KNOWN])
def test_markdown_stays_under_the_limit_of_a_step_summary(verdict):
    judged = [result("x", verdict, f"{n} " + "é" * 500, dialect="d") for n in range(3000)]
    text = exports.markdown(summary(judged))
    assert 900_000 < len(text.encode()) < exports.MARKDOWN_BYTES
    assert "more reasons, for which there is no room" in text
    assert text.endswith("</details>\n\n")


def roikit(*arguments):
    path = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, "-m", "roikit.conformance.commands.cli", "conform", *arguments],
        env=os.environ | {"PYTHONPATH": path, "ROIKIT_CACHE_DIR": os.devnull}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def a_run(tmp_path_factory):
    """A run with conforming results, failures, an absent and a broken implementation, and the three files that it wrote."""
    folder = tmp_path_factory.mktemp("run")
    output, junit, markdown = folder / "run.ndjson", folder / "run.xml", folder / "run.md"
    run = roikit(
        *("roikit", "detectron2", "-i", "players:half_a_pixel_off", "-i", "no_such_module:f"),
        *("--op", "roi_align", "--select", "place-*", "--select", "max", "--dtype", "float32", "--layout", "NCHW"),
        *("--output", str(output), "--junit", str(junit), "--markdown", str(markdown)),
    )
    assert run.returncode == 1
    return run.stdout, results.read(output), ET.parse(junit).getroot(), markdown.read_text(encoding="utf-8")


@pytest.mark.one_in(2)
def test_the_files_are_written_though_something_deviates_and_agree_with_the_result_file(a_run):
    _, records, root, _ = a_run
    judged = [record for record in records if record["type"] == "result"]
    for suite in root:
        verdicts = Counter(r["verdict"] for r in judged if r["implementation"] == suite.get("name"))
        found = outcomes(suite)
        if verdicts:
            assert found["passed"] == verdicts["conforms"]
            assert found["failure"] == verdicts["deviates"]
            assert found.total() == verdicts.total()
    assert len(root) == 4


def test_the_table_of_the_markdown_is_that_of_the_terminal(a_run):
    printed, _, _, text = a_run
    rows = [line.strip("| ").split("|") for line in text.splitlines() if line.startswith("| ")]
    flat = [" ".join(" ".join(row).replace(" ✓", "").replace("\\", "").split()) for row in (rows[0], *rows[2:])]
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    begin = next(number for number, line in enumerate(lines) if line.startswith("implementation "))
    table = lines[begin : begin + len(flat)]
    assert flat == table
    assert printed.splitlines()[-1] in text


@pytest.mark.parametrize("option", ["--junit", "--markdown"])
def test_a_folder_that_does_not_exist_is_found_out_before_the_run(option):
    run = roikit("roikit", "--select", "place-two-by-two", option, "/no/such/folder/file")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("roikit: [Errno 2] No such file or directory: '/no/such/folder/file'")
