"""Result files as data frames."""

import pytest

from roikit.conformance.judge import Judgement, Verdict
from roikit.conformance.results import IncompleteResultsError, Result, ResultFile, Subject
from roikit.reports import COLUMNS, load


def write(path, *, close=True):
    with path.open("w") as stream:
        file = ResultFile(stream, {})
        file.add_subject(Subject(implementation="gone", state="absent", reason="not installed"))
        file.add_subject(Subject(implementation="x", state="ran", description={"version": "1.2"}))
        for verdict, ratio in ((Verdict.CONFORMS, 0.25), (Verdict.DEVIATES, None)):
            result = Result(
                implementation="x", dialect="onnx-16", case="a", group="g", rules=("RA-1",), operation="forward",
                mode="avg", dtype="float32", layout="NCHW", judgement=Judgement(verdict, "why", None, ratio), seconds=0.5,
            )  # fmt: skip
            file.add(result)
        if close:
            file.close()


def test_a_run_becomes_a_table_with_the_documented_columns(tmp_path):
    write(tmp_path / "run.ndjson")
    table = load(tmp_path / "run.ndjson")
    assert list(table.columns) == list(COLUMNS)
    assert table.verdict.tolist() == ["conforms", "deviates"]
    assert table.version.tolist() == ["1.2", "1.2"]
    assert table.error_over_bound.isna().tolist() == [False, True]


def test_a_run_that_was_cut_off_is_not_loaded(tmp_path):
    write(tmp_path / "run.ndjson", close=False)
    with pytest.raises(IncompleteResultsError, match=r"run\.ndjson ends before its run did"):
        load(tmp_path / "run.ndjson")
    (tmp_path / "empty.ndjson").write_text("")
    with pytest.raises(IncompleteResultsError):
        load(tmp_path / "empty.ndjson")
