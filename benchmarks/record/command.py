"""Measures this machine and writes one JSON file: ``python -m benchmarks.record``, from the root of a checkout.

Every result that is timed is checked, before and after; ours and every peer that is installed are timed in turns, ours twice
(the A/A control). What is timed is pooling and its gradients, level by level and all levels at once. On a GPU the conformance
cases, the sanitizers, the profiler's counters and the machine's own rates are part of it, each as far as the tools and the
time are there. The file is written after every step.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..assembler import facts as assembler
from ..measuring import gpu, machine
from ..operators.roi_align.operations import Operation
from ..operators.roi_align.workloads import CPU_ROWS
from . import goldens, rows, table
from .document import Document, NothingMeasuredError, Skipped

RECORDED = machine.ROOT / "reports" / "recorded"
_CUT = 132  # columns of what is not printed to a terminal

app = typer.Typer(add_completion=False)


class Place(StrEnum):
    """Where to measure; ``auto`` means on the GPU if there is one, and on the CPU in what time is left."""

    AUTO = "auto"
    CPU = "cpu"
    GPU = "gpu"


def default_path(*, on_gpu: bool) -> Path:
    """Returns the file of a record: the kind of machine, and the day."""
    facts = machine.describe()
    kind = facts["gpus"][0]["name"] if on_gpu and facts["gpus"] else f"{facts['cpu']} {facts['cores']} cores"
    words = "".join(letter if letter.isalnum() else " " for letter in kind.lower()).split()
    return RECORDED / f"{'-'.join(words)}-{datetime.now(UTC):%Y-%m-%d}.json"


def measure_goldens(document: Document, implementation: str) -> None:
    """Adds the conformance of an implementation, if it is not there yet."""
    if document.content.get("conformance", {}).get(implementation, {}).get("complete"):
        return
    result = goldens.judge(implementation, min(150, document.seconds_left), machine.cores())
    document.content.setdefault("conformance", {})[implementation] = result
    if not result["verdicts"]:
        raise RuntimeError(f"no golden case was run; exit status {result['status']}")
    if result["status"] is None:
        raise RuntimeError("the golden cases were cut off")


def measure_cpu(document: Document, names: list[str], operation: Operation, threads: int, seconds: float) -> None:
    """Adds the rows of the CPU that are not there yet, one step each."""
    for name in names:
        if not document.has_row(name, operation, "cpu", threads):
            step = partial(_cpu_row, document, name, operation, threads, seconds)
            document.stage(f"cpu {name} {operation}, {threads} threads", step)


def _cpu_row(document: Document, name: str, operation: Operation, threads: int, seconds: float) -> None:
    document.add_row(rows.measure_on_cpu(CPU_ROWS[name], threads, seconds, machine.cores(), operation))


def measure_compiled(document: Document) -> None:
    """Adds what the assembler says of each specialisation."""
    if "compiled" in document.content:
        return
    if find_spec("cuda") is None or find_spec("cuda.core") is None:
        raise Skipped("cuda-core is not installed")
    document.content["compiled"] = assembler.facts(deadline=document.deadline)


@app.command()
def record(
    output: Annotated[
        Path | None, typer.Option(help="The file; by default reports/recorded/MACHINE-DATE.json.")
    ] = None,
    minutes: Annotated[float, typer.Option(min=0.1, help="No step begins after so long.")] = 8.0,
    row: Annotated[
        list[str] | None, typer.Option(help=f"Only this row: {', '.join(CPU_ROWS)}. May be repeated.")
    ] = None,
    operation: Annotated[
        list[Operation] | None, typer.Option(help="Only this operation; by default all. May be repeated.")
    ] = None,
    place: Annotated[Place, typer.Option(help="Where to measure.")] = Place.AUTO,
    thread: Annotated[list[int] | None, typer.Option(help="Threads on a CPU; by default 1, then all cores.")] = None,
    seconds: Annotated[float, typer.Option(min=0, help="Seconds of timing for each row on a CPU.")] = 8.0,
    gpu_seconds: Annotated[
        float, typer.Option(min=0, help="Seconds of timing for each row on a GPU, hot and cold each.")
    ] = 1.0,
    resume: Annotated[
        bool, typer.Option(help="Add to the file what it lacks or was disturbed, if it is of this commit.")
    ] = False,
    commit: Annotated[str | None, typer.Option(help="The commit, where there is no git to ask.")] = None,
) -> None:
    """Measure this machine and write one JSON file."""
    names = row or list(CPU_ROWS)
    operations = operation or list(Operation)
    if unknown := set(names) - set(CPU_ROWS):
        raise typer.BadParameter(f"no row {', '.join(sorted(unknown))}; there are {', '.join(CPU_ROWS)}")
    on_gpu = place != Place.CPU and gpu.present()
    if place == Place.GPU and not on_gpu:
        raise typer.BadParameter("CuPy finds no GPU here")
    if find_spec("platformdirs") is None:  # the kernels would ask it where to keep what they compile
        os.environ.setdefault("ROIKIT_CACHE_DIR", str(Path(tempfile.gettempdir()) / "roikit-record"))
    facts = {
        "source": machine.source(commit),
        "command": sys.argv[1:],
        "machine": machine.describe(),
        "versions": machine.versions(),
    }
    document = Document.begin(output or default_path(on_gpu=on_gpu), minutes, facts, resume=resume)
    document.save()
    if on_gpu:
        from . import gpu_record

        gpu_record.measure(document, names, operations, gpu_seconds)
    if place != Place.GPU:
        if not on_gpu:
            document.stage("golden cases", partial(measure_goldens, document, "roikit"))
        for which, threads in itertools.product(operations, thread or sorted({1, machine.cores()})):
            measure_cpu(document, names, which, threads, seconds)
    document.stage("static facts", partial(measure_compiled, document))
    console = Console(width=None if sys.stdout.isatty() else _CUT)
    console.print(f"written: {document.path}", markup=False, soft_wrap=True)
    table.print_tables(document.content, console)
    try:
        document.finish()
    except NothingMeasuredError as error:
        typer.echo(f"record: {error}", err=True)
        raise typer.Exit(1) from None


