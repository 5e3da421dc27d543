"""`roikit explain --run … --output …`: what implementations return for the RoI that is explained."""

import json
import subprocess
import sys
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

import roikit

EXAMPLE = ["--roi", "0.8,0,2.4,4.5", "--output-size", "2"]


def explain(*options):
    command = [sys.executable, "-m", "roikit.conformance.commands.cli", "explain", *EXAMPLE, *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_an_implementation_returns_is_shown_and_written(tmp_path):
    done = explain("--run", "roikit", "--output", tmp_path / "x.json")
    assert done.returncode == 0, done.stderr
    assert f"roikit {roikit.__version__}" in done.stdout
    assert "12.45  13.25" in done.stdout.partition("float64")[2]
    document = json.loads((tmp_path / "x.json").read_text())
    schema = files("roikit.conformance").joinpath("schema", "walkthrough.schema.json").read_text()
    Draft202012Validator(json.loads(schema)).validate(document)
    (output,) = document["walkthrough"]["outputs"]
    assert [v for row in output["output"] for v in row] == pytest.approx([12.45, 13.25, 34.95, 35.75])
    assert document["walkthrough"]["request"]["roi"] == "0.8,0,2.4,4.5"


def test_nobody_need_be_asked(tmp_path):
    assert explain("--output", tmp_path / "x.json").returncode == 0
    assert json.loads((tmp_path / "x.json").read_text())["walkthrough"]["outputs"] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--run", "roikitt"], "no implementation is called 'roikitt': did you mean roikit"),
        (["--run", "roikit-cuda"], "--run roikit-cuda: absent"),
        (["--run", "openvino", "--dialect", "mmcv"], "--run openvino"),
        (["--output", "/nowhere/x.json"], "No such file"),
    ],
)
def test_a_mistake_is_said(options, message):
    done = explain(*options)
    assert done.returncode == 2
    assert message in done.stderr
