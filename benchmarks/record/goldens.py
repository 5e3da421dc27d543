"""The conformance of what is timed: the golden cases under the dialects that are timed, before any number is believed."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

DIALECTS = ("torchvision-aligned", "torchvision")
_COMMAND = "from roikit.conformance.commands.cli import main; main()"


def judge(implementation: str, seconds: float, jobs: int) -> dict[str, Any]:
    """Returns how many results of an implementation came to which verdict, and whether the run ended by itself."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.ndjson"
        dialects = [argument for dialect in DIALECTS for argument in ("--dialect", dialect)]
        command = [
            sys.executable,
            "-c",
            _COMMAND,
            "conform",
            implementation,
            "--jobs",
            str(jobs),
            "--output",
            str(path),
        ]
        try:
            status = subprocess.run(
                [*command, *dialects], timeout=seconds, check=False, stdout=subprocess.DEVNULL
            ).returncode
        except subprocess.TimeoutExpired:
            status = None
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return summarise(lines, status)


def summarise(lines: list[str], status: int | None) -> dict[str, Any]:
    """Returns verdicts, and the first few results that do not conform, from the lines of a result file."""
    results = []
    for line in lines:
        try:
            record = json.loads(line)
        except json.JSONDecodeError:  # the last line of a run that was cut off
            break
        if record["type"] == "result":
            results.append(record)
    bad = [r for r in results if r["verdict"] not in ("conforms", "unsupported", "known", "contested")]
    return {
        "complete": status is not None,
        "status": status,
        "dialects": list(DIALECTS),
        "verdicts": dict(Counter(r["verdict"] for r in results)),
        "first_failures": [{key: r[key] for key in ("case", "dialect", "dtype", "layout", "reason")} for r in bad[:10]],
    }
