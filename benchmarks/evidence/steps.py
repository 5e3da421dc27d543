"""The steps of a day with a GPU. Each writes its files into a folder, and says why if there is nothing to write."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..measuring import gpu, machine
from ..operators import OPERATORS, operator_called
from ..profile.device import ARCHITECTURE
from ..profile.rows import LIBRARIES
from ..profile.rows import profile as count
from ..record import tools
from ..record.document import Skipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ..operator import Operator

_CONFORM = "from roikit.conformance.commands.cli import main; main()"
_TOOL_SECONDS = 55.0
_BLOCKS = 64  # of a large launch, which stand for all when counters are predicted

COMPARED = {
    "instructions per output": "instructions",
    "sectors per request": "sectors_per_load",
    "gpu__time_duration.sum": "predicted",
}
"""What a GPU counted, and what is predicted of it: figures of a profile, and the predicted seconds."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where evidence goes, of which operators, and how long the steps may take."""

    folder: Path
    operators: Sequence[str]
    record_minutes: float
    conform_seconds: float

    def write(self, name: str, content: Any) -> None:
        """Writes a file of the folder."""
        (self.folder / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def need_gpu() -> None:
    """Raises `Skipped` where CuPy is missing or finds no GPU."""
    if not gpu.present():
        raise Skipped("CuPy finds no GPU here")


def _run(command: Sequence[str], seconds: float) -> int:
    try:
        done = subprocess.run(command, cwd=machine.ROOT, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise Skipped(f"did not end within {seconds:.0f} s; what it wrote until then is kept") from None
    return done.returncode


def describe(settings: Settings) -> str:
    """Machine, versions and commit, of every run, with a GPU or not."""
    settings.write(
        "machine.json",
        {"source": machine.source(), "machine": machine.describe(), "versions": machine.versions()},
    )
    return "machine.json"


def conform(settings: Settings) -> str:
    """The golden cases of the quick tier, on the GPU itself."""
    need_gpu()
    wanted = [part for name in settings.operators for part in ("--op", name)]
    output = str(settings.folder / "conform.ndjson")
    command = [sys.executable, "-c", _CONFORM, "conform", "roikit-cuda", *wanted, "--output", output]
    status = _run(command, settings.conform_seconds)
    if status:
        raise RuntimeError(f"roikit conform roikit-cuda came to exit status {status}: see conform.ndjson")
    return "conform.ndjson"


def sanitize(settings: Settings) -> str:
    """The exercise of each operator under compute-sanitizer."""
    need_gpu()
    found: dict[str, Any] = {}
    for operator in map(operator_called, settings.operators):
        for tool in tools.SANITIZERS:
            found[f"{operator.name} {tool}"] = tools.sanitize(operator.name, tool, _TOOL_SECONDS)
            settings.write("sanitizer.json", found)
    if bad := [name for name, result in found.items() if result["state"] != "clean"]:
        raise RuntimeError(f"not clean: {', '.join(bad)}")
    return "sanitizer.json"


def counters(settings: Settings) -> str:
    """What Nsight Compute counts of a row, beside what was predicted of it."""
    need_gpu()
    rows: list[dict[str, Any]] = []
    for operator in map(operator_called, settings.operators):
        for which in operator.exercise.counted:
            measured = tools.profile(operator, which, _TOOL_SECONDS)
            row = {"operator": operator.name, **vars(which), "measured": measured}
            if which.library in LIBRARIES:
                row["predicted"] = predicted(operator, which.row, which.library, which.layout, which.dtype)
                row["measured ÷ predicted"] = ratios(measured, row["predicted"])
            rows.append(row)
            settings.write("counters.json", rows)
    return "counters.json"


def record(settings: Settings) -> str:
    """Times of our kernels and of all peers that are installed."""
    need_gpu()
    path = settings.folder / "record.json"
    command = [sys.executable, "-m", "benchmarks.record", "--place", "gpu", "--output", str(path)]
    command += ["--minutes", str(settings.record_minutes)]
    command += [part for name in settings.operators for part in ("--op", name)]
    status = _run(command, 60 * (settings.record_minutes + 2))
    if status:
        raise RuntimeError(f"python -m benchmarks.record came to exit status {status}")
    return "record.json"


def predicted(operator: Operator, row: str, library: str, layout: str, dtype: str) -> dict[str, float]:
    """Figures of a row that are counted without a GPU, per value, and the predicted seconds."""
    found = count(operator, operator.itself, row, library, layout, dtype, ARCHITECTURE, _BLOCKS)
    return {**found.figures, "predicted": found.predicted or 0.0}


def ratios(measured: Mapping[str, float], foreseen: Mapping[str, float]) -> dict[str, float]:
    """How many times what was foreseen was measured, of what both know."""
    return {
        name: measured[name] / foreseen[of] for name, of in COMPARED.items() if name in measured and foreseen.get(of)
    }


STEPS = {
    "machine": describe,
    "golden cases": conform,
    "compute-sanitizer": sanitize,
    "counters": counters,
    "record": record,
}
"""All steps, in order: whether results are right comes before how fast they are."""

ALL_OPERATORS = tuple(OPERATORS)
