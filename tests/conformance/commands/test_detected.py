"""What is told, written and kept while implementations are read, which here answer at once."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console
from rich.progress import Progress

from roikit.conformance.commands import detected
from roikit.conformance.commands.detected import Detected, in_time
from roikit.conformance.detection.file import DetectionFile
from roikit.conformance.detection.reading import Setting
from roikit.conformance.detection.report import Finding, Verdict
from roikit.conformance.findings import Derivative, Detection, Readings
from roikit.conformance.results.result import Subject
from roikit.conformance.workers.process import Target
from roikit.reports.files import read

NO_GRADIENT = Derivative(0, (), (), (), ())
NOTHING = Detection((), ("torchvision",), None, (), (), (), None, is_sound=True)
OPERATORS = {
    name: {
        "dialects": ["torchvision"],
        "modes": ["max"],
        "dtypes": ["float32"],
        "layouts": ["NCHW"],
        "operations": ["forward"],
    }
    for name in ("roi_pool", "roi_align")
}
SETTINGS = [
    Setting(operator="roi_pool", dialect="torchvision", dtype="float32", layout="NCHW"),
    *(Setting(operator="roi_align", dialect=name, dtype="float32", layout="NCHW") for name in ("onnx-16", "mmcv")),
]


class AnswersAtOnce:
    """In place of a `Reader`: of whom it is told that it is absent, is absent."""

    def __init__(self, target, seconds, stop):
        self.name = target.name

    def open(self):
        if self.name == "absent":
            return Subject(implementation="absent", state="absent", reason="not here", description=None)
        described = {"version": "7", "homepage": "", "operators": OPERATORS, **OPERATORS["roi_align"]}
        return Subject(implementation=self.name, state="ran", description=described)

    def read(self, probes, capability, setting, on_reading):
        for _ in probes.offered(capability.modes):
            on_reading()
        return Readings()

    def close(self):
        pass


def run(path, monkeypatch, names, decide):
    monkeypatch.setattr(detected, "Reader", AnswersAtOnce)
    console = Console(file=io.StringIO(), width=120)
    with path.open("w") as stream:
        file = DetectionFile(stream, {})
        collected = Detected(SimpleNamespace(jobs=1, timeout=1.0), console, Progress(disable=True), file, None)
        collected.read_all([Target(name, "") for name in names], lambda description, target: SETTINGS, decide)
        if not collected.cut_off:
            file.close()
    return collected, console.file.getvalue().splitlines()


def agrees(target, setting, readings):
    verdict = Verdict.DISAGREES if setting.dialect == "mmcv" else Verdict.AGREES
    return Finding(target.name, setting, NOTHING, NO_GRADIENT, NO_GRADIENT, verdict)


def test_each_operator_of_an_implementation_is_told_as_it_ends_with_what_is_left(tmp_path, monkeypatch):
    clock = iter([0.0, *[30.0] * 3, *[60.0] * 3, *[90.0] * 6])
    monkeypatch.setattr(detected, "time", SimpleNamespace(monotonic=clock.__next__))
    collected, lines = run(tmp_path / "d.ndjson", monkeypatch, ["one", "absent", "two"], agrees)
    share = len(detected.probes_of("roi_pool").offered(["max"]))
    share /= share + 2 * len(detected.probes_of("roi_align").offered(["max"]))
    assert lines[0] == f"✓ one 7 · roi_pool: agrees (0.0 s; about {in_time(30 * (3 - share) / share)} left)"
    assert lines[1] == "✗ one 7 · roi_align: agrees, disagrees (0.0 s; about 2 min left)"
    assert lines[3].endswith(" left)") is False
    assert [subject.implementation for subject in collected.subjects] == ["one", "absent", "two"]
    written = read(tmp_path / "d.ndjson")
    assert (len(written.detections), len(written.subjects), written.complete) == (6, 3, True)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_what_was_found_is_written_before_anything_else_can_end_the_run(tmp_path, monkeypatch, error):
    def fails_at_the_last(target, setting, readings):
        if (target.name, setting.dialect) == ("two", "mmcv"):
            raise error
        return agrees(target, setting, readings)

    path = tmp_path / "d.ndjson"
    if error is KeyboardInterrupt:
        collected, _ = run(path, monkeypatch, ["one", "two"], fails_at_the_last)
        assert collected.cut_off == "interrupted"
    else:
        with pytest.raises(error):
            run(path, monkeypatch, ["one", "two"], fails_at_the_last)
    written = read(path)
    assert (len(written.detections), written.complete) == (5, False)


@pytest.mark.parametrize(("seconds", "said"), [(0.4, "0 s"), (99, "99 s"), (600, "10 min"), (7000, "2 h")])
def test_a_time_is_said_in_one_unit(seconds, said):
    assert in_time(seconds) == said
