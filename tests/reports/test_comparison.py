"""What changed from one file to another."""

import copy
import json
import re

import pytest

from roikit.conformance.results.file import ResultFile
from roikit.conformance.results.result import Result, Subject
from roikit.conformance.verdict import Judgement, Verdict
from roikit.reports.comparison import IncomparableError, compare, markdown
from roikit.reports.files import read


def write(path, verdicts, version="1"):
    """Writes a run of these (case, verdict, what was got)."""
    with path.open("w") as stream:
        file = ResultFile(stream, {})
        file.add_subject(Subject(implementation="x", state="ran", description={"version": version}))
        for case, verdict, got in verdicts:
            difference = None if got is None else {"index": [0], "expected": 1, "got": got}
            result = Result(
                implementation="x", dialect="mmcv", case=case, operator="roi_align", group="g",
                rules=("RA-1",), operation="forward", mode="avg", dtype="float32", layout="NCHW",
                judgement=Judgement(verdict, "", difference), seconds=0.1,
            )  # fmt: skip
            file.add(result)
        file.close()
    return read(path)


def names(changes):
    return [change.what.split(" · ")[1] for change in changes]


def test_results_are_worse_fixed_or_otherwise_changed(tmp_path):
    good, bad, known = Verdict.CONFORMS, Verdict.DEVIATES, Verdict.KNOWN
    a = write(
        tmp_path / "a",
        [("same", good, None), ("broken", good, None), ("fixed", bad, 2.0), ("moved", bad, 2.0), ("gone", good, None),
         ("listed", bad, 2.0), ("crashes", bad, 2.0)],
    )  # fmt: skip
    b = write(
        tmp_path / "b",
        [("same", good, None), ("broken", bad, 2.0), ("fixed", good, None), ("moved", bad, 3.0), ("new", bad, 2.0),
         ("listed", known, 2.0), ("crashes", Verdict.CRASHED, None)],
        version="2",
    )  # fmt: skip
    found = compare(a, b)
    assert names(found.worse) == ["broken", "crashes"]
    assert names(found.better) == ["fixed", "listed"]
    assert names(found.other) == ["moved"]
    assert (found.same, found.only, found.passes) == (1, (1, 1), False)
    assert found.notes == ("x 1 → 2",)
    assert found.worse[0].after == "deviates: 2.0, not 1"
    assert compare(a, a).passes
    text = markdown(found, 1)
    assert "**2 worse**" in text
    assert "… and 1 more" in text


def test_the_exit_status_says_whether_anything_is_worse(tmp_path, report):
    write(tmp_path / "a", [("c", Verdict.CONFORMS, None)])
    write(tmp_path / "b", [("c", Verdict.DEVIATES, 2.0)])
    worse, better = report("compare", tmp_path / "a", tmp_path / "b"), report("compare", tmp_path / "b", tmp_path / "a")
    assert (worse.exit_code, better.exit_code) == (1, 0)
    assert "x · c · mmcv float32 NCHW" in worse.stdout
    assert "1 better, 0 as before" in better.stdout
    assert report("compare", tmp_path / "a", tmp_path / "b", "--format", "markdown").stdout.startswith("### ")


@pytest.mark.parametrize(
    "cut", [lambda lines: lines[:-1], lambda lines: lines[:-2], lambda lines: [*lines[:-1], lines[-1][:9]]]
)
def test_a_run_that_was_cut_off_never_passes(cut, tmp_path, report):
    write(tmp_path / "a", [("c", Verdict.CONFORMS, None), ("d", Verdict.CONFORMS, None)])
    (tmp_path / "b").write_text("".join(cut((tmp_path / "a").read_text().splitlines(keepends=True))))
    for pair in (("a", "b"), ("b", "a")):
        done = report("compare", *(tmp_path / name for name in pair))
        assert done.exit_code == 1
        assert "b is incomplete: its run was cut off" in done.stdout
        assert "incomplete, which counts as worse" in done.stdout


def test_a_record_that_was_cut_off_never_passes(a_record, tmp_path, report):
    document = json.loads(a_record.read_text())
    (tmp_path / "b.json").write_text(json.dumps({**document, "complete": False}))
    assert report("compare", a_record, a_record).exit_code == 0
    assert report("compare", a_record, tmp_path / "b.json").exit_code == 1
    (tmp_path / "b.json").write_text(a_record.read_text()[:-500])
    done = report("compare", a_record, tmp_path / "b.json")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert re.search(r"b\.json:\d+: is no JSON", done.stderr)


def test_what_cannot_be_loaded_any_more_is_worse(tmp_path, report):
    write(tmp_path / "a", [("c", Verdict.CONFORMS, None)])
    for state, status in (("broken", 1), ("absent", 0)):
        with (tmp_path / "b").open("w") as stream:
            file = ResultFile(stream, {})
            file.add_subject(Subject(implementation="x", state=state, reason="ImportError: [/nothing]"))
            file.close()
        assert report("compare", tmp_path / "a", tmp_path / "b").exit_code == status


def changed(record, path, change):
    document = copy.deepcopy(json.loads(record.read_text()))
    for row in document["rows"]:
        for entry in row["entries"]:
            change(document, row, entry)
    path.write_text(json.dumps(document))
    return read(path)


def scale(entry, factor):
    for summary in entry["times"].values():
        for name in ("median", "lower_quartile", "upper_quartile", "minimum"):
            summary[name] *= factor


def test_only_what_exceeds_the_noise_is_slower(a_record, tmp_path):
    def slower(document, row, entry):
        if entry["library"] == "roikit" and row["row"] == "c1" and entry["layout"] == "NHWC":
            scale(entry, 3)
        elif entry["library"] == "roikit":
            scale(entry, 1.001)

    found = compare(read(a_record), changed(a_record, tmp_path / "b", slower))
    assert found.worse
    assert {change.what[:2] for change in found.worse} == {"c1"}
    assert all("NHWC" in change.what for change in found.worse)
    assert not found.better
    assert "3.00 times; 3.00 times beside peers, which took 1.00 to 1.00 times; noise" in found.worse[0].after


def test_a_ratio_is_told_before_and_after_what_peers_say_of_the_machine(a_record, tmp_path):
    def faster_machine(document, row, entry):
        scale(entry, 0.99 if entry["library"] == "roikit" else 0.25)

    after = changed(a_record, tmp_path / "b", faster_machine)
    found = compare(read(a_record), after)
    assert found.worse
    assert all("0.99 times; 3.96 times beside peers, which took 0.25 to 0.25" in change.after for change in found.worse)
    assert not compare(read(a_record), after, 3.0).worse  # by less than 300 %


def test_a_threshold_can_be_set(a_record, tmp_path, report):
    changed(
        a_record, tmp_path / "b", lambda document, row, entry: scale(entry, 2 if entry["library"] == "roikit" else 1)
    )
    assert report("compare", a_record, tmp_path / "b").exit_code == 1
    assert report("compare", a_record, tmp_path / "b", "--threshold", "110").exit_code == 0


def test_a_slower_machine_is_not_a_slower_kernel(a_record, tmp_path):
    found = compare(read(a_record), changed(a_record, tmp_path / "b", lambda document, row, entry: scale(entry, 2)))
    assert not found.worse
    assert not found.better
    assert not found.notes


def test_what_peers_vary_by_is_noise(a_record, tmp_path):
    def vary(document, row, entry):
        scale(entry, {"torchvision": 0.7, "roikit": 0.72, "mnn": 1.0}.get(entry["library"], 0.9))

    found = compare(read(a_record), changed(a_record, tmp_path / "b", vary))
    assert not found.worse
    assert not found.better
    assert not compare(read(a_record), changed(a_record, tmp_path / "c", lambda document, row, entry: None)).worse


def test_without_peers_that_is_said(a_record, tmp_path):
    def alone(document, row, entry):
        if entry["library"] != "roikit":
            entry["library"] = "another"
        document["versions"]["numpy"] = "9"

    found = compare(read(a_record), changed(a_record, tmp_path / "b", alone))
    assert any("have no peer in both" in note for note in found.notes)
    assert any(note.startswith("numpy ") and note.endswith("→ 9") for note in found.notes)


def test_a_wrong_result_has_no_time(a_record, tmp_path):
    def spoil(document, row, entry):
        if entry["library"] == "roikit" and row["row"] == "a1":
            entry.update(verdict="wrong", reason="far off")
            scale(entry, 0.01)

    found = compare(read(a_record), changed(a_record, tmp_path / "b", spoil))
    assert not found.better
    assert found.only[0] > 0
    assert any("a1 roikit" in note and "far off" in note for note in found.notes)


def test_times_of_different_machines_are_not_compared(a_record, tmp_path, report):
    def move(document, row, entry):
        document["machine"]["cpu"] = "Another"

    moved = changed(a_record, tmp_path / "b", move)
    with pytest.raises(
        IncomparableError, match="different machines say nothing of each other: AMD EPYC, 2 cores, Another"
    ):
        compare(read(a_record), moved)
    assert report("compare", a_record, tmp_path / "b").exit_code == 2


def test_files_of_different_kinds_are_not_compared(a_record, tmp_path):
    with pytest.raises(IncomparableError, match="are not two conformance runs, nor two records"):
        compare(write(tmp_path / "a", []), read(a_record))
