"""Files that the harness takes, damaged by chance: each is used, or refused in one line. Nothing else ever comes of one."""

import json
import math

import numpy as np
import pytest

from roikit.conformance.cases.case import case_files
from roikit.conformance.cases.golden import golden_cases, golden_ids
from roikit.conformance.cases.selection import read_cases
from roikit.conformance.errors import UsageError
from roikit.conformance.results import deviations
from roikit.conformance.results.deviations_update import outcomes, update
from roikit.conformance.results.file import ResultFile, read
from roikit.conformance.results.gates import read_baseline
from roikit.conformance.results.result import Result, Subject
from roikit.conformance.verdict import Judgement, Verdict
from roikit.conformance.verdicts import properties
from roikit.conformance.verdicts.judge import judge_output
from tests import mutations


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The records of a run."""
    path = tmp_path_factory.mktemp("run") / "run.ndjson"
    with path.open("w") as stream:
        file = ResultFile(stream, {})
        file.add_subject(Subject(implementation="x", state="ran", description={"version": "1", "dialects": ["mmcv"]}))
        for case, verdict in (("border-low", Verdict.CONFORMS), ("border-top", Verdict.DEVIATES)):
            difference = {"index": [0, 0, 0, 1], "expected": 3, "got": "nan"} if verdict == Verdict.DEVIATES else None
            file.add(
                Result(
                    implementation="x", dialect="mmcv", case=case, operator="roi_align", group="borders", rules=("RA-6",),
                    operation="forward", mode="avg", dtype="float32", layout="NCHW",
                    judgement=Judgement(verdict, "why", difference, 0.5), seconds=0.5,
                )
            )  # fmt: skip
        file.close()
    return read(path)


def refusals(path, damaged, use):
    """What is said of the damaged files that are refused, and how many are used."""
    said, used = [], 0
    for data in damaged:
        path.write_bytes(data)
        try:
            use(path)
        except UsageError as error:
            said.append(str(error))
        else:
            used += 1
    assert [text for text in said if str(path) not in text or len(text.splitlines()) > 1] == []
    return said, used


def test_a_damaged_run_is_a_baseline_or_refused(run, tmp_path):
    def use(path):
        assert set(read_baseline(path).values()) <= set(Verdict)
        update("", outcomes(record for record in read(path) if record["type"] == "result"), golden_cases()[:1])

    said, used = refusals(tmp_path / "run.ndjson", mutations.of_lines(run, 400), use)
    assert len(said) > 200
    assert used > 20


LIST = """[[deviation]]
cases = [ "border-*" , "article-example" ]
operators = [ "roi_align" ]
dialects = [ "onnx-16" ]
dtypes = [ "float32" ]
reason = "It clamps"
link = "https://example.org/1"
sometimes = false
choices = { max = "sample" , max_start = 0 }
added = 2026-11-24

[[deviation]]
cases = [ "max-empty" ]
reason = "It crashes"
added = 2026-11-24
"""


def test_a_damaged_list_of_deviations_is_read_or_refused(tmp_path):
    said, used = refusals(
        tmp_path / "x.toml", mutations.of_text(LIST, 300), lambda path: deviations.read(path, golden_ids())
    )
    assert len(said) > 150
    assert used > 5
    assert sum(":1" in text or ":2" in text for text in said) > 20  # with its line


def call_and_judge(case):
    """What a run does with a case, in which an implementation gives zeros."""
    properties.operations(case)
    if math.prod(case.arguments["output_size"]) > 1000:
        return  # which an implementation may well refuse
    for expectation in case.expected:
        for layout in ("NCHW", "NHWC"):
            call = case.call(expectation.dialects[0], "float32", layout)
            output = np.zeros(call.shape() or (), "float32")
            if case.kind == "property":
                properties.check(case, lambda changed: np.zeros(changed.shape))
            elif case.kind != "error":
                judge_output(case, expectation, output, "float32", layout)


@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")  # as float32 some odd numbers are infinite
@pytest.mark.parametrize("name", ["borders", "gradient", "invalid", "layout"])
def test_a_damaged_case_is_judged_or_refused(name, tmp_path):
    (file,) = (file for file in case_files("roi_align") if file.name == f"{name}.json")
    document = json.loads(file.read_text())
    chosen = {case["kind"]: case for case in document["cases"]}
    document["cases"] = list(chosen.values())

    def use(path):
        for case in read_cases(path):
            call_and_judge(case)

    said, used = refusals(tmp_path / "cases.json", mutations.of_json(document, 60), use)
    assert said
    assert used
