"""Every adapter that has RoIPool, where its library is installed, and the record of a run of all: each does what it declares.

Boxes that may do harm each need a worker of their own, and are left to the record.
"""

import threading
from contextlib import closing

import pytest

from roikit.conformance.commands import detect
from roikit.conformance.detection.reading import Reader, Setting
from roikit.conformance.detection.report import record_of
from roikit.conformance.implementation import registered
from roikit.conformance.operators.roi_pool.probes import RoiPoolProbes
from roikit.conformance.operators.roi_pool.probes.calls import PROBES
from roikit.conformance.peers import places
from roikit.conformance.workers.greeting import describe
from roikit.conformance.workers.process import Target
from tests.conformance.detection.records import records

INHERIT = ("ncnn-version-0", "openvino-v3")  # classes of their own for RoIAlign alone
ADAPTERS = {n: point for n, point in registered().items() if hasattr(point.load(), "roi_pool") and n not in INHERIT}
ASKED = tuple(probe for probe in PROBES if not probe.is_malformed)
FEW = 2  # dialects that our own kernels are asked for; the record has all of them

NOT_RECORDED = {"roikit-cuda", "roikit-ptx", "mmcv-ptx", "roikit-torch"}  # of the last the environment was not whole
KNOWN = {("ncnn", "ncnn")}  # the list of its deviations says why
WRONG_BACKWARDS = {("chainer", "chainer")}


def is_as_known(found):
    """Says whether a detection, an object of the file, is what the tables above say of it."""
    key = found["implementation"], found["dialect"]
    if key in KNOWN:
        assert (found["verdict"], found["names"]) == ("known", [])
        assert found["unexplained"]
    else:
        assert (found["verdict"], found["unexplained"]) == ("agrees", [])
        assert found["dialect"] in found["names"]
    assert bool(found["backward"]["differences"]) == (key in WRONG_BACKWARDS)
    assert not found["backward"]["failures"]
    assert not found["box_gradient"]["compared"]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", ADAPTERS)
def test_what_is_detected_is_what_is_declared(name):
    point, found = ADAPTERS[name], places.find(ADAPTERS[name])
    if found.state not in ("here", "in its environment"):
        pytest.skip(f"{found.note} not installed: {found.install}")
    target = Target(name, f"adapter:{point.module}:{point.attr}", python=found.python, bare=found.bare)
    with closing(Reader(target, 30.0, threading.Event())) as reader:
        subject = reader.open()
        if subject.state == "absent":
            pytest.skip(subject.reason)
        capability = describe(subject).capability("roi_pool")
        for dialect in capability.dialects[: FEW if name.startswith("roikit") else None]:
            setting = Setting(operator="roi_pool", dialect=dialect, dtype="float32", layout=capability.layouts[0])
            readings = reader.read(RoiPoolProbes(), capability, setting, lambda: None, ASKED)
            finding = detect._find(target, setting, readings, is_declared=True)
            is_as_known(record_of(finding))


@pytest.mark.parametrize("record", records("roi_pool"), ids=lambda record: record.name)
def test_a_record_has_all_adapters_and_says_what_is_known(record):
    wanted = set(ADAPTERS) - NOT_RECORDED
    assert wanted <= record.dialects.keys()
    wanted |= NOT_RECORDED & {name for name, _ in record.found}
    assert record.found == {(name, dialect) for name, dialect in record.declared if name in wanted}
    for each in record.detections:
        is_as_known(each)


def test_there_is_a_record():
    assert records("roi_pool")
