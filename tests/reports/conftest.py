import subprocess
import sys
from pathlib import Path

import pytest

RECORDED = Path(__file__).parents[2] / "reports" / "recorded"


@pytest.fixture
def report():
    """Runs `roikit report`."""

    def run(*arguments):
        command = [sys.executable, "-m", "roikit.conformance.commands.cli", "report", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="session")
def a_record():
    """A record of benchmarks."""
    return RECORDED / "amd-epyc-2-cores-2026-11-25.json"
