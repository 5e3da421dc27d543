"""Every adapter that has an operator, where its library is installed: it does what it declares.

RoIAlign, RoIPool and PSRoIPool have files of their own. Boxes that may do harm each need a worker of their own, and are left to
`roikit conform --detect`.
"""

import threading
from contextlib import closing

import pytest

from roikit.conformance import operators
from roikit.conformance.commands import detect
from roikit.conformance.detection.reading import Reader, Setting
from roikit.conformance.detection.report import record_of
from roikit.conformance.implementation import registered
from roikit.conformance.peers import places
from roikit.conformance.workers.greeting import describe
from roikit.conformance.workers.process import Target
from tests.conformance.detection.records import records

NOT_RECORDED = {"roikit-cuda", "roikit-ptx", "roikit-torch"}
WRONG_BACKWARDS = {("ps_roi_pool", "torchvision")}  # whose gradient is not that of its output
ELSEWHERE = {"roi_align", "roi_pool", "ps_roi_pool"}
ADAPTERS = [
    (operator, name)
    for operator in operators.NAMES
    if operator not in ELSEWHERE and operators.get(operator).probes
    for name, point in registered().items()
    if hasattr(point.load(), operator)
]
SLOW = {"roikit-ptx"}  # a call takes as long as all of another implementation
NOT_ON_A_CPU = {("prroi_pool", "mmcv")}
FEW = 2  # dialects that our own kernels are asked for


@pytest.mark.one_in(6)
@pytest.mark.parametrize(("operator", "name"), ADAPTERS)
def test_what_is_detected_is_what_is_declared(operator, name):
    point = registered()[name]
    where = places.find(point)
    if where.state not in ("here", "in its environment"):
        pytest.skip(f"{where.note} not installed: {where.install}")
    if name in SLOW:
        pytest.skip("is slow, and judged by golden cases")
    target = Target(name, f"adapter:{point.module}:{point.attr}", python=where.python, bare=where.bare)
    with closing(Reader(target, 30.0, threading.Event())) as reader:
        subject = reader.open()
        if subject.state == "absent":
            pytest.skip(subject.reason)
        capability = describe(subject).capability(operator)
        if capability is None:
            pytest.skip("its class has the operator, and this one of its libraries does not")
        probes = operators.get(operator).probes
        asked = tuple(probe for probe in probes.offered(capability.modes) if not probe.is_malformed)
        for dialect in capability.dialects[: FEW if name.startswith("roikit") else None]:
            setting = Setting(operator=operator, dialect=dialect, dtype="float32", layout=capability.layouts[0])
            readings = reader.read(probes, capability, setting, lambda: None, asked)
            found = record_of(detect._find(target, setting, readings, is_declared=True))
            if (operator, name) in NOT_ON_A_CPU:
                assert found["verdict"] == "unsupported"
                continue
            assert (found["verdict"], found["unexplained"]) == ("agrees", [])
            assert dialect in found["names"]
            for gradient in (found["backward"], found["box_gradient"]):
                assert not gradient["differences"]
                assert not gradient["failures"]


RECORDS = [
    (operator, record)
    for operator in operators.NAMES
    if operator not in {"roi_align", "roi_pool"}
    for record in records(operator)
]


@pytest.mark.parametrize(("operator", "record"), RECORDS, ids=lambda each: each if isinstance(each, str) else each.name)
def test_a_record_has_every_dialect_of_all_adapters_and_each_does_what_it_declares(operator, record):
    wanted = {name for one, name in ADAPTERS if one == operator} - NOT_RECORDED
    assert record.found >= {(name, dialect) for name, dialect in record.declared if name in wanted}
    for found in record.detections:
        name = found["implementation"]
        if (operator, name) in NOT_ON_A_CPU:
            assert found["verdict"] == "unsupported"
            continue
        harmful = {probe.name for probe in operators.get(operator).probes.offered(("avg",)) if probe.is_malformed}
        assert found["verdict"] == "agrees"
        assert {odd["probe"] for odd in found["unexplained"]} <= harmful
        assert bool(found["backward"]["differences"]) == ((operator, name) in WRONG_BACKWARDS)
        assert not found["box_gradient"]["differences"]


def test_there_is_a_record_of_every_operator_that_is_read():
    assert {operator for operator, _ in RECORDS} == {name for name in operators.NAMES if operators.get(name).probes} - {
        "roi_align",
        "roi_pool",
    }
