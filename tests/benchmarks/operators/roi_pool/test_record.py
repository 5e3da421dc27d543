"""A record of this operator beside one of RoIAlign: its rows say so, and neither is taken for the other."""

import json

import jsonschema
import pytest
from typer.testing import CliRunner

from benchmarks.measuring import gpu, machine
from benchmarks.measuring.timing import Control
from benchmarks.operators.roi_align.operator import ROI_ALIGN
from benchmarks.operators.roi_pool.operator import ROI_POOL
from benchmarks.record import command, goldens, rows

SCHEMA = json.loads((machine.ROOT / "reports" / "schema" / "record.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def quick(small_pool, monkeypatch):
    for operator in (ROI_ALIGN, ROI_POOL):
        for name in list(operator.cpu.peers):
            monkeypatch.delitem(operator.cpu.peers, name)
    monkeypatch.setattr(command, "measure_goldens", lambda *_: None)
    monkeypatch.setattr(command, "measure_compiled", lambda *_: None)
    monkeypatch.setattr(machine, "cores", lambda: 1)
    monkeypatch.setattr(machine.Bystanders, "_seconds", staticmethod(lambda: None))
    monkeypatch.setattr(rows, "control", lambda first, second: Control(0.01, 0.05))
    monkeypatch.setattr(gpu, "present", lambda: False)
    monkeypatch.setattr(command.host_rates, "measure", lambda threads: [])


def run(path, *arguments):
    chosen = [
        "--output",
        str(path),
        "--op",
        "roi_align",
        "--op",
        "roi_pool",
        "--row",
        "a1",
        "--seconds",
        "0",
        *arguments,
    ]
    return CliRunner().invoke(command.app, chosen)


def test_of_two_operators(quick, tmp_path):
    path = tmp_path / "record.json"
    result = run(path, "--operation", "forward", "--operation", "average-backward")
    assert result.exit_code == 0, result.output
    content = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.validate(content, SCHEMA)
    of_both = [row for row in content["rows"] if row.get("operator", "roi_pool") == "roi_pool"]  # RoIAlign's name none
    found = [(row.get("operator"), row["operation"], "sampling_ratio" in row) for row in of_both]
    assert found == [
        (None, "forward", True),
        ("roi_pool", "forward", False),
        ("roi_pool", "average-backward", False),
    ]
    for row in of_both[1:]:
        assert [entry["verdict"] for entry in row["entries"]] == ["correct"] * 8
    assert [stage["name"] for stage in content["stages"]][:5] == [
        "rates of the CPU, 1 threads",
        "golden cases",
        "cpu a1 forward, 1 threads",
        "roi_pool golden cases",
        "cpu roi_pool a1 forward, 1 threads",
    ]
    assert "roi_pool average-backward: our time" in result.output
    again = json.loads(path.read_text(encoding="utf-8"))
    run(path, "--resume", "--operation", "forward")
    assert json.loads(path.read_text(encoding="utf-8"))["rows"] == again["rows"], "nothing is measured twice"


def test_golden_cases_are_those_of_the_operator(monkeypatch):
    commands = []
    monkeypatch.setattr(
        goldens.subprocess, "run", lambda command, **_: commands.append(command) or type("Done", (), {"returncode": 0})
    )
    goldens.judge(ROI_POOL, "roikit", 60, 1)
    goldens.judge(ROI_ALIGN, "roikit", 60, 1)
    assert commands[0][-4:] == ["--dialect", "roikit", "--op", "roi_pool"]
    assert "--op" not in commands[1]
