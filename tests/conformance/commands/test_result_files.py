"""Result files that the command line writes and reads: what is in them, and what is held against them."""

import json
import os
import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from roikit.conformance.diagnosing.cause import Cause
from roikit.conformance.errors import FileError
from roikit.conformance.results import file as results
from tests.command import roikit

HERE = Path(__file__).parents[1]
FEW = ("--select", "place-two-by-two", "--dtype", "float32", "--layout", "NCHW", "--dialect", "torchvision")


def test_a_result_file_is_what_its_schema_says_and_complete(tmp_path, monkeypatch):
    monkeypatch.setenv("ROIKIT_CACHE_DIR", str(tmp_path))  # which has no environments
    path = tmp_path / "run.ndjson"
    players = ("roikit", "detectron2", "-i", "players:half_a_pixel_off")  # one is right, one absent, one wrong
    run = roikit(
        "conform", *players, "--select", "place-*", "--dialect", "torchvision", "--dtype", "float32", "-o", str(path)
    )
    assert run.returncode == 1
    schema = json.loads(files("roikit.conformance").joinpath("schema/result.schema.json").read_text())
    records = results.read(path)
    for record in records:
        jsonschema.validate(record, schema)
    assert [record["type"] for record in records[:1] + records[-1:]] == ["header", "footer"]
    assert sorted(record["state"] for record in records if record["type"] == "implementation") == [
        "absent",
        "ran",
        "ran",
    ]
    causes = [
        Cause(**{name: record[name] for name in Cause._fields}) for record in records if record["type"] == "cause"
    ]
    assert causes
    assert {cause.implementation for cause in causes} == {"players:half_a_pixel_off"}
    assert sum(cause.explained for cause in causes) == causes[0].examined
    said = run.stdout.replace("\n", " ")
    assert all(f"why {cause.implementation} · {cause.text}" in said for cause in causes)
    lacking = Counter(record["reason"] for record in records if record.get("verdict") == "unsupported")
    assert lacking
    ((most, count),) = lacking.most_common(1)
    assert f"players:half_a_pixel_off unsupported {most} ({count})" in said
    assert records[-1]["results"] == len(records) - 5 - len(causes) > 30
    assert records[-1]["verdicts"].keys() == {"conforms", "deviates", "unsupported"}
    assert all(record["difference"] for record in records if record.get("verdict") == "deviates")
    assert records == [json.loads(line) for line in path.read_text().splitlines()]


def test_a_result_file_that_was_cut_off_or_changed_is_not_taken_for_whole(tmp_path):
    path = tmp_path / "run.ndjson"
    roikit("conform", "roikit", *FEW, "-o", str(path))
    text = path.read_text()
    lines = text.splitlines(keepends=True)
    assert len(results.read(path)) == len(lines) == 4
    for damaged in (
        "".join(lines[:-1]),
        "".join(lines[:-2] + lines[-1:]),
        "".join(lines[1:]),
        text[:-20],
        text + "5\n",
        text.replace('"verdict": "conforms"', '"verdict": "deviates"'),
        text.replace('"format": 1', '"format": 99'),
        "",
    ):
        path.write_text(damaged)
        with pytest.raises(FileError):
            results.read(path)


def test_a_baseline_with_a_verdict_that_nobody_gives_is_refused(tmp_path):
    path = tmp_path / "run.ndjson"
    roikit("conform", "roikit", *FEW, "-o", str(path))
    path.write_text(path.read_text().replace('"conforms"', '"fine"'))
    run = roikit("conform", "roikit", *FEW, "--baseline", str(path))
    assert run.returncode == 2
    assert re.search(r'run\.ndjson:3: verdict: "fine" is not one of', run.stderr)


@pytest.mark.one_in(2)
def test_gates_baseline_badge_and_github_go_together(tmp_path):
    """The same function gets worse between two runs."""
    player = tmp_path / "player.py"
    call = "def pool(*call):\n    from players import {0} as function\n    return function(*call)\n"
    player.write_text(call.format("transcribed"))
    files = {name: str(tmp_path / name) for name in ("before", "after", "badge", "summary")}
    environment = {
        "PYTHONPATH": os.pathsep.join([str(HERE), str(tmp_path)]),
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": files["summary"],
    }
    command = ("conform", "-i", "player:pool", "--select", "place-*", "--dialect", "torchvision")
    assert roikit(*command, "-o", files["before"], **environment).returncode == 0
    player.write_text(call.format("half_a_pixel_off"))
    worse = ("--baseline", files["before"], "--badge", files["badge"], "-o", files["after"])
    run = roikit(*command, *worse, "--fail-on", "regression", **environment)
    assert run.returncode == 1
    assert "against the baseline: 17 regressions, 0 fixed, 0 new, 0 not run this time" in run.stdout
    assert run.stdout.count("\n::error title=player%3Apool") == 9
    assert "deviates" in Path(files["summary"]).read_text()
    assert "17 differ" in json.loads(Path(files["badge"]).read_text())["message"]
    run = roikit(*command, "--baseline", files["after"], "--fail-on", "regression", "--no-github", **environment)
    assert run.returncode == 0  # it was as bad before
    assert "0 results fail on regression" in run.stdout
    assert "::error" not in run.stdout
    run = roikit(*command, "--fail-on", "wrong", **environment)
    assert run.returncode == 0  # a value that differs may be a dialect's; nothing crashed
    assert run.stdout.count("\n::warning ") == 10
    assert roikit(*command, "--fail-on", "wrong", "--fail-on", "deviation", **environment).returncode == 1


def test_a_list_of_deviations_is_that_of_a_file_where_one_is_given(tmp_path):
    listed = tmp_path / "listed.toml"
    listed.write_text('[[deviation]]\ncases = ["place-*"]\nreason = "half a pixel off"\nadded = 2026-11-24\n')
    command = ("conform", "-i", "players:half_a_pixel_off", "--dialect", "torchvision")
    run = roikit(*command, "--select", "place-*", "--deviations", str(listed))
    assert run.returncode == 0
    assert "17 known" in run.stdout
    listed.write_text(listed.read_text().replace("place-*", "plaice-*"))
    run = roikit(*command, "--deviations", str(listed))
    assert run.returncode == 2
    assert "nothing matches 'plaice-*'" in run.stderr
