from pathlib import Path

import pytest
from typer.testing import CliRunner

from roikit.conformance.commands.cli import app
from roikit.reports.files import read_all

RECORDED = Path(__file__).parents[2] / "reports" / "recorded"


@pytest.fixture(scope="session")
def report():
    """Runs `roikit report`: its exit status and what it printed. A traceback is an error here."""

    def run(*arguments):
        done = CliRunner().invoke(app, ["report", *map(str, arguments)])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return run


@pytest.fixture(scope="session")
def a_record():
    """A record of benchmarks."""
    return RECORDED / "amd-epyc-2-cores-2026-11-25.json"


@pytest.fixture(scope="session")
def everything():
    """All recorded files, read once."""
    return read_all([RECORDED])
