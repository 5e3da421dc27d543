"""The command: what it writes is what its schema says, also when it is cut off, and what is wrong is said to be."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console
from typer.testing import CliRunner

from benchmarks.measuring import gpu, host_rates, machine
from benchmarks.measuring.contestant import Contestant, Contestants, Library
from benchmarks.measuring.probes import probe
from benchmarks.measuring.timing import Control
from benchmarks.operators.roi_align import reference as references
from benchmarks.operators.roi_align.operations import Operation
from benchmarks.operators.roi_align.operator import ROI_ALIGN
from benchmarks.record import command as record
from benchmarks.record import rows
from benchmarks.record.document import Document
from benchmarks.record.table import print_tables

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "reports" / "schema" / "record.schema.json").read_text(encoding="utf-8"))
RECORDED = sorted((ROOT / "reports" / "recorded").glob("*.json"))


def validate(content):
    jsonschema.validate(content, SCHEMA, format_checker=jsonschema.FormatChecker())


OURS = dict(ROI_ALIGN.cpu.ours)
NAMES = (host_rates.READ, host_rates.READ_CACHED, host_rates.COPIED, host_rates.SUMS)
RATES = (1e9, 4e9, 1e9, 1e15)
PROBES = [probe(0, f"{name}, 1 thread", value, "1/s", "none", 3) for name, value in zip(NAMES, RATES, strict=True)]


def peers(monkeypatch, **chosen):
    """These are all peers of RoIAlign."""
    for name in list(ROI_ALIGN.cpu.peers):
        monkeypatch.delitem(ROI_ALIGN.cpu.peers, name)
    for name, library in chosen.items():
        monkeypatch.setitem(ROI_ALIGN.cpu.peers, name, library)


def one_variant(monkeypatch, layout):
    """Of ours, this layout in float32 is all that takes part."""
    monkeypatch.setattr(
        Contestants, "variants", lambda who, operation, problem: [who.ours[operation](problem, layout, "float32")]
    )


@pytest.fixture
def quick(small, monkeypatch):
    """The command measures one small row, without conformance and compilation, with one peer that is ours in disguise."""

    def disguised(problem, threads):
        return Contestant("peer", "NCHW", "float32", OURS[Operation.FORWARD](problem, "NCHW", "float32").calls)

    peers(monkeypatch, peer=Library((), {Operation.FORWARD: disguised}))
    monkeypatch.setitem(ROI_ALIGN.cpu.peers, "absentee", Library(("no_such_module",), {Operation.FORWARD: None}))
    monkeypatch.setattr(record, "measure_goldens", lambda *_: None)
    monkeypatch.setattr(record, "measure_compiled", lambda *_: None)
    monkeypatch.setattr(machine, "cores", lambda: 1)
    monkeypatch.setattr(machine.Bystanders, "_seconds", staticmethod(lambda: None))
    monkeypatch.setattr(rows, "control", lambda first, second: Control(0.01, 0.05))
    monkeypatch.setattr(gpu, "present", lambda: False)
    monkeypatch.setattr(host_rates, "measure", lambda threads: PROBES)


def run(*arguments, operations=("forward",)):
    chosen = [argument for operation in operations for argument in ("--operation", operation)]
    return CliRunner().invoke(
        record.app, ["--op", "roi_align", "--row", "a1", *chosen, "--seconds", "0", *map(str, arguments)]
    )


@pytest.mark.parametrize(("sizes", "bytes_per_second"), [((), RATES[1]), ((2**20,), RATES[1]), ((1, 2**40), RATES[0])])
def test_times_are_held_against_the_floor_that_the_rates_of_the_same_run_set(
    quick, tmp_path, monkeypatch, sizes, bytes_per_second
):
    """What is read again and again comes at the rate of arrays that are not larger, and of none so small from a core's cache."""
    monkeypatch.setattr(host_rates, "_READ_AGAIN", sizes)
    again = [
        probe(0, f"read again, {size / 2**20:g} MiB in all, 1 thread", RATES[0], "1/s", "none", 3) for size in sizes
    ]
    monkeypatch.setattr(host_rates, "measure", lambda threads: PROBES + again)
    assert run("--output", tmp_path / "record.json").exit_code == 0
    content = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))
    validate(content)
    (row,) = content["rows"]
    assert row["rates"]["memory"] == RATES[0]
    assert [item["value"] for item in content["probes"]][:4] == list(RATES)
    for entry in row["entries"]:
        floor, time = entry["floor"], entry["times"]["hot"]["median"]
        assert floor["touched_bytes"] + floor["output_bytes"] < 2**20
        least = max(
            (floor["touched_bytes"] + floor["output_bytes"]) / bytes_per_second,
            (floor["footprint_bytes"] + floor["output_bytes"]) / RATES[1],
        )
        assert entry["floor_fraction"] == {"hot": pytest.approx(least / time)}


def test_without_rates_there_is_no_floor(quick, tmp_path, monkeypatch):
    monkeypatch.setattr(record, "find_spec", lambda name: None if name == "threadpoolctl" else object())
    assert run("--output", tmp_path / "record.json").exit_code == 0
    content = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))
    (stage,) = [each for each in content["stages"] if each["name"].startswith("rates")]
    assert stage["state"] == "skipped"
    assert not any("floor_fraction" in entry for entry in content["rows"][0]["entries"])


def test_a_record(quick, tmp_path):
    path = tmp_path / "record.json"
    result = run("--output", path)
    assert result.exit_code == 0, result.output
    content = json.loads(path.read_text(encoding="utf-8"))
    validate(content)
    assert content["complete"]
    (row,) = content["rows"]
    assert [entry["verdict"] for entry in row["entries"]] == ["correct"] * 7
    assert row["absent"] == {"absentee": "no module no_such_module"}
    assert len(row["ratios"]) == 6
    assert all(entry["checked"] == row["outputs"] for entry in row["entries"])
    assert result.output.index("written:") < result.output.index("absentee") < result.output.index(" a1 ")


def test_a_peer_that_raises_is_absent_and_the_others_are_timed(quick, tmp_path, monkeypatch):
    def raising(problem, threads):
        def call():
            raise MemoryError("too large")

        return Contestant("raising", "NCHW", "float32", [call])

    monkeypatch.setitem(ROI_ALIGN.cpu.peers, "raising", Library((), {Operation.FORWARD: raising}))
    assert run("--output", tmp_path / "record.json").exit_code == 0
    (row,) = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))["rows"]
    assert row["absent"]["raising NCHW float32"] == "MemoryError: too large"
    assert len(row["entries"]) == 7


def test_a_peer_that_follows_other_rules_is_judged_by_them(quick, tmp_path, monkeypatch):
    def other(problem, threads):
        calls = OURS[Operation.FORWARD](problem, "NCHW", "float32").calls
        return Contestant("other", "NCHW", "float32", calls, lambda out: out * 2, dialect="doubled")

    def reference(*arguments):
        made = honest(*arguments)
        blocks = [block._replace(value=block.value * 2, bound=block.bound * 2) for block in made.blocks]
        made.others["doubled"] = replace(made, blocks=blocks)
        return made

    honest = references.make_reference
    monkeypatch.setattr(references, "make_reference", reference)
    monkeypatch.setitem(ROI_ALIGN.cpu.peers, "other", Library((), {Operation.FORWARD: other}))
    run("--output", tmp_path / "record.json")
    content = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))
    validate(content)
    entries = {entry["library"]: entry for entry in content["rows"][0]["entries"]}
    assert (entries["other"]["verdict"], entries["other"]["dialect"]) == ("correct", "doubled")
    assert "dialect" not in entries["roikit"]


def test_a_wrong_result_is_recorded_as_wrong_and_its_ratios_count_for_nothing(quick, tmp_path, monkeypatch):
    honest = OURS[Operation.FORWARD]

    def wrong(problem, layout, dtype):
        made = honest(problem, layout, dtype)
        if (layout, dtype) == ("NHWC", "float32"):
            made.convert = lambda out: out.transpose(0, 3, 2, 1)  # bins transposed
        return made

    monkeypatch.setitem(ROI_ALIGN.cpu.ours, Operation.FORWARD, wrong)
    path = tmp_path / "record.json"
    result = run("--output", path)
    content = json.loads(path.read_text(encoding="utf-8"))
    validate(content)
    (row,) = content["rows"]
    verdicts = {f"{e['library']} {e['layout']} {e['dtype']}": e["verdict"] for e in row["entries"]}
    assert [name for name, verdict in verdicts.items() if verdict == "wrong"] == ["roikit NHWC float32"]
    assert [r["valid"] for r in row["ratios"]] == [r["ours"] != "NHWC float32" for r in row["ratios"]]
    assert "WRONG: a1 cpu 1 thr. roikit NHWC float32" in result.output


def test_a_result_that_is_wrong_only_after_it_was_timed_is_wrong(quick, tmp_path, monkeypatch):
    checks = iter([True] * 7 + [False] + [True] * 6)
    honest = references.make_reference

    def reference(*arguments):
        made = honest(*arguments)
        judge = made.judge
        made.judge = lambda outputs, dtype: judge(outputs if next(checks) else [o * 2 for o in outputs], dtype)
        return made

    monkeypatch.setattr(references, "make_reference", reference)
    run("--output", tmp_path / "record.json")
    (row,) = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))["rows"]
    assert [entry["verdict"] for entry in row["entries"]] == ["wrong"] + ["correct"] * 6


def test_a_run_that_measured_nothing_fails(quick, tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("no compiler")

    monkeypatch.setattr(record.rows, "measure_on_cpu", broken)
    path = tmp_path / "record.json"
    result = run("--output", path)
    assert result.exit_code == 1
    content = json.loads(path.read_text(encoding="utf-8"))
    validate(content)
    assert not content["complete"]
    assert "RuntimeError: no compiler" in [stage["reason"] for stage in content["stages"]]


def test_no_time_left(quick, tmp_path, monkeypatch):
    monkeypatch.setattr(Document, "seconds_left", property(lambda self: 0.0))
    assert run("--output", tmp_path / "record.json").exit_code == 1
    content = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))
    assert {stage["reason"] for stage in content["stages"]} == {"no time was left"}


def test_a_run_that_is_cut_off_leaves_what_it_had(quick, tmp_path, monkeypatch):
    path = tmp_path / "record.json"

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(record, "measure_compiled", killed)
    assert run("--output", path).exit_code != 0
    content = json.loads(path.read_text(encoding="utf-8"))
    validate(content)
    assert not content["complete"]
    assert len(content["rows"]) == 1


def test_all_operations_are_rows_of_their_own(quick, tmp_path, monkeypatch):
    def disguised(operation):
        def prepare(problem, threads):
            return Contestant("peer", "NCHW", "float32", OURS[operation](problem, "NCHW", "float32").calls)

        return prepare

    peers(monkeypatch, peer=Library((), {operation: disguised(operation) for operation in Operation}))
    one_variant(monkeypatch, "NHWC")
    path = tmp_path / "record.json"
    result = run("--output", path, operations=())
    assert result.exit_code == 0, result.output
    content = json.loads(path.read_text(encoding="utf-8"))
    validate(content)
    assert [row["operation"] for row in content["rows"]] == list(Operation)
    for row in content["rows"]:
        assert [entry["verdict"] for entry in row["entries"]] == ["correct"] * 2
        assert [ratio["valid"] for ratio in row["ratios"]] == [True]
        assert (row["dialect"] == "torchvision") == (row["calls"] == "all levels in one")
        assert f"{row['operation']}: our time" in result.output


def test_a_wrong_gradient_is_recorded_as_wrong(quick, tmp_path, monkeypatch):
    honest = OURS[Operation.POOLER_BACKWARD]

    def wrong(problem, layout, dtype):
        made = honest(problem, layout, dtype)
        made.convert = lambda out: out[:, ::-1]
        return made

    monkeypatch.setitem(ROI_ALIGN.cpu.ours, Operation.POOLER_BACKWARD, wrong)
    one_variant(monkeypatch, "NCHW")
    path = tmp_path / "record.json"
    result = run("--output", path, operations=("pooler-backward",))
    (row,) = json.loads(path.read_text(encoding="utf-8"))["rows"]
    assert row["entries"][0]["verdict"] == "wrong"
    assert "WRONG: a1 pooler-backward cpu 1 thr. roikit NCHW float32" in result.output


def test_resuming_tells_operations_apart_and_takes_old_rows_for_forward(quick, tmp_path, monkeypatch):
    one_variant(monkeypatch, "NCHW")
    path = tmp_path / "record.json"
    run("--output", path)
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["rows"][0]["operation"]
    content["rows"][0]["title"] = "before"
    path.write_text(json.dumps(content))
    run("--output", path, "--resume", operations=("forward", "pooler"))
    content = json.loads(path.read_text(encoding="utf-8"))
    validate(content)
    assert [(row["title"], row.get("operation")) for row in content["rows"]] == [("before", None), ("small", "pooler")]


def test_resuming_measures_only_what_is_missing(quick, tmp_path):
    path = tmp_path / "record.json"
    run("--output", path)
    first = json.loads(path.read_text(encoding="utf-8"))
    run("--output", path, "--resume", "--thread", 1, "--thread", 2)
    second = json.loads(path.read_text(encoding="utf-8"))
    validate(second)
    assert second["rows"][0] == first["rows"][0]
    assert [row["threads"] for row in second["rows"]] == [1, 2]


@pytest.mark.parametrize("disturbed", [{"control": {"spread": 0.3, "threshold": 0.9}}, {"others": 0.5}])
def test_resuming_measures_anew_what_was_disturbed(quick, tmp_path, disturbed):
    path = tmp_path / "record.json"
    run("--output", path)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["rows"][0].update(disturbed, title="before")
    path.write_text(json.dumps(content))
    assert " !" in run("--output", path, "--resume", "--minutes", 0.1, "--thread", 2).output
    run("--output", path, "--resume")
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    assert sorted((row["threads"], row["title"]) for row in rows) == [(1, "small"), (2, "small")]


def test_a_record_of_another_commit_is_not_resumed(quick, tmp_path):
    path = tmp_path / "record.json"
    run("--output", path)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["source"]["commit"] = "0" * 40
    path.write_text(json.dumps(content))
    run("--output", path, "--resume")
    assert json.loads(path.read_text(encoding="utf-8"))["source"]["commit"] != "0" * 40


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--row", "z9"], "no row z9; there are a1, a2"),
        (["--operation", "sideways"], "no operation sideways; there are forward"),
        (["--op", "roi_guess"], "no operator roi_guess; there are roi_align"),
        (["--place", "gpu"], "CuPy finds no GPU"),
    ],
)
def test_wrong_commands(quick, arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded_results_meet_the_schema_and_are_of_a_commit(path, capsys):
    content = json.loads(path.read_text(encoding="utf-8"))
    validate(content)
    assert content["source"]["dirty"] is False
    assert content["source"]["installed_as_checkout"]
    assert content["rows"]
    print_tables(content, Console(width=132))
    assert "WRONG" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row["entries"][0].update(error_over_bound=1.5),
        lambda row: row["entries"][0].update(checked=0),
        lambda row: row["entries"][0].update(verdict="fine"),
        lambda row: row["entries"][0]["times"]["hot"].update(median=0),
        lambda row: row["control"].update(threshold=0.01),
        lambda row: row.update(entries=[]),
        lambda row: row.pop("dialect"),
        lambda row: row.update(operation="sideways"),
        lambda row: row.update(row="a9"),
        lambda row: row.pop("sampling_ratio"),
        lambda row: row.update(operator="roi_align", operation="average"),
        lambda row: row.update(operator="RoI"),
    ],
)
def test_the_schema_refuses_what_makes_no_sense(quick, tmp_path, change):
    path = tmp_path / "record.json"
    run("--output", path)
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content["rows"][0])
    with pytest.raises(jsonschema.ValidationError):
        validate(content)
