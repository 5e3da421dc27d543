"""Stages of a record, and its ratios."""

import time

import pytest

from benchmarks.measuring.timing import Control
from benchmarks.record import rows
from benchmarks.record.document import Document, NothingMeasuredError, Skipped


def test_stages(tmp_path):
    document = Document(tmp_path / "x" / "record.json", time.monotonic() + 60, {"stages": [], "rows": []})

    def skip():
        raise Skipped("not here")

    def fail():
        raise ValueError("oh")

    for name, step in (("a", int), ("b", skip), ("c", fail)):
        document.stage(name, step)
    found = [(stage["name"], stage["state"], stage["reason"]) for stage in document.content["stages"]]
    assert found == [("a", "done", ""), ("b", "skipped", "not here"), ("c", "failed", "ValueError: oh")]
    with pytest.raises(NothingMeasuredError):
        document.finish()
    assert list(document.path.parent.iterdir()) == [document.path]


def test_ratios_say_what_is_noise_and_what_is_suspicious():
    def timed(library, seconds, verdict="correct"):
        times = {"hot": {"median": seconds}}
        return {"library": library, "layout": "NCHW", "dtype": "float32", "verdict": verdict, "times": times}

    entries = [timed("roikit", 1.0), timed("x", 1.04), timed("y", 4.0), timed("z", 0.5, "wrong")]
    found = rows.ratios(entries, Control(0.01, 0.05), "hot")
    assert [(r["peer"][0], r["ratio"], r["difference"], r["suspicious"], r["valid"]) for r in found] == [
        ("x", pytest.approx(0.962, abs=1e-3), False, False, True),
        ("y", 0.25, True, True, True),
        ("z", 2.0, True, False, False),
    ]
    assert rows.ratios(entries, Control(0.01, 0.05), "cold") == []
