"""The command for a day with a GPU: it says what it skips, goes on after what fails, and tells by its exit status."""

import json

import pytest
from typer.testing import CliRunner

from benchmarks.evidence import command, steps
from benchmarks.measuring import gpu
from benchmarks.record import tools


def run(folder, *arguments):
    outcome = CliRunner().invoke(command.app, ["--output", str(folder), *arguments])
    taken = json.loads((folder / "steps.json").read_text(encoding="utf-8"))
    return outcome, {each["step"]: each for each in taken}


def test_without_a_gpu_every_step_that_needs_one_is_skipped_and_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "present", lambda: False)
    outcome, taken = run(tmp_path / "day")
    assert outcome.exit_code == 3, outcome.output
    assert list(taken) == list(steps.STEPS)
    assert taken.pop("machine")["state"] == "done"
    assert {(each["state"], each["words"]) for each in taken.values()} == {("skipped", "CuPy finds no GPU here")}
    about = json.loads((tmp_path / "day" / "machine.json").read_text(encoding="utf-8"))
    assert {"source", "machine", "versions"} == set(about)


def test_a_step_that_fails_does_not_keep_the_others_from_being_taken(tmp_path, monkeypatch):
    def broken(settings):
        raise RuntimeError("as planned")

    monkeypatch.setattr(steps, "STEPS", {"one": broken, "two": steps.describe})
    outcome, taken = run(tmp_path)
    assert outcome.exit_code == 1
    assert (taken["one"]["state"], taken["one"]["words"]) == ("failed", "RuntimeError: as planned")
    assert taken["two"]["state"] == "done"


def test_what_a_sanitizer_finds_fails_the_step(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "present", lambda: True)
    monkeypatch.setattr(
        tools, "sanitize", lambda operator, tool, seconds: {"state": "errors" if tool == "racecheck" else "clean"}
    )
    with pytest.raises(RuntimeError, match=r"not clean: roi_pool racecheck$"):
        steps.sanitize(steps.Settings(tmp_path, ["roi_pool"], 1, 1))
    assert len(json.loads((tmp_path / "sanitizer.json").read_text(encoding="utf-8"))) == len(tools.SANITIZERS)


def test_what_was_counted_stands_beside_what_was_predicted(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "present", lambda: True)
    monkeypatch.setattr(tools, "profile", lambda *_: {"instructions per output": 90.0, "gpu__time_duration.sum": 3e-4})
    foreseen = {"instructions": 60.0, "predicted": 1e-4, "sectors_per_load": 16.0}
    monkeypatch.setattr(steps, "predicted", lambda *_: foreseen)
    steps.counters(steps.Settings(tmp_path, ["roi_align"], 1, 1))
    rows = json.loads((tmp_path / "counters.json").read_text(encoding="utf-8"))
    ours = next(row for row in rows if row["library"] == "roikit")
    assert ours["measured ÷ predicted"] == pytest.approx(
        {"instructions per output": 1.5, "gpu__time_duration.sum": 3.0}
    )
    assert all("predicted" not in row for row in rows if row["library"] == "torchvision")


def test_an_operator_that_is_not_there_is_refused(tmp_path):
    outcome = CliRunner().invoke(command.app, ["--output", str(tmp_path), "--op", "roi_nonsense"])
    assert outcome.exit_code == 2
