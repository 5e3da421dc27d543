"""The conformance of what is timed: the golden cases under the dialects that are timed, before any number is believed."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..operators import UNNAMED
from .document import operator_of

if TYPE_CHECKING:
    from ..operator import Operator

_COMMAND = "from roikit.conformance.commands.cli import main; main()"


def judge(operator: Operator, implementation: str, seconds: float, jobs: int) -> dict[str, Any]:
    """How many results of an implementation of an operator came to which verdict, and whether the run ended by itself."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.ndjson"
        wanted = ["--jobs", str(jobs), "--output", str(path)]
        wanted += [argument for dialect in operator.golden_dialects for argument in ("--dialect", dialect)]
        if operator.name != UNNAMED:
            wanted += ["--op", operator.name]
        command = [sys.executable, "-c", _COMMAND, "conform", implementation, *wanted]
        try:
            status = subprocess.run(command, timeout=seconds, check=False, stdout=subprocess.DEVNULL).returncode
        except subprocess.TimeoutExpired:
            status = None
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return summarise(operator, lines, status)


def summarise(operator: Operator, lines: list[str], status: int | None) -> dict[str, Any]:
    """Verdicts, and the first few results that do not conform, from the lines of a result file."""
    results = []
    for line in lines:
        try:
            record = json.loads(line)
        except json.JSONDecodeError:  # the last line of a run that was cut off
            break
        if record["type"] == "result" and operator_of(record) == operator.name:
            results.append(record)
    bad = [r for r in results if r["verdict"] not in ("conforms", "unsupported", "known", "contested")]
    return {
        "complete": status is not None,
        "status": status,
        "dialects": list(operator.golden_dialects),
        "verdicts": dict(Counter(r["verdict"] for r in results)),
        "first_failures": [{key: r[key] for key in ("case", "dialect", "dtype", "layout", "reason")} for r in bad[:10]],
    }
