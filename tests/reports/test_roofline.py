"""The page of rooflines: what is predicted is said to be, and a record from a GPU shows by how much the model is off."""

import json
from pathlib import Path

import pytest

from roikit.reports import files, model
from roikit.reports.pages import roofline

HEAD = {
    "about": "Counted.",
    "started": "2026-11-29T01:00:00+00:00",
    "source": {"commit": "0" * 40, "dirty": False},
    "versions": {"roikit": "0.2.0"},
    "device": {"multiprocessors": 132, "schedulers": 4, "hertz": 1.83e9, "rates": {"memory": 4.3e12, "l2": 5.5e12}},
}


def a_profile(**changed):
    figures = {"instructions": 64.0, "l2_bytes": 20.0, "memory_bytes": 10.0}
    return {
        "operator": "roi_align", "operation": "forward", "row": "a1", "library": "roikit", "layout": "NHWC",
        "dtype": "float32", "architecture": "sm_90", "values": 1000, "figures": figures, "predicted_seconds": 1e-6,
        "limited_by": "l2", **changed,
    }  # fmt: skip


def site_of(folder, profiles, record=None):
    path = Path(folder) / "profiles.json"
    path.write_text(json.dumps({**HEAD, "profiles": profiles}), encoding="utf-8")
    inputs = files.read_all([path])
    if record is not None:
        inputs.records.append(record)
    return model.Site(inputs, [], [])


def a_record(seconds, verdict="correct"):
    entry = {
        "library": "roikit", "layout": "NHWC", "dtype": "float32", "verdict": verdict,
        "times": {"hot": {"median": seconds / 2}, "cold": {"median": seconds}},
    }  # fmt: skip
    row = {"place": "gpu", "operator": "roi_align", "operation": "forward", "row": "a1", "entries": [entry]}
    document = {"rows": [row], "machine": {"cpu": "a CPU", "cores": 2, "gpus": []}, "device": {"name": "a GPU"}}
    return files.Record(Path("record.json"), {"started": HEAD["started"]}, True, document)


def test_a_point_is_counted_in_instructions_of_warps(tmp_path):
    (group,) = roofline.context(site_of(tmp_path, [a_profile()]))["groups"]
    (point,) = group.points
    assert point.intensity == pytest.approx(2 / 20)
    assert point.rate(point.predicted) == pytest.approx(2 * 1000 / 1e-6)
    assert point.error is None
    assert "predicted" in group.figure
    assert "measured" not in group.figure


def test_a_record_of_a_gpu_is_drawn_over_and_shows_the_error_of_the_model(tmp_path, monkeypatch):
    monkeypatch.setattr(roofline, "machine_of", lambda document: document["device"]["name"])
    found = roofline.context(site_of(tmp_path, [a_profile()], a_record(3e-6)))
    assert found["groups"][0].points[0].error == pytest.approx(3.0)
    assert "measured in red" in found["groups"][0].figure
    assert found["machines"] == ["a GPU"]


def test_what_was_wrong_on_a_gpu_is_no_measurement(tmp_path):
    found = roofline.context(site_of(tmp_path, [a_profile()], a_record(3e-6, verdict="wrong")))
    assert found["groups"][0].points[0].measured is None
    assert found["machines"] == []


def test_of_a_kernel_that_was_counted_twice_the_newest_is_shown(tmp_path):
    (tmp_path / "old").mkdir()
    old = {**HEAD, "started": "2026-11-01T00:00:00+00:00", "profiles": [a_profile(predicted_seconds=9e-6)]}
    (tmp_path / "old" / "profiles.json").write_text(json.dumps(old), encoding="utf-8")
    site_of(tmp_path, [a_profile()])
    found = roofline.context(model.Site(files.read_all([tmp_path]), [], []))
    assert [point.predicted for point in found["groups"][0].points] == [1e-6]


def test_a_profile_without_its_figures_is_refused(tmp_path):
    broken = a_profile()
    del broken["figures"]["l2_bytes"]
    with pytest.raises(files.FileError):
        site_of(tmp_path, [broken])
