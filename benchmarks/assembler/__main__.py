"""``python -m benchmarks.assembler``: see `ledger`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ..measuring.machine import cores
from . import ledger
from .specialisations import Specialisation, everyone


def main() -> int:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.assembler", description=ledger.__doc__)
    parser.add_argument("--full", action="store_true", help="compile everything anew")
    if parser.parse_args().full:
        os.environ["ROIKIT_LEDGER"] = "full"
    for operator, kernels in everyone().items():
        _write(operator, {one.name: one for one in kernels})
    return 0


def _write(operator: str, by_name: dict[str, Specialisation]) -> None:
    rows = (known := ledger.recorded(operator)).rows(by_name.values())
    due = known.ledger.due(rows, ledger.code(), ledger.SHARE)
    started = time.monotonic()
    with ThreadPoolExecutor(cores()) as pool:  # the compiler runs outside Python
        values = pool.map(lambda row: ledger.compile_all(by_name[row.name]), due.rows)
        computed = {}
        for row, value in zip(due.rows, values, strict=True):
            computed[row.name] = value
            print(f"\r{operator}: {len(computed)} of {len(due.rows)} compiled", end="", file=sys.stderr)  # noqa: T201
    rows = [replace(row, value=computed.get(row.name, row.value)) for row in rows]
    ledger.path_of(operator).write_text(ledger.render(rows), encoding="utf-8")
    print(f"\n{operator}: {due}; {time.monotonic() - started:.0f} s")  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
