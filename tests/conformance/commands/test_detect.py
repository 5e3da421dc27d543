"""``roikit conform --detect`` from end to end: workers, files, exit statuses."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from roikit.conformance.commands.detect import _known
from roikit.conformance.detection.reading import Reader, Setting
from roikit.conformance.findings import Decision, Detection, Oddity
from roikit.conformance.operators.roi_align.probes import RoiAlignProbes
from roikit.conformance.operators.roi_align.probes.calls import PROBES
from roikit.conformance.operators.roi_align.probes.decision import detect
from roikit.conformance.operators.roi_align.probes.derivative import compare, compare_boxes
from roikit.conformance.workers.greeting import describe
from roikit.conformance.workers.process import Target
from roikit.kernels.dialects.choices import BinEdges
from roikit.reports.files import Detections, Footprints
from roikit.reports.files import read as read_file
from tests import command

HERE = Path(__file__).parents[1]
PATH = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))


def roikit(*arguments):
    return command.roikit("conform", *arguments, COLUMNS="160")


def read(monkeypatch, player, dialect, layout="NCHW", seconds=30.0):
    monkeypatch.setenv("PYTHONPATH", PATH)
    with closing(Reader(Target(player, f"adapter:players:{player}"), seconds, threading.Event())) as reader:
        description = describe(reader.open()).capability("roi_align")
        told = []
        setting = Setting(operator="roi_align", dialect=dialect, dtype="float32", layout=layout)
        readings = reader.read(RoiAlignProbes(), description, setting, lambda: told.append(1))
    assert len(told) == len(PROBES) == len(readings.forward)
    return readings


def test_a_declared_dialect_is_found_and_everything_is_written(tmp_path):
    output, footprints = tmp_path / "detected.json", tmp_path / "footprints.json"
    asked = ("--op", "roi_align", "--dialect", "onnx-16")  # which is one of other operators, too
    run = roikit("roikit", "--detect", *asked, "-o", str(output), "--footprints", str(footprints))
    assert (run.returncode, run.stderr) == (0, "")
    lines = [line.split() for line in run.stdout.splitlines()]
    assert ["RA-1", "offset", "half"] in [line[:3] for line in lines]
    assert "named dialect: onnx-16\n" in run.stdout
    assert "declared onnx-16: agrees" in run.stdout
    written = read_file(output)
    assert (type(written), written.complete) == (Detections, True)
    assert [subject["implementation"] for subject in written.subjects] == ["roikit"]
    (detection,) = written.detections
    assert (detection["names"], detection["verdict"], detection["unexplained"]) == (["onnx-16"], "agrees", [])
    assert {decision["point"]: decision["left"] for decision in detection["decisions"]}["max_start"] == [None]
    drawn = read_file(footprints)
    assert (type(drawn), drawn.complete, drawn.map_size) == (Footprints, True, (5, 6))
    read = {each["probe"]: each for each in drawn.footprints}
    (roi,) = read["bins of 1.25 × 1.75 pixels, adaptive"]["rois"]
    # RoI (1, 0.75) to (2.75, 2) after the shift: samples at y 1.0625 and 1.6875, x 1.4375 and 2.3125.
    along_y, along_x = (0.9375 + 0.3125) / 2, 0.5625 / 2
    assert roi["bins"][0]["taps"][0] == [1, 1, along_y * along_x]
    assert sum(weight for _, _, weight in roi["bins"][0]["taps"]) == 1


@pytest.mark.one_in(2)
def test_an_interrupt_keeps_what_was_found_and_says_that_it_is_not_all(tmp_path):
    output, footprints = tmp_path / "detected.ndjson", tmp_path / "footprints.ndjson"
    run = subprocess.Popen(
        [
            sys.executable, "-m", "roikit.conformance.commands.cli", "conform", "--detect", "-i", "players:sleeps_if_aligned",
            "-o", str(output), "--footprints", str(footprints),
        ],
        env=os.environ | {"PYTHONPATH": PATH}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (output.exists() and '"detection"' in output.read_text()):
        time.sleep(0.1)
    run.send_signal(signal.SIGINT)
    printed, errors = run.communicate(timeout=40)
    assert (run.returncode, errors.decode().strip()) == (130, "roikit: interrupted")
    assert "incomplete, interrupted: 1 detection\n" in printed.decode()
    assert "named dialect: torchvision (" in printed.decode()
    written, drawn = read_file(output), read_file(footprints)
    assert [found["dialect"] for found in written.detections] == ["torchvision"]
    assert {found["dialect"] for found in drawn.footprints} == {"torchvision"}
    assert (written.complete, drawn.complete) == (False, False)
    output.write_text(output.read_text()[:-40])  # as a machine that stops might leave it
    assert (read_file(output).complete, read_file(output).detections) == (False, [])


def test_a_function_declares_nothing_unless_it_is_told():
    run = roikit("-i", "players:transcribed", "--detect")
    assert run.returncode == 0
    assert "named dialect: torchvision (" in run.stdout
    assert "named dialect: torchvision-aligned (" in run.stdout
    assert (
        run.stdout.count("undeclared") == 3
    )  # of each of two dialects, and of both in the line that says that it is done


def test_a_dialect_that_is_not_the_declared_one_exits_with_1():
    run = roikit("-i", "players:half_a_pixel_off", "--detect", "--dialect", "torchvision")
    assert run.returncode == 1
    assert "declared torchvision: disagrees" in run.stdout
    assert "none: nearest" in run.stdout
    assert "fits no dialect" in run.stdout


@pytest.mark.skipif(find_spec("onnx") is None, reason="onnx is not installed")
def test_a_dialect_that_is_known_not_to_be_followed_is_known():
    run = roikit("onnx-reference", "--detect", "--dialect", "onnx-10")
    assert run.returncode == 0
    assert "named dialect: onnx-16\n" in run.stdout
    assert "declared onnx-10: known (The evaluator ignores the opset" in run.stdout


@pytest.mark.parametrize(
    ("probes", "edges", "is_known"),
    [
        (["ordinary box", "scaled map, smaller bins"], BinEdges.EXACT, True),
        (["ordinary box", "negative map"], BinEdges.EXACT, False),
        (["ordinary box"], BinEdges.FLOAT64, False),
    ],
)
def test_probes_that_no_dialect_explains_may_be_known(probes, edges, is_known):
    """ncnn's list has the first two, and that edges are exact for 7 bins."""
    odd = tuple(Oddity(name, "fits no dialect") for name in probes)
    decisions = (Decision("edges", (edges,), (), ""),)
    found = Detection(decisions, (), "openvino", (), odd, (), None, is_sound=False)
    setting = Setting(operator="roi_pool", dialect="ncnn", dtype="float32", layout="NCHW")
    assert _known("ncnn", setting, found).startswith("The wheel is compiled with fast mathematics" if is_known else "")
    assert bool(_known("ncnn", setting, found)) == is_known


def test_nothing_run_exits_with_3_and_a_mistake_with_2(monkeypatch, tmp_path):
    monkeypatch.setenv("ROIKIT_CACHE_DIR", str(tmp_path))  # which has no environments
    run = roikit("detectron2", "--detect")
    assert run.returncode == 3
    assert "nothing was run" in run.stdout
    run = roikit("roikit", "--detect", "--select", "max")
    assert (run.returncode, run.stderr) == (2, "roikit: --select is about golden cases, and --detect runs none\n")
    run = roikit("-i", "no_such_module:f", "--detect")
    assert run.returncode == 1
    assert "no_such_module:f: broken: ImportError: no module no_such_module in " in run.stdout


def test_trouble_with_one_probe_does_not_stop_the_rest(monkeypatch):
    readings = read(monkeypatch, "TroubledByProbes", "torchvision-aligned")
    detection = detect(readings.forward, "float32")
    left = {decision.point: decision.left for decision in detection.decisions}
    assert left["offset"] == ("half", "half_before_scale")
    assert (left["min_size"], left["adaptive"], left["outside"]) == (("none",), ("ceil",), ("zero",))
    opened = {decision.point: decision.open for decision in detection.decisions}
    assert opened["offset"] == "scaled map, 2 samples: crashed: killed by SIGSEGV"
    why = {odd.probe: odd.reason for odd in detection.unexplained}
    assert why["scaled map, adaptive"] == "crashed: killed by SIGSEGV"
    assert why["max: ordinary box, 2 samples"] == "crashed: killed by SIGSEGV"
    assert why["box of half a pixel, adaptive"].startswith("nondeterministic:")
    assert why["bins of 1.25 × 1.75 pixels, adaptive"].endswith("has shape (1, 29, 1, 1), not (1, 30, 1, 1)")
    assert why["bin larger than the map, adaptive"].endswith("fits no dialect")
    assert [odd.probe for odd in detection.unsupported] == ["bins of a quarter pixel, adaptive"]
    assert (detection.names, detection.nearest) == ((), "torchvision-aligned")


def test_who_never_answers_is_soon_asked_no_more(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", PATH)
    target = Target("sleepy", "callable:numpy:players:sleepy", ("torchvision",))
    with closing(Reader(target, 0.5, threading.Event())) as reader:
        setting = Setting(operator="roi_align", dialect="torchvision", dtype="float32", layout="NCHW")
        readings = reader.read(RoiAlignProbes(), describe(reader.open()).capability("roi_align"), setting, lambda: None)
    reasons = [reading.reason for reading in readings.forward.values()]
    assert reasons[:3] == ["timed-out: no answer within 0.5 s"] * 3
    assert set(reasons[3:]) == {"timed-out: not asked, after others took too long"}


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_a_gradient_is_read_and_held_against_the_output(monkeypatch, layout):
    readings = read(monkeypatch, "PaddleGradients", "paddle", layout)
    detection = detect(readings.forward, "float32")
    assert "paddle" in detection.names
    derivative = compare(readings, detection.best, "float32")
    assert [odd.probe for odd in derivative.differences if "half a pixel" in odd.probe]
    assert ("min_size", "one") in derivative.instead
    right = PROBES[0]
    assert np.array_equal(readings.backward[right].values, readings.forward[right].values)
    assert compare_boxes(readings, detection.best, "float32").differences
    assert np.array_equal(readings.box_slopes[right].values[:, :4], readings.box_backward[right].values)
