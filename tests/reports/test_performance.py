"""The page of times: what was wrong, disturbed or not measured is said to be."""

import copy
import json

import pytest

from roikit.conformance.results.file import ResultFile
from roikit.conformance.results.result import Result, Subject
from roikit.conformance.verdict import Judgement, Verdict
from roikit.reports.files import read_all
from roikit.reports.model import digest
from roikit.reports.pages import performance


@pytest.fixture
def page(a_record, tmp_path):
    """Returns what the page is given of records that are changed copies of one."""

    def context(*changes):
        for n, change in enumerate(changes):
            document = copy.deepcopy(json.loads(a_record.read_text()))
            document["started"] = f"2026-11-{10 + n}T00:00:00+00:00"
            document["rows"] = document["rows"][:2]
            change(document)
            (tmp_path / f"{n}.json").write_text(json.dumps(document))
        return performance.context(digest(read_all([tmp_path])))

    return context


def nothing(document):
    pass


def on_a_gpu(document):
    document["machine"]["gpus"] = [{"name": "Card"}]
    for row in document["rows"]:
        row.update(place="gpu", threads=None)
        for entry in row["entries"]:
            entry["times"]["cold"] = entry["times"]["hot"]
            entry["ns_per_output"]["cold"] = 1.0
            entry["floor_fraction"] = {"hot": 0.9, "cold": 0.6}


def test_ratios_and_spread_are_those_of_the_record(page, a_record):
    (machine,) = page(nothing)["machines"]
    workload = machine.groups[0].workloads[0]
    peer = next(t for t in workload.timings if t.library == "torchvision")
    ratios = json.loads(a_record.read_text())["rows"][0]["ratios"]
    ratio = next(r for r in ratios if r["peer"] == "torchvision NCHW float32" and r["ours"] == "NCHW float32")
    assert peer.faster == {"hot": f"{1 / ratio['ratio']:.3g}×"}
    assert "torchvision NCHW float32" in machine.groups[0].figure
    assert not machine.has_floors


def test_a_wrong_result_is_marked_and_has_no_ratio(page):
    def spoil(document):
        row = document["rows"][0]
        entry = next(entry for entry in row["entries"] if entry["library"] == "torchvision")
        entry.update(verdict="wrong", reason="far off")
        for ratio in row["ratios"]:
            ratio["valid"] = ratio["valid"] and not ratio["peer"].startswith("torchvision")

    (machine,) = page(spoil)["machines"]
    peer = next(t for t in machine.groups[0].workloads[0].timings if t.library == "torchvision")
    assert not peer.is_correct
    assert peer.faster == {}
    assert "torchvision NCHW float32 WRONG" in machine.groups[0].figure


def test_a_disturbed_workload_is_said_to_be(page):
    def disturb(document):
        document["rows"][1]["control"]["spread"] = 0.5

    (machine,) = page(disturb)["machines"]
    assert [w.is_calm for w in machine.groups[0].workloads] == [True, False]
    assert machine.groups[0].figure.count("(disturbed)") == 1


def test_with_a_floor_there_is_a_drawing_of_it_with_both_caches(page):
    (machine,) = page(on_a_gpu)["machines"]
    assert machine.name == "Card"
    assert machine.groups[0].place == "GPU"
    assert machine.has_floors
    assert "roikit, cold caches" in machine.groups[0].floors
    assert "roikit, hot caches" in machine.groups[0].floors


def test_records_of_a_machine_become_a_history_and_the_newest_is_shown(page):
    found = page(nothing, nothing, on_a_gpu)
    assert {m.name: m.record.started.day for m in found["machines"]} == {"AMD EPYC, 2 cores": 11, "Card": 12}
    (history,) = found["histories"]
    assert "record by record" in history
    assert len(found["records"]) == 3


def test_commits_of_asv_become_a_figure(a_record, tmp_path):
    for n in range(2):
        document = {
            "commit_hash": f"abc{n}", "date": 1764000000000 + n, "params": {"machine": "vm"},
            "result_columns": ["result", "params"], "results": {"f.time_it": [[0.5 + n, None], [["'NCHW'", "'NHWC'"]]]},
        }  # fmt: skip
        (tmp_path / f"{n}.json").write_text(json.dumps(document))
    (figure,) = performance.context(digest(read_all([tmp_path])))["asv"]
    assert "f.time_it on vm, commit by commit" in figure
    assert "abc0" in figure


def test_whose_speed_is_shown_although_something_is_wrong_is_said(a_record, tmp_path):
    (tmp_path / "record.json").write_text(a_record.read_text())
    with (tmp_path / "run.ndjson").open("w") as stream:
        file = ResultFile(stream, {})
        for name, verdict in (("torchvision", "crashed"), ("mnn", "deviates"), ("untimed", "crashed")):
            file.add_subject(Subject(implementation=name, state="ran", description={"version": "1"}))
            result = Result(
                implementation=name, dialect="mmcv", case="a", operator="roi_align", group="g",
                rules=("RA-6",), operation="forward", mode="avg", dtype="float32", layout="NCHW",
                judgement=Judgement(Verdict(verdict), ""), seconds=0.1,
            )  # fmt: skip
            file.add(result)
        file.close()
    wrong = performance.context(digest(read_all([tmp_path])))["wrong"]
    assert [(i.name, rules) for i, rules in wrong] == [("torchvision", ["RA-6"])]
