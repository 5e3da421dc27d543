"""Every adapter that has PSRoIPool, where its library is installed: each does what it declares.

Boxes that may do harm each need a worker of their own, and are left to `roikit conform --detect`.
"""

import threading
from contextlib import closing

import pytest

from roikit.conformance.commands import detect
from roikit.conformance.detection.reading import Reader, Setting
from roikit.conformance.detection.report import record_of
from roikit.conformance.implementation import registered
from roikit.conformance.operators.ps_roi_pool.probes import PsRoiPoolProbes
from roikit.conformance.operators.ps_roi_pool.probes.calls import PROBES
from roikit.conformance.peers import places
from roikit.conformance.workers.greeting import describe
from roikit.conformance.workers.process import Target

INHERIT = ("ncnn-version-0", "openvino-v3")  # classes of their own for RoIAlign alone
ADAPTERS = {n: point for n, point in registered().items() if hasattr(point.load(), "ps_roi_pool") and n not in INHERIT}
ASKED = tuple(probe for probe in PROBES if not probe.is_malformed)
FEW = 2  # dialects that our own kernels are asked for
WRONG_BACKWARDS = {"torchvision"}  # whose gradient is not that of its output


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", ADAPTERS)
def test_what_is_detected_is_what_is_declared(name):
    point, where = ADAPTERS[name], places.find(ADAPTERS[name])
    if where.state not in ("here", "in its environment"):
        pytest.skip(f"{where.note} not installed: {where.install}")
    target = Target(name, f"adapter:{point.module}:{point.attr}", python=where.python, bare=where.bare)
    with closing(Reader(target, 30.0, threading.Event())) as reader:
        subject = reader.open()
        if subject.state == "absent":
            pytest.skip(subject.reason)
        capability = describe(subject).capability("ps_roi_pool")
        for dialect in capability.dialects[: FEW if name.startswith("roikit") else None]:
            setting = Setting(operator="ps_roi_pool", dialect=dialect, dtype="float32", layout=capability.layouts[0])
            readings = reader.read(PsRoiPoolProbes(), capability, setting, lambda: None, ASKED)
            finding = detect._find(target, setting, readings, is_declared=True)
            found = record_of(finding)
            assert (found["verdict"], found["unexplained"]) == ("agrees", [])
            assert dialect in found["names"]
            assert bool(found["backward"]["differences"]) == (name in WRONG_BACKWARDS)
            assert not found["backward"]["failures"]
            assert not found["box_gradient"]["compared"]
