"""``python -m benchmarks.evidence``."""

from .command import app

if __name__ == "__main__":  # asv imports every module to look for benchmarks
    app()
