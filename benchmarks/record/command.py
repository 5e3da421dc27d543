"""Measures this machine and writes one JSON file: ``python -m benchmarks.record``, from the root of a checkout.

Every result that is timed is checked, before and after; ours and every peer that is installed are timed in turns, ours twice
(the A/A control). What is timed is every operator and its gradients. On a GPU the conformance
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
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roikit.conformance.terminal import Console

from ..assembler import facts as assembler
from ..measuring import gpu, host_rates, machine
from ..operators import OPERATORS, UNNAMED, operator_called
from . import rows, table
from .document import Document, NothingMeasuredError, Skipped, operator_of
from .work import Work, measure_goldens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..operator import Operator

RECORDED = machine.ROOT / "reports" / "recorded"
_GOLDEN_SECONDS = 150.0
_CUT = 132  # columns of what is not printed to a terminal

app = typer.Typer(add_completion=False)


class Place(StrEnum):
    """Where to measure; ``auto`` means on the GPU if there is one, and on the CPU in what time is left."""

    AUTO = "auto"
    CPU = "cpu"
    GPU = "gpu"


def default_path(*, on_gpu: bool) -> Path:
    """The file of a record: the kind of machine, and the day."""
    facts = machine.describe()
    kind = facts["gpus"][0]["name"] if on_gpu and facts["gpus"] else f"{facts['cpu']} {facts['cores']} cores"
    words = "".join(letter if letter.isalnum() else " " for letter in kind.lower()).split()
    return RECORDED / f"{'-'.join(words)}-{datetime.now(UTC):%Y-%m-%d}.json"


def chosen_work(operators: Sequence[str], operations: Sequence[str], rows: Sequence[str]) -> list[Work]:
    """What was asked for; where nothing was asked for, everything.

    Raises:
        BadParameter: there is no such operator, or none of them has such an operation or row.
    """
    if unknown := sorted(set(operators) - set(OPERATORS)):
        raise typer.BadParameter(f"no operator {', '.join(unknown)}; there are {', '.join(OPERATORS)}")
    found = [operator_called(name) for name in operators or OPERATORS]
    for kind, asked, offered in (
        ("operation", operations, [operation.value for one in found for operation in one.operations]),
        ("row", rows, [name for one in found for name in one.cpu_rows]),
    ):
        if unknown := sorted(set(asked) - set(offered)):
            there = ", ".join(dict.fromkeys(offered))
            raise typer.BadParameter(f"no {kind} {', '.join(unknown)}; there are {there}")
    return [
        Work(
            one,
            [operation for operation in one.operations if not operations or operation in operations],
            [name for name in one.cpu_rows if not rows or name in rows],
        )
        for one in found
    ]


def measure_rates(document: Document, threads: Sequence[int]) -> None:
    """Adds what the CPU can do at most on so many threads, unless it is there."""
    for count in threads:
        if host_rates.rates(document.content.get("probes", []), count) is None:
            document.stage(f"rates of the CPU, {count} threads", partial(_rates, document, count))


def _rates(document: Document, threads: int) -> None:
    if find_spec("threadpoolctl") is None:
        raise Skipped("threadpoolctl is not installed")
    document.content.setdefault("probes", []).extend(host_rates.measure(threads))


def measure_cpu(document: Document, work: Work, threads: Sequence[int], seconds: float) -> None:
    """Adds the rows of the CPU that are not there yet, one step each."""
    for operation, count, name in itertools.product(work.operations, threads, work.rows):
        if not document.has_row(work.operator.name, operation, name, "cpu", count):
            step = partial(_cpu_row, document, work.operator, operation, name, count, seconds)
            document.stage(f"cpu {work.label}{name} {operation}, {count} threads", step)


def _cpu_row(document: Document, operator: Operator, operation: Any, name: str, threads: int, seconds: float) -> None:
    row, rates = operator.cpu_rows[name], host_rates.rates(document.content.get("probes", []), threads)
    document.add_row(rows.measure_on_cpu(operator, operation, row, threads, seconds, machine.cores(), rates))


def measure_compiled(document: Document, operator: Operator) -> None:
    """Adds what the assembler says of each specialisation of an operator."""
    if operator.assembled is None or any(operator_of(item) == operator.name for item in _compiled(document)):
        return
    if find_spec("cuda") is None or find_spec("cuda.core") is None:
        raise Skipped("cuda-core is not installed")
    named = {} if operator.name == UNNAMED else {"operator": operator.name}
    found = [named | item for item in assembler.facts(operator.assembled, deadline=document.deadline)]
    document.content["compiled"] = [*_compiled(document), *found]


def _compiled(document: Document) -> list[dict[str, Any]]:
    return list(document.content.get("compiled", []))


@app.command()
def record(
    output: Annotated[
        Path | None, typer.Option(help="The file; by default reports/recorded/MACHINE-DATE.json.")
    ] = None,
    minutes: Annotated[float, typer.Option(min=0.1, help="No step begins after so long.")] = 8.0,
    op: Annotated[
        list[str] | None, typer.Option(help=f"Only this operator: {', '.join(OPERATORS)}. May be repeated.")
    ] = None,
    row: Annotated[
        list[str] | None, typer.Option(help="Only this row, a1 for example; by default all. May be repeated.")
    ] = None,
    operation: Annotated[
        list[str] | None, typer.Option(help="Only this operation, forward for example. May be repeated.")
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
    all_work = chosen_work(op or (), operation or (), row or ())
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

        gpu_record.measure(document, all_work, gpu_seconds)
    threads = thread or sorted({1, machine.cores()})
    if place != Place.GPU:
        measure_rates(document, threads)
    for work in all_work if place != Place.GPU else ():
        if not on_gpu:
            step = partial(measure_goldens, document, work.operator, "roikit", _GOLDEN_SECONDS, machine.cores())
            document.stage(f"{work.label}golden cases", step)
        measure_cpu(document, work, threads, seconds)
    for work in all_work:
        document.stage(f"{work.label}static facts", partial(measure_compiled, document, work.operator))
    console = Console(width=None if sys.stdout.isatty() else _CUT)
    console.print(f"written: {document.path}", markup=False, soft_wrap=True)
    table.print_tables(document.content, console)
    try:
        document.finish()
    except NothingMeasuredError as error:
        typer.echo(f"record: {error}", err=True)
        raise typer.Exit(1) from None
