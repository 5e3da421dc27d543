"""Runs NVIDIA's compute-sanitizer and Nsight Compute on the exercise of an operator, and reads what they print."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from ..measuring.machine import ROOT
from .document import Skipped

if TYPE_CHECKING:
    from ..measuring.exercise import Counted
    from ..operator import Operator

SANITIZERS = ("memcheck", "racecheck", "initcheck", "synccheck")
_ERRORS = re.compile(r"ERROR SUMMARY: (\d+) errors?")
_HAZARDS = re.compile(r"RACECHECK SUMMARY: (\d+) hazards? displayed \((\d+) errors?, (\d+) warnings?\)")
_FINDING = re.compile(r"^=+ +(?:Error: )?(\S.*)$")
_EXERCISED = "launches exercised"

COUNTERS = (
    "gpu__time_duration.sum",
    "smsp__thread_inst_executed.sum",
    "smsp__inst_executed.sum",
    "smsp__issue_active.avg.pct_of_peak_sustained_active",
    "sm__warps_active.avg.pct_of_peak_sustained_active",
    "l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum",
    "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum",
    "lts__t_sector_hit_rate.pct",
    "dram__bytes_read.sum",
    "dram__bytes_write.sum",
    "launch__registers_per_thread",
)
LINES = "l1tex__t_set_accesses_pipe_lsu_mem_global_op_ld.sum"
LINE_COUNTERS = ("gpu__time_duration.sum", "l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum", LINES)
"""Lines that loads look up in L1; asked for by themselves, since a counter that a GPU lacks spoils the whole run."""

_UNITS = {
    "": 1.0, "%": 1.0, "ns": 1e-9, "nsecond": 1e-9, "us": 1e-6, "usecond": 1e-6, "ms": 1e-3, "msecond": 1e-3,
    "s": 1.0, "second": 1.0, "byte": 1.0, "Kbyte": 1e3, "Mbyte": 1e6, "Gbyte": 1e9,
}  # fmt: skip


def _run(program: str, options: list[str], exercise: list[str], seconds: float) -> str:
    path = shutil.which(program) or shutil.which(f"/usr/local/cuda/bin/{program}")
    if path is None:
        raise Skipped(f"{program} is not installed")
    command = [path, *options, sys.executable, "-m", "benchmarks.exercise", *exercise]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise Skipped(f"{program} did not end within {seconds:.0f} s") from None
    return done.stdout + done.stderr


def parse_sanitizer(text: str) -> dict[str, Any]:
    """What a run of compute-sanitizer found.

    ``state`` is ``"clean"``, ``"errors"``, or ``"failed"``: no summary, or the program under it did not come to its end,
    which proves nothing.
    """
    hazards, errors = _HAZARDS.search(text), _ERRORS.search(text)
    findings = [match[1] for line in text.splitlines() if (match := _FINDING.match(line)) and "SUMMARY" not in line]
    if _EXERCISED not in text or not (hazards or errors):
        return {"state": "failed", "errors": None, "findings": text.strip().splitlines()[-10:]}
    count = int(hazards[2]) + int(hazards[3]) if hazards else 0
    count += int(errors[1]) if errors else 0
    return {"state": "errors" if count else "clean", "errors": count, "findings": findings[:20] if count else []}


def sanitize(operator: str, tool: str, seconds: float) -> dict[str, Any]:
    """Runs the small calls of an operator under a tool of compute-sanitizer."""
    options = ["--tool", tool, "--print-limit", "20"]
    return parse_sanitizer(_run("compute-sanitizer", options, [operator], seconds))


def parse_counters(text: str) -> list[dict[str, Any]]:
    """Kernel name and counters of each launch, from ``ncu --csv --page raw``: in seconds, bytes, per cent."""
    lines = [line for line in text.splitlines() if line.startswith('"')]
    rows = list(csv.reader(lines))
    header = next((i for i, row in enumerate(rows) if "Kernel Name" in row), None)
    if header is None or len(rows) < header + 3:
        return []
    names, units = rows[header], rows[header + 1]
    launches = []
    for row in rows[header + 2 :]:
        cells = dict(zip(names, row, strict=False))
        counters = {
            name: float(cell.replace(",", "")) * _UNITS.get(unit.rsplit("/", 1)[0], 1.0)
            for name, unit, cell in zip(names, units, row, strict=False)
            if "__" in name and _is_number(cell)
        }
        launches.append({"kernel": cells["Kernel Name"], **counters})
    return launches


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?[\d,]*\.?\d+(?:[eE][+-]?\d+)?", cell) is not None


def merge(launches: list[dict[str, Any]], outputs: int) -> dict[str, float]:
    """The counters of a row from those of its launches: sums, and averages weighted by time; and what follows."""
    duration = "gpu__time_duration.sum"
    total = sum(launch[duration] for launch in launches)
    found = {}
    for name in launches[0].keys() - {"kernel"}:
        values = [launch[name] for launch in launches]
        weighted = sum(value * launch[duration] for value, launch in zip(values, launches, strict=True)) / total
        found[name] = sum(values) if name.endswith(".sum") else weighted
    if "smsp__thread_inst_executed.sum" in found:
        found["instructions per output"] = found["smsp__thread_inst_executed.sum"] / outputs
    requests = found.get("l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum")
    for what, name in (("sectors", "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"), ("lines", LINES)):
        if requests and name in found:
            found[f"{what} per request"] = found[name] / requests
    return found


def profile(
    operator: Operator, which: Counted, seconds: float, counters: tuple[str, ...] = COUNTERS
) -> dict[str, float]:
    """The counters of one call of a row; clocks are left as they are.

    Raises:
        RuntimeError: ncu printed none.
    """
    options = ["--csv", "--page", "raw", "--print-units", "base", "--clock-control", "none"]
    options += ["--kernel-name", f"regex:{operator.exercise.kernels}", "--metrics", ",".join(counters)]
    arguments = [part for name, value in vars(which).items() for part in (f"--{name}", value)]
    text = _run("ncu", options, [operator.name, *arguments], seconds)
    launches = parse_counters(text)
    if not launches:
        raise RuntimeError("ncu printed no counters: " + " / ".join(text.strip().splitlines()[-3:]))
    return merge(launches, operator.gpu_rows[which.row].outputs)
