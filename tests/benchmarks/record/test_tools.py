"""What compute-sanitizer and ncu print, by their documentation, is read for what it says; and what proves nothing is not."""

import subprocess
from types import SimpleNamespace

import pytest

from benchmarks.measuring.exercise import Counted
from benchmarks.record import tools
from benchmarks.record.document import Skipped
from benchmarks.record.tools import LINES, merge, parse_counters, parse_sanitizer

OPERATOR = SimpleNamespace(
    name="roi_align", exercise=SimpleNamespace(kernels="roi_align"), gpu_rows={"a1": SimpleNamespace(outputs=100)}
)
COUNTED = Counted(row="a1", library="torchvision", layout="NCHW", dtype="float32")

CLEAN = """\
========= COMPUTE-SANITIZER
512 launches exercised
========= ERROR SUMMARY: 0 errors
"""
OUT_OF_BOUNDS = """\
========= COMPUTE-SANITIZER
========= Invalid __global__ read of size 4 bytes
=========     at roi_align_forward+0x2f0
=========     by thread (31,0,0) in block (2,0,0)
=========     Address 0x7f1c00000400 is out of bounds
=========     and is 1 bytes after the nearest allocation at 0x7f1c00000000 of size 1024 bytes
512 launches exercised
========= ERROR SUMMARY: 1 error
"""
RACE_FREE = """\
========= COMPUTE-SANITIZER
512 launches exercised
========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)
"""
RACE = """\
========= COMPUTE-SANITIZER
========= Error: Race reported between Write access at roi_align_forward+0x450 and Read access at roi_align_forward+0x610 [16 hazards]
=========
512 launches exercised
========= RACECHECK SUMMARY: 1 hazard displayed (1 error, 0 warnings)
"""
UNINITIALISED = """\
========= COMPUTE-SANITIZER
========= Uninitialized __global__ memory read of size 4 bytes
=========     at roi_align_forward+0x1b0
512 launches exercised
========= ERROR SUMMARY: 3 errors
========= ERROR SUMMARY: 2 errors were not printed. Use --print-limit option to adjust the number of printed errors
"""
REFUSED = """\
========= COMPUTE-SANITIZER
========= Error: Device not supported. Please refer to the "Supported Devices" section of the sanitizer documentation
=========
Traceback (most recent call last):
cupy_backends.cuda.api.runtime.CUDARuntimeError: cudaErrorUnknown: unknown error
========= Target application returned an error
========= ERROR SUMMARY: 0 errors
"""


@pytest.mark.parametrize("text", [CLEAN, RACE_FREE])
def test_a_clean_run(text):
    assert parse_sanitizer(text) == {"state": "clean", "errors": 0, "findings": []}


@pytest.mark.parametrize(
    ("text", "errors", "finding"),
    [
        (OUT_OF_BOUNDS, 1, "Invalid __global__ read of size 4 bytes"),
        (RACE, 1, "Race reported between Write access"),
        (UNINITIALISED, 3, "Uninitialized __global__ memory read"),
    ],
)
def test_a_run_with_findings(text, errors, finding):
    found = parse_sanitizer(text)
    assert (found["state"], found["errors"]) == ("errors", errors)
    assert any(finding in line for line in found["findings"])


@pytest.mark.parametrize("text", [REFUSED, "", "512 launches exercised", CLEAN.replace("512 launches exercised", "")])
def test_a_run_that_proves_nothing_is_not_clean(text):
    assert parse_sanitizer(text)["state"] == "failed"


PROFILE = """\
==PROF== Connected to process 4711 (/usr/bin/python3.12)
==PROF== Profiling "roi_align_forward": 0%....50%....100% - 1 pass
1 launches exercised
==PROF== Disconnected from process 4711
"ID","Process ID","Process Name","Host Name","Kernel Name","Context","Stream","Block Size","Grid Size","Device","CC","dram__bytes_read.sum","gpu__time_duration.sum","l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum","l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum","lts__t_sector_hit_rate.pct","smsp__thread_inst_executed.sum"
"","","","","","","","","","","","byte","ns","request","sector","%","inst"
"0","4711","python3.12","127.0.0.1","roi_align_forward","1","7","(64, 4, 1)","(650, 1, 1)","0","9.0","1,000,000","30,000","100","400","50","6,000"
"1","4711","python3.12","127.0.0.1","roi_align_forward","1","7","(64, 4, 1)","(222, 1, 1)","0","9.0","500,000.5","10,000","100","800","90","2,000"
"""


def test_counters():
    first, second = parse_counters(PROFILE)
    assert first["kernel"] == "roi_align_forward"
    assert first["gpu__time_duration.sum"] == pytest.approx(30e-6)
    assert second["dram__bytes_read.sum"] == 500000.5
    assert "CC" not in first


def test_units_that_were_scaled():
    text = PROFILE.replace('"byte","ns"', '"Mbyte","us"')
    assert parse_counters(text)[0]["gpu__time_duration.sum"] == pytest.approx(30e-3)
    assert parse_counters(text)[0]["dram__bytes_read.sum"] == 1e12


def test_counters_of_a_row_are_summed_and_averaged_over_time():
    found = merge(parse_counters(PROFILE), outputs=100)
    assert found["smsp__thread_inst_executed.sum"] == 8000
    assert found["lts__t_sector_hit_rate.pct"] == pytest.approx(60)
    assert found["instructions per output"] == 80
    assert found["sectors per request"] == 6
    assert "lines per request" not in found


def test_lines_per_request():
    requests = "l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum"
    found = merge([{"kernel": "k", "gpu__time_duration.sum": 1e-6, requests: 10.0, LINES: 73.0}], 1)
    assert found["lines per request"] == pytest.approx(7.3)


@pytest.mark.parametrize(
    "text", ["", "==ERROR== Failed to find metric regex:^x$", PROFILE.split('"ID"', maxsplit=1)[0]]
)
def test_no_counters(text):
    assert parse_counters(text) == []


def test_a_tool_that_is_missing_or_too_slow_is_skipped(monkeypatch):
    monkeypatch.setattr(tools.shutil, "which", lambda program: None)
    with pytest.raises(Skipped, match="compute-sanitizer is not installed"):
        tools.sanitize("roi_align", "memcheck", 5)

    def too_slow(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(tools.shutil, "which", lambda program: program)
    monkeypatch.setattr(tools.subprocess, "run", too_slow)
    with pytest.raises(Skipped, match="did not end within 5 s"):
        tools.sanitize("roi_align", "memcheck", 5)


def test_commands(monkeypatch):
    commands = []

    def run(command, **_):
        commands.append(command)
        return SimpleNamespace(stdout=PROFILE if command[0] == "ncu" else RACE_FREE, stderr="")

    monkeypatch.setattr(tools.shutil, "which", lambda program: program)
    monkeypatch.setattr(tools.subprocess, "run", run)
    assert tools.sanitize("roi_align", "racecheck", 5)["state"] == "clean"
    assert tools.profile(OPERATOR, COUNTED, 5)["instructions per output"] == 80
    sanitizer, profiler = commands
    assert sanitizer[:3] == ["compute-sanitizer", "--tool", "racecheck"]
    assert sanitizer[-3:] == ["-m", "benchmarks.exercise", "roi_align"]
    assert profiler[profiler.index("--clock-control") + 1] == "none"
    assert profiler[-8:] == ["--row", "a1", "--library", "torchvision", "--layout", "NCHW", "--dtype", "float32"]
