"""What is asked of the machine that a record is made on."""

import sys
import time

import pytest

from benchmarks.measuring import machine


def test_the_share_of_other_processes(monkeypatch):
    readings = iter([(5.0, 100.0, 7.0), (15.0, 112.0, 11.0)])
    monkeypatch.setattr(machine.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(machine.Bystanders, "_seconds", staticmethod(lambda: next(readings)))
    with machine.Bystanders() as others:
        pass
    assert others.share == pytest.approx((12 - 4) / 20)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/stat")
def test_busy_time_is_read():
    before = machine.Bystanders._seconds()
    deadline = time.process_time() + 0.2
    while time.process_time() < deadline:
        pass
    after = machine.Bystanders._seconds()
    assert after[2] - before[2] == pytest.approx(0.2, abs=0.1)
    assert after[1] - before[1] >= 0.1


def test_the_commit_is_unknown_rather_than_clean_without_git(monkeypatch):
    monkeypatch.setattr(machine, "output_of", lambda *command: None)
    assert machine.source("abc") | {"installed_as_checkout": None} == {
        "commit": "abc",
        "kernels_commit": None,
        "dirty": None,
        "installed_as_checkout": None,
    }


def test_clocks_of_a_gpu_are_read():
    text = "NVIDIA H200, 580.159.03, P0, 345 MHz, 3201 MHz, 1980 MHz, 3201 MHz, 31, 76.12 W, 700.00 W, 0x0000000000000001\n"
    (state,) = machine.parse_smi(text)
    assert (state["name"], state["clocks.sm"], state["power.limit"]) == ("NVIDIA H200", "345 MHz", "700.00 W")
    assert machine.parse_smi("Field is not a valid field to query\n") == []
