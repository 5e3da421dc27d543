"""What is printed of a detection."""

import io

from rich.console import Console

from roikit.conformance.detection.reading import Setting
from roikit.conformance.detection.report import Finding, Verdict, show
from roikit.conformance.findings import Derivative, Detection, Oddity
from roikit.conformance.results.result import Subject

NO_GRADIENT = Derivative(0, (), (), (), ())


def printed(unsupported):
    detection = Detection((), ("chainer",), None, (), (), unsupported, None, is_sound=True)
    setting = Setting(operator="roi_pool", dialect="chainer", dtype="float32", layout="NCHW")
    finding = Finding("chainer", setting, detection, NO_GRADIENT, NO_GRADIENT, Verdict.AGREES)
    subject = Subject(implementation="chainer", state="ran", description={"version": "7"})
    console = Console(file=io.StringIO(), width=120)
    show(console, [subject], [finding], verbose=True)
    return console.file.getvalue().splitlines()


def test_what_is_not_offered_for_one_reason_is_one_line():
    averages = [Oddity(f"average {n}", "no average") for n in range(15)]
    lines = printed((*averages, Oddity("box of no extent", "no such box")))
    assert lines[lines.index("not offered:") + 1 :][:3] == [
        "    average 0 and 14 more – no average",
        "    box of no extent – no such box",
        "declared chainer: agrees",
    ]


def test_of_what_is_all_offered_nothing_is_said():
    assert "not offered:" not in printed(())
