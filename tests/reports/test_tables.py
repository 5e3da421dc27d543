"""Result files as data frames."""

import gzip
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from roikit.conformance.errors import FileError
from roikit.conformance.results.file import IncompleteResultsError, ResultFile
from roikit.conformance.results.result import Result, Subject
from roikit.conformance.verdict import Judgement, Verdict
from roikit.reports import ASV_COLUMNS, DETECTION_COLUMNS, RESULT_COLUMNS, TIME_COLUMNS, UnknownFileError, load
from roikit.reports.files import read, read_all

RECORDED = Path(__file__).parents[2] / "reports" / "recorded"


def write(path, *, close=True):
    with path.open("w") as stream:
        file = ResultFile(stream, {})
        file.add_subject(Subject(implementation="gone", state="absent", reason="not installed"))
        file.add_subject(Subject(implementation="x", state="ran", description={"version": "1.2"}))
        for verdict, ratio in ((Verdict.CONFORMS, 0.25), (Verdict.DEVIATES, None)):
            difference = {"index": [0, 0, 0, 1], "expected": 3, "got": "nan"} if verdict == Verdict.DEVIATES else None
            result = Result(
                implementation="x", dialect="onnx-16", case="a", operator="roi_align", group="g", rules=("RA-1", "RA-6"),
                operation="forward", mode="avg", dtype="float32", layout="NCHW",
                judgement=Judgement(verdict, "why", difference, ratio), seconds=0.5,
            )  # fmt: skip
            file.add(result)
        if close:
            file.close()


def test_a_run_becomes_a_table_with_the_documented_columns(tmp_path):
    write(tmp_path / "run.ndjson")
    table = load(tmp_path / "run.ndjson")
    assert list(table.columns) == list(RESULT_COLUMNS)
    assert table.verdict.tolist() == ["conforms", "deviates"]
    assert table.kind.tolist() == ["follows", "differs"]
    assert table.rules.tolist() == ["RA-1 RA-6"] * 2
    assert table.expected[1] == 3
    assert table.expected.isna().tolist() == [True, False]
    assert table.version.tolist() == ["1.2", "1.2"]
    assert table.error_over_bound.isna().tolist() == [False, True]


def test_what_is_not_offered_is_of_a_kind_of_its_own(tmp_path):
    path = tmp_path / "run.ndjson"
    write(path)
    path.write_text(path.read_text().replace('"deviates"', '"unsupported"'))
    table = load(path)
    assert table.kind.tolist() == ["follows", "unsupported"]
    assert not (table.kind == "differs").any()


def test_a_run_that_was_cut_off_is_loaded_only_in_part(tmp_path):
    path = tmp_path / "run.ndjson"
    write(path, close=False)
    with pytest.raises(IncompleteResultsError, match=r"run\.ndjson: ends before its run did; partial=True"):
        load(path)
    path.write_text(path.read_text()[:-40])  # in the middle of a line
    table = load(path, partial=True)
    assert len(table) == 1
    assert table.attrs == {"complete": False}
    write(path)
    assert load(path).attrs == {"complete": True}


def test_a_file_may_be_packed(tmp_path):
    write(tmp_path / "run.ndjson")
    packed = gzip.compress((tmp_path / "run.ndjson").read_bytes())
    (tmp_path / "run.ndjson.gz").write_bytes(packed)
    assert len(load(tmp_path / "run.ndjson.gz")) == 2
    assert len(read_all([tmp_path]).runs) == 2
    (tmp_path / "half.ndjson.gz").write_bytes(packed[:-20])
    with pytest.raises(FileError, match="is packed, but not whole"):
        load(tmp_path / "half.ndjson.gz")


@pytest.mark.parametrize("text", ["", "nonsense", "{}", "[]", '{"started": "2026-11-25T00:00:00+00:00"}'])
def test_another_file_is_refused(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(UnknownFileError, match=r"x\.json"):
        load(tmp_path / "x.json")


def test_a_file_of_a_newer_format_is_refused(tmp_path):
    write(tmp_path / "run.ndjson")
    text = (tmp_path / "run.ndjson").read_text().replace('"format": 1', '"format": 2')
    (tmp_path / "run.ndjson").write_text(text)
    with pytest.raises(FileError, match=r"run\.ndjson:1: format: has format 2, not 1"):
        load(tmp_path / "run.ndjson")


def test_a_record_of_benchmarks_has_a_row_for_each_time(a_record):
    table = load(a_record)
    assert list(table.columns) == list(TIME_COLUMNS)
    document = json.loads(a_record.read_text())
    assert len(table) == sum(len(entry["times"]) for row in document["rows"] for entry in row["entries"])
    first, entry = table.iloc[0], document["rows"][0]["entries"][0]
    assert first["median"] == entry["times"][first["cache"]]["median"]
    assert first["machine"] == "AMD EPYC, 2 cores"
    assert (table["median"] > 0).all()
    assert (table.started == pd.Timestamp(document["started"])).all()
    assert str(table.started.dt.tz) == "UTC"


def test_detected_dialects_have_a_row_for_each_decision(tmp_path):
    decision = {"point": "end", "rule": "RA-2", "left": ["exclusive", "plus_one"], "ruled_out": [], "open": "why"}
    start = {"point": "max_start", "rule": "RA-9", "left": [None], "ruled_out": [], "open": ""}
    document = json.loads((RECORDED / "detections" / "2026-11-25.json").read_text())
    found = {**document["detections"][0], "dialect": "mmcv", "decisions": [decision, start]}
    (tmp_path / "d.json").write_text(json.dumps({**document, "detections": [found]}))
    table = load(tmp_path / "d.json")
    assert list(table.columns) == list(DETECTION_COLUMNS)
    assert table.choice.tolist() == ["exclusive or plus_one", "none"]
    assert table.declared.tolist() == ["mmcv", "mmcv"]


def lines_of(document, *, footer=True):
    """A document of format 1 as records of format 2."""
    about = {name: value for name, value in document.items() if name not in ("implementations", "detections")}
    yield {"type": "header", "contents": "detections", **about, "format": 2}
    yield from ({"type": "implementation", **each} for each in document["implementations"])
    yield from ({"type": "detection", **each} for each in document["detections"])
    if footer:
        counts = {kind: len(document[kind]) for kind in ("implementations", "detections")}
        yield {"type": "footer", **counts}


def write_lines(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def test_detections_are_the_same_in_both_formats_and_those_that_were_cut_off_are_incomplete(tmp_path):
    path, old = tmp_path / "d.ndjson", RECORDED / "detections" / "2026-11-28-roi-pool.json"
    document = json.loads(old.read_text())
    write_lines(path, lines_of(document))
    new = load(path)
    pd.testing.assert_frame_equal(
        load(old).drop(columns="started", errors="ignore"), new.drop(columns="started", errors="ignore")
    )
    assert new.attrs == {"complete": True}
    write_lines(path, lines_of(document, footer=False))
    with pytest.raises(IncompleteResultsError, match=r"d\.ndjson: ends before its run did"):
        load(path)
    assert load(path, partial=True).attrs == {"complete": False}
    *_, one_less = document["detections"]
    document["detections"].remove(one_less)
    write_lines(
        path,
        [
            *lines_of(document, footer=False),
            {
                "type": "footer",
                "implementations": len(document["implementations"]),
                "detections": len(document["detections"]) + 1,
            },
        ],
    )
    assert not read(path).complete


def test_lines_that_a_file_of_detections_does_not_have_are_refused(tmp_path):
    header, *rest = lines_of(json.loads((RECORDED / "detections" / "2026-11-28-roi-pool.json").read_text()))
    path = tmp_path / "d.ndjson"
    for records, said in (
        ([header, header, *rest], "2: a header has no place here"),
        ([header, {"type": "footprint"}], "2: type: the type of a record is header, implementation, detection, footer"),
        ([{**header, "format": 3}, *rest], "1: format: has format 3, not 2"),
        ([header, {**rest[-2], "verdict": "fine"}], '2: verdict: "fine" is not one of'),
        ([{**header, "contents": "of_tomorrow"}, *rest], "1: format: has format 2, not 1"),
    ):
        write_lines(path, records)
        with pytest.raises(FileError, match=re.escape(said)):
            read(path)


def test_a_result_of_asv_has_a_row_for_each_parameter(tmp_path):
    machine = tmp_path / "results" / "vm"
    machine.mkdir(parents=True)
    (machine.parent / "benchmarks.json").write_text('{"f.time_it": {"unit": "seconds"}}')
    document = {
        "commit_hash": "abc", "date": 1764000000000, "params": {"machine": "vm"},
        "result_columns": ["result", "params", "version"],
        "results": {"f.time_it": [[0.5, None], [["'NCHW'", "'NHWC'"]], "1"], "f.track_x": [[2.0], [], "1"]},
    }  # fmt: skip
    (machine / "abc.json").write_text(json.dumps(document))
    table = load(machine / "abc.json")
    assert list(table.columns) == list(ASV_COLUMNS)
    assert table.parameters.tolist() == ["NCHW", "NHWC", ""]
    assert table.value.isna().tolist() == [False, True, False]
    assert table.unit.tolist() == ["seconds", "seconds", ""]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_is_exported_whole(tmp_path, suffix, report):
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    write(tmp_path / "run.ndjson")
    done = report("export", tmp_path / "run.ndjson", tmp_path / f"t.{suffix}")
    assert done.exit_code == 0, done.stderr
    table = pd.read_csv(tmp_path / "t.csv") if suffix == "csv" else pd.read_parquet(tmp_path / "t.parquet")
    assert table.verdict.tolist() == ["conforms", "deviates"]
    assert table.error_over_bound.isna().tolist() == [False, True]


def test_a_table_of_another_name_or_of_half_a_run_is_refused(tmp_path, report):
    write(tmp_path / "run.ndjson", close=False)
    done = report("export", tmp_path / "run.ndjson", tmp_path / "t.xlsx")
    assert (done.exit_code, done.stderr.strip()) == (2, "roikit: a table is called .csv or .parquet, not 't.xlsx'")
    assert report("export", tmp_path / "run.ndjson", tmp_path / "t.csv").exit_code == 2
    assert report("export", tmp_path / "run.ndjson", tmp_path / "t.csv", "--partial").exit_code == 0
