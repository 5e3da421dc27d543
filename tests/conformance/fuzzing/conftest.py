import os
from pathlib import Path

import pytest

from roikit.conformance.fuzzing import sessions

_PLAYERS = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _players_can_be_imported(monkeypatch):
    """Workers find the players of the tests; none outlives a test."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(_PLAYERS), os.environ.get("PYTHONPATH")])))
    yield
    sessions.close_sessions()
