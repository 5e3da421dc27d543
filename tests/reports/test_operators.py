"""Files about several operators, and files of before there were several, which name none."""

import copy
import gzip
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from roikit.conformance import operators
from roikit.conformance.results.file import ResultFile
from roikit.conformance.results.result import Result, Subject
from roikit.conformance.results.titles import of_operator as rules
from roikit.conformance.verdict import Judgement, Verdict
from roikit.reports import load
from roikit.reports.calls import in_words
from roikit.reports.comparison import compare
from roikit.reports.files import read, read_all
from roikit.reports.model import digest, golden
from roikit.reports.pages import dialects, example, goldens, home, implementation, matrix, performance

RECORDED = Path(__file__).parents[2] / "reports" / "recorded"
SCHEMAS = Path(__file__).parents[2] / "conformance" / "schema"
CAPABILITY = {
    "dialects": ["torchvision"],
    "modes": ["max"],
    "dtypes": ["float64"],
    "layouts": ["NCHW"],
    "operations": ["forward"],
}
DESCRIPTION = {
    **CAPABILITY, "version": "1", "homepage": "", "modes": ["avg"], "dtypes": ["float32"], "operators": {"roi_pool": CAPABILITY},
}  # fmt: skip
GOOD, BAD, CRASHED = Verdict.CONFORMS, Verdict.DEVIATES, Verdict.CRASHED
BOTH = [("roi_align", "a", GOOD), ("roi_align", "b", BAD), ("roi_pool", "rp-a", CRASHED), ("roi_pool", "rp-b", GOOD)]


def write(path, judged, *, names=("x",), started=None):
    """Writes a run: of each implementation (operator, case, verdict)."""
    with path.open("w") as stream:
        file = ResultFile(stream, {})
        for name in names:
            file.add_subject(Subject(implementation=name, state="ran", description=DESCRIPTION))
            for operator, case, verdict in judged:
                prefix = {"roi_align": "RA", "roi_pool": "RP"}[operator]
                result = Result(
                    implementation=name, dialect="torchvision", case=case, operator=operator, group="g",
                    rules=(f"{prefix}-10", f"{prefix}-2"), operation="forward", mode="max", dtype="float32", layout="NCHW",
                    judgement=Judgement(verdict, "", None), seconds=0.1,
                )  # fmt: skip
                file.add(result)
        file.close()
    if started:
        first, _, rest = path.read_text().partition("\n")
        path.write_text(json.dumps({**json.loads(first), "started": started}) + "\n" + rest)
    return path


def unnamed(path):
    """Takes the operator out of every record of a run."""
    records = [json.loads(line) for line in path.read_text().splitlines()]
    for record in records:
        record.pop("operator", None)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def site_of(*paths):
    return digest(read_all(paths))


# ---- runs ------------------------------------------------------------------------------------------------------------


def test_a_table_names_the_operator_and_one_that_does_not_is_about_the_first(tmp_path):
    assert load(write(tmp_path / "run", BOTH)).operator.tolist() == ["roi_align", "roi_align", "roi_pool", "roi_pool"]
    assert set(load(unnamed(write(tmp_path / "old", BOTH[:2]))).operator) == {"roi_align"}


def test_a_file_of_before_reads_as_one_of_today(tmp_path):
    new, old = write(tmp_path / "new", BOTH[:2]), unnamed(write(tmp_path / "old", BOTH[:2]))
    assert load(new).drop(columns="seconds").equals(load(old).drop(columns="seconds"))
    found = compare(read(old), read(new))
    assert (found.same, found.only) == (2, (0, 0))


def test_the_same_case_id_of_two_operators_is_two_cases(tmp_path):
    one = write(tmp_path / "one", [("roi_align", "same", GOOD), ("roi_pool", "same", GOOD)])
    two = write(tmp_path / "two", [("roi_align", "same", GOOD), ("roi_pool", "same", BAD)])
    found = compare(read(one), read(two))
    assert found.same == 1
    assert [change.what for change in found.worse] == ["x · same · roi_pool · torchvision float32 NCHW"]
    assert [
        change.what
        for change in compare(read(two), read(write(tmp_path / "three", [("roi_align", "same", BAD)]))).worse
    ] == ["x · same · torchvision float32 NCHW"]
    assert home.context(site_of(one))["cases"] == 2


def test_an_implementation_has_a_conformance_to_each_operator(tmp_path):
    (x,) = site_of(write(tmp_path / "run.ndjson", BOTH)).implementations
    assert [(each.operator, dict(each.kinds)) for each in x.conformances] == [
        ("roi_align", {"follows": 1, "differs": 1}),
        ("roi_pool", {"wrong": 1, "follows": 1}),
    ]
    assert x.kind == "wrong"
    assert dict(x.kinds) == {"follows": 2, "differs": 1, "wrong": 1}
    assert [list(each.by_rule) for each in x.conformances] == [["RA-2", "RA-10"], ["RP-2", "RP-10"]]
    assert [rule for rule, _, _ in x.suspects] == ["RA-2", "RP-2"]
    assert [each.capability["dtypes"] for each in x.conformances] == [["float32"], ["float64"]]


def test_each_operator_counts_from_the_newest_run_that_judged_it(tmp_path):
    write(tmp_path / "1.ndjson", BOTH, started="2026-11-01T00:00:00+00:00")
    write(tmp_path / "2.ndjson", [("roi_pool", "rp-a", GOOD)], started="2026-11-02T00:00:00+00:00")
    (x,) = site_of(tmp_path).implementations
    assert [(each.operator, each.run.started.day, len(each.results)) for each in x.conformances] == [
        ("roi_align", 1, 2),
        ("roi_pool", 2, 1),
    ]


def test_there_is_a_matrix_for_each_operator(tmp_path):
    site = site_of(write(tmp_path / "run.ndjson", BOTH, names=("x", "y")))
    found = matrix.context(site)
    assert [(each["operator"], list(each["rules"]), len(each["rows"])) for each in found["matrices"]] == [
        ("roi_align", ["RA-2", "RA-10"], 2),
        ("roi_pool", ["RP-2", "RP-10"], 2),
    ]
    assert found["matrices"][0]["rules"]["RA-2"] == "Extent"
    data = json.loads(found["data"])
    for each, shown in zip(data["matrices"], found["matrices"], strict=True):
        counted = {(i, rule): 0 for i in range(2) for rule in range(2)}
        for i, _, _, _, rule, _, count in each["cells"]:
            counted[i, rule] += count
        assert counted == {
            (n, r): sum(judged.by_rule[rule].values())
            for n, (_, judged) in enumerate(shown["rows"])
            for r, rule in enumerate(each["rules"])
        }


def test_a_page_of_an_implementation_goes_operator_by_operator(tmp_path):
    site = site_of(write(tmp_path / "run.ndjson", BOTH))
    parts = implementation.context(site, site.implementations[0])["parts"]
    assert [[rule for rule, _, _ in part["sections"]] for part in parts] == [["RA-2", "RA-10"], ["RP-2", "RP-10"]]
    assert [[case["id"] for case in part["cases"]] for part in parts] == [["b"], ["rp-a"]]


def test_an_operator_that_is_not_known_here_is_shown_without_titles(tmp_path):
    path = write(tmp_path / "run.ndjson", BOTH)
    path.write_text(path.read_text().replace('"roi_pool"', '"of_tomorrow"'))
    site = site_of(path)
    assert site.operators == ["roi_align", "of_tomorrow"]
    assert [each["title"] for each in matrix.context(site)["matrices"]] == ["RoIAlign", "of_tomorrow"]
    assert rules("of_tomorrow") == {}


def test_arguments_of_a_case_are_said_in_words():
    def said(case):
        return in_words(golden()[case])

    call = said("article-example")
    assert call.startswith("forward, avg: input 1 × 1 × ")
    assert "boxes (0.8, 0, 2.4, 4.5); output size 2 × 2; spatial scale 1; sampling ratio " in call
    assert "boxes none" in said("no-rois")
    assert all(said(case) for case in golden())


# ---- detected dialects and footprints --------------------------------------------------------------------------------


@pytest.fixture
def a_detection():
    document = json.loads((RECORDED / "detections" / "2026-11-25.json").read_text())
    document["detections"] = document["detections"][:1]
    return document


def test_detections_are_shown_operator_by_operator(a_detection, tmp_path):
    (first,) = a_detection["detections"]
    a_detection["detections"].append({**first, "operator": "of_tomorrow"})
    a_detection["detections"].append({**first, "operator": "roi_align", "dialect": "mmcv"})
    (tmp_path / "d.json").write_text(json.dumps(a_detection))
    assert set(load(tmp_path / "d.json").operator) == {"roi_align", "of_tomorrow"}
    site = site_of(tmp_path / "d.json")
    (found,) = dialects.context(site)["operators"]  # nobody knows here how to read the other
    ((_, ((name, asked),), rows),) = found["tables"]
    assert (found["name"], name) == ("roi_align", first["implementation"])
    assert [column.dialect for column in asked] == [first["dialect"], "mmcv"]
    assert [row["title"] for row in rows][1:-3] == list(operators.get("roi_align").probes.points)
    assert [row["rule"] for row in rows][-3:] == ["RA-15", "RA-16", ""]
    assert {column.anchor for column in asked} >= {"roi-align-mmcv"}


def test_detections_that_were_cut_off_are_shown_and_said_to_be(a_detection, tmp_path):
    about = {name: value for name, value in a_detection.items() if name not in ("implementations", "detections")}
    records = [
        {"type": "header", "contents": "detections", **about, "format": 2},
        *({"type": "implementation", **each} for each in a_detection["implementations"]),
        *({"type": "detection", **each} for each in a_detection["detections"]),
    ]
    (tmp_path / "d.ndjson").write_text("".join(json.dumps(record) + "\n" for record in records))
    site = site_of(tmp_path / "d.ndjson")
    assert [column.dialect for column in dialects.columns(site)] == [a_detection["detections"][0]["dialect"]]
    assert [file.path.name for file in site.incomplete] == ["d.ndjson"]


def test_what_is_detected_of_an_older_version_later_is_no_news(a_detection, tmp_path):
    name = a_detection["detections"][0]["implementation"]
    for day, version in (("2026-11-01", "1.10"), ("2026-11-02", "1.9")):
        (subject,) = (each for each in a_detection["implementations"] if each["implementation"] == name)
        subject["description"]["version"] = version
        (tmp_path / f"{day}.json").write_text(json.dumps(a_detection | {"started": f"{day}T00:00:00+00:00"}))
    assert [column.version for column in dialects.columns(site_of(tmp_path))] == ["1.10"]


def test_an_operator_without_probes_is_left_out(a_detection, tmp_path, monkeypatch):
    (tmp_path / "d.json").write_text(json.dumps(a_detection))
    monkeypatch.setattr(dialects, "probes_of", lambda operator: None)
    assert dialects.context(site_of(tmp_path / "d.json"))["operators"] == []


def test_a_footprint_of_another_operator_is_not_drawn(a_detection, tmp_path):
    (tmp_path / "d.json").write_text(json.dumps(a_detection))
    footprints = json.loads(gzip.decompress((RECORDED / "conformance" / "footprints-2026-11-25.json.gz").read_bytes()))
    name = a_detection["detections"][0]["implementation"]
    footprints["footprints"] = [each for each in footprints["footprints"] if each["implementation"] == name]
    assert footprints["footprints"]

    def drawn():
        (tmp_path / "f.json").write_text(json.dumps(footprints))
        site = site_of(tmp_path)
        (column,) = dialects.columns(site)
        return [point for point in dialects.evidence(column, dialects.Reader(site)) if point["figure"]]

    assert drawn()
    for each in footprints["footprints"]:
        each["operator"] = "of_tomorrow"
    assert not drawn()


def test_the_footprint_that_is_drawn_is_what_was_read_where_the_dialect_was_followed(everything):
    site = digest(everything)
    reader = dialects.Reader(site)
    operator = operators.get("roi_align")
    column = next(
        each for each in dialects.columns(site) if (each.implementation, each.dialect) == ("roikit", "torchvision")
    )
    for probe in operator.probes.offered(("avg",)):
        for roi in range(len(probe.boxes)):
            read_off = reader.weights(column, probe.name, roi, (0, 0))
            exact = operator.footprint(probe, roi, (0, 0), operator.dialects["torchvision"]).weights
            assert read_off is not None
            assert read_off == pytest.approx(exact, abs=1e-6)


# ---- walkthroughs, goldens, records ----------------------------------------------------------------------------------


def test_a_walkthrough_is_of_its_operator(tmp_path):
    document = json.loads((RECORDED / "conformance" / "example-2026-11-25.json").read_text())
    (tmp_path / "e.json").write_text(json.dumps(document))
    (shown,) = example.context(site_of(tmp_path))["walkthroughs"]
    assert (shown["operator"], shown["rules"]["grid"]) == ("RoIAlign", "RA-4")
    document["walkthrough"]["operator"] = "of_tomorrow"
    (tmp_path / "e.json").write_text(json.dumps(document))
    assert example.context(site_of(tmp_path))["walkthroughs"] == []


def test_a_walkthrough_of_bins_that_lie_anywhere_has_its_steps(tmp_path):
    document = json.loads((RECORDED / "conformance" / "example-2026-11-25.json").read_text())
    asked = {"roi": "3,3,4,2,pi/6", "dialect": "roikit", "output_size": "2"}
    document["walkthrough"] |= {"operator": "roi_align_rotated", "outputs": []}
    document["walkthrough"]["request"] |= asked
    (tmp_path / "e.json").write_text(json.dumps(document))
    (shown,) = example.context(site_of(tmp_path))["walkthroughs"]
    assert (shown["operator"], shown["rule"], shown["value"]) == ("Rotated RoIAlign", "RR-10 average", "27.0538")
    assert [step.rule for step in shown["steps"]] == [f"RR-{n}" for n in range(1, 9)]
    assert len(shown["figures"]) == 3


CERTIFIED = [name for name in operators.NAMES if operators.folder(name).joinpath("adequacy.json").is_file()]


@pytest.mark.parametrize("operator", CERTIFIED)
def test_goldens_are_certified_operator_by_operator(operator):
    shown = goldens.operator_context(operator)
    assert shown["faults"]
    assert all(fault["fewest"] for fault in shown["faults"])
    assert shown["limits"]
    assert list(shown["covered"]) == list(rules(operator))
    assert all(case.operator == operator for cases in shown["groups"].values() for case in cases)
    summary = next(each for each in goldens.context()["operators"] if each["title"] == shown["title"])
    assert summary["cases"] == sum(map(len, shown["groups"].values())) > 0


def test_goldens_that_are_not_certified_are_said_not_to_be(monkeypatch):
    monkeypatch.setattr(goldens, "certificate", lambda operator: None)
    shown = goldens.operator_context("roi_align")
    assert (shown["certificate"], shown["faults"], shown["limits"]) == (None, [], [])
    assert shown["groups"]
    assert {each["faults"] for each in goldens.context()["operators"]} == {None}


def record_of_two(a_record, path):
    document = json.loads(a_record.read_text())
    document["rows"] = document["rows"][:2]
    document["rows"] += [{**copy.deepcopy(row), "operator": "roi_pool"} for row in document["rows"]]
    path.write_text(json.dumps(document))
    return path


def test_times_are_grouped_operator_by_operator(a_record, tmp_path):
    path = record_of_two(a_record, tmp_path / "r.json")
    assert load(path).groupby("operator").size().nunique() == 1
    (machine,) = performance.context(site_of(path))["machines"]
    assert [(group.operator, len(group.workloads)) for group in machine.groups] == [("roi_align", 2), ("roi_pool", 2)]
    assert machine.groups[0].title == "RoIAlign forward"
    assert "Times of RoIAlign forward on" in machine.groups[0].figure
    said = home.context(site_of(path))["fastest"]
    assert len(said) == 2
    assert "roikit's forward of RoIAlign is" in said[0]


def test_times_of_two_operators_are_told_apart(a_record, tmp_path):
    before = record_of_two(a_record, tmp_path / "a.json")
    document = json.loads(before.read_text())
    for row in document["rows"]:
        for entry in row["entries"]:
            if row.get("operator") == "roi_pool" and entry["library"] == "roikit":
                for summary in entry["times"].values():
                    summary["median"] *= 3
    (tmp_path / "b.json").write_text(json.dumps(document))
    found = compare(read(before), read(tmp_path / "b.json"))
    assert found.worse
    assert all(change.what.startswith("roi_pool · ") for change in found.worse)
    assert found.same == len(found.worse)


# ---- schemas ---------------------------------------------------------------------------------------------------------


def validator(name):
    return Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text()))


def faults(name, document):
    return [error.json_path for error in validator(name).iter_errors(document)]


def test_a_run_of_two_operators_is_what_the_schema_describes(tmp_path):
    records = [json.loads(line) for line in write(tmp_path / "run", BOTH).read_text().splitlines()]
    assert not [fault for record in records for fault in faults("result", record)]
    subject = copy.deepcopy(records[1])
    subject["description"]["operators"]["roi_pool"]["dtypes"] = "float32"
    assert faults("result", subject)
    del records[2]["operator"]
    assert not faults("result", records[2])
    assert faults("result", {**records[2], "operator": "RoIPool"})


def test_detections_footprints_and_walkthroughs_may_name_an_operator(a_detection):
    a_detection["detections"][0]["operator"] = "roi_pool"
    a_detection["detections"][0]["decisions"][0].update(point="snap", rule="RP-1")
    assert not faults("detection", a_detection)
    a_detection["detections"][0]["operator"] = 1
    assert faults("detection", a_detection)
    footprints = json.loads(gzip.decompress((RECORDED / "conformance" / "footprints-2026-11-25.json.gz").read_bytes()))
    footprints["footprints"] = footprints["footprints"][:1]
    del footprints["footprints"][0]["sampling_ratio"]
    assert faults("footprints", footprints)
    footprints["footprints"][0]["operator"] = "roi_pool"
    assert not faults("footprints", footprints)
    walkthrough = json.loads((RECORDED / "conformance" / "example-2026-11-25.json").read_text())
    walkthrough["walkthrough"]["operator"] = "roi_align"
    assert not faults("walkthrough", walkthrough)


def test_cases_of_another_operator_need_no_sampling_ratio():
    text = (operators.folder("roi_align") / "cases" / "article.json").read_text(encoding="utf-8")
    document = json.loads(text)
    assert not faults("case", document)
    case = document["cases"][0]
    del case["arguments"]["sampling_ratio"]
    assert faults("case", document)
    case["rules"] = ["RP-1"]
    assert not faults("case", {**document, "operator": "roi_pool"})
