"""``python -m benchmarks.record``."""

from .command import app

app()
