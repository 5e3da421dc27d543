"""RoIAlign of every registered adapter, where its library is installed: it does what it declares, but for what is known.

Boxes that may do harm each need a worker of their own, and are left out: with ROIKIT_DETECT=all they are asked, too, which takes
minutes. `reports/recorded/detections` has a run of all adapters.
"""

import json
import os
import threading
from contextlib import closing

import jsonschema
import pytest

from roikit.conformance.commands import detect
from roikit.conformance.detection.reading import Reader, Setting
from roikit.conformance.detection.report import record_of
from roikit.conformance.implementation import registered
from roikit.conformance.operators.roi_align.probes import RoiAlignProbes
from roikit.conformance.operators.roi_align.probes.calls import PROBES
from roikit.conformance.peers import places
from roikit.conformance.peers.environments import environments
from roikit.conformance.workers.greeting import describe
from roikit.conformance.workers.process import Target
from tests.conformance.detection.records import FILES, ROOT, records

RECORDED = records("roi_align")
SCHEMA = ROOT / "conformance" / "schema" / "detection.schema.json"
ALL = os.environ.get("ROIKIT_DETECT") == "all"
ASKED = PROBES if ALL else tuple(probe for probe in PROBES if not probe.is_malformed)
FEW = 2  # dialects that our own kernels are asked for; a record has all of them

NOT_NAMED = {
    # What is declared is nearest, but the library gives what no dialect explains, or chooses otherwise at one point.
    ("ncnn-version-0", "ncnn-version-1"): {},
    ("ncnn-version-0", "ncnn-version-1-aligned"): {},
    ("tensorflow", "torchvision-aligned"): {},
    ("mnn", "mnn-aligned"): {"max_start": None},
}
INSTEAD = {("onnx-reference", "onnx-10"): "onnx-16"}
"""Another dialect than the declared one."""

WRONG_BACKWARDS = {
    ("paddle", "paddle"): ["migraphx"],
    ("mindspore", "mindspore-end-mode-0"): ["mindspore"],
    ("mmcv", "mmcv"): [],
    ("mmcv", "mmcv-legacy"): [],
    ("torchvision-python", "torchvision-python-aligned"): [],
}
"""Backwards that are not the derivative of forward, and a dialect of which they are."""

WRONG_FOR_BOXES = {("tensorflow", "torchvision-aligned"), ("torchvision-python", "torchvision-python-aligned")}
HAVE_BOX_GRADIENTS = {"roikit", "roikit-ptx", "roikit-torch", "tensorflow", "torchvision-python"}
ONLY_MALFORMED_SHOW = {
    ("mnn", "mnn-aligned"): "max: box without area, adaptive",
    ("torchvision-python", "torchvision-python-aligned"): "box without area, adaptive",
}


def is_as_known(found, *, asked=PROBES):
    """Says whether a detection, an object of the file, is what the tables above say of it."""
    key = found["implementation"], found["dialect"]
    shows = ONLY_MALFORMED_SHOW.get(key) in (None, *(probe.name for probe in asked))
    if key in NOT_NAMED and shows:
        assert (found["verdict"], found["names"], found["nearest"]) == ("known", [], found["dialect"])
        assert {each["point"]: each["choice"] for each in found["differences"]} == NOT_NAMED[key]
        assert found["known"]
        assert found["unexplained"] or NOT_NAMED[key]
    elif key in INSTEAD:
        assert found["verdict"] == "known"
        assert INSTEAD[key] in found["names"]
        assert found["dialect"] not in found["names"]
    else:
        assert found["verdict"] == "agrees"
        assert found["dialect"] in found["names"]
        harmful = {probe.name for probe in PROBES if probe.is_malformed}
        assert {each["probe"] for each in found["unexplained"]} <= harmful
    assert bool(found["backward"]["differences"]) == (key in WRONG_BACKWARDS and shows)
    assert set(WRONG_BACKWARDS.get(key, ())) <= set(found["backward"]["names"])
    assert bool(found["box_gradient"]["differences"]) == (key in WRONG_FOR_BOXES and shows)
    assert bool(found["box_gradient"]["compared"]) == (key[0] in HAVE_BOX_GRADIENTS)


@pytest.mark.one_in(8)
@pytest.mark.parametrize("name", [name for name, point in registered().items() if hasattr(point.load(), "roi_align")])
def test_what_is_detected_is_what_is_declared_but_for_what_is_known(name):
    point = registered()[name]
    found = places.find(point)
    if found.state not in ("here", "in its environment"):
        pytest.skip(f"{found.note} not installed: {found.install}")
    target = Target(name, f"adapter:{point.module}:{point.attr}", python=found.python, bare=found.bare)
    with closing(Reader(target, 30.0, threading.Event())) as reader:
        subject = reader.open()
        if subject.state == "absent":
            pytest.skip(subject.reason)
        description = describe(subject).capability("roi_align")
        few = FEW if name.startswith("roikit") and not ALL else None
        for dialect in description.dialects[:few]:
            setting = Setting(operator="roi_align", dialect=dialect, dtype="float32", layout=description.layouts[0])
            readings = reader.read(RoiAlignProbes(), description, setting, lambda: None, ASKED)
            finding = detect._find(target, setting, readings, is_declared=True)
            is_as_known(record_of(finding), asked=ASKED)


@pytest.mark.parametrize("record", RECORDED, ids=lambda record: record.name)
def test_a_record_has_all_adapters_and_says_what_is_known(record):
    installable = {name for environment in environments().values() for name in environment.implementations}
    adapters = {name: registered()[name].load() for name in installable}
    of_all = {name: each for name, each in adapters.items() if not getattr(each, "only_by_name", False)}
    wanted = {"roikit", *(name for name, each in of_all.items() if hasattr(each, "roi_align"))}
    assert {"torchvision", "mmcv"} < wanted <= record.dialects.keys()
    assert record.found >= {(name, dialect) for name, dialect in record.declared if name in wanted}
    for each in record.detections:
        is_as_known(each)


def test_there_is_a_record():
    assert RECORDED


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_record_is_what_its_schema_says(path):
    schema, text = json.loads(SCHEMA.read_text(encoding="utf-8")), path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        jsonschema.validate(json.loads(text), schema)
        return
    for record in map(json.loads, text.splitlines()):
        jsonschema.validate(record, {"$ref": f"#/$defs/{record['type']}", "$defs": schema["$defs"]})
