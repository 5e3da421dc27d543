"""The command ``roikit fuzz``."""

from __future__ import annotations

import importlib.util
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from ..exits import fail, interruptible, refusing
from .options import (
    WAYS,
    Arrays,
    ArraysOption,
    DialectsOption,
    DrawnSize,
    DtypesOption,
    LayoutsOption,
    OnceOption,
    OperatorOption,
    TimeoutOption,
)


def fuzz(
    implementation: Annotated[
        str,
        typer.Argument(metavar="IMPLEMENTATION", help="A registered one, MODULE:FUNCTION, or a worker, NAME=COMMAND."),
    ],
    *,
    op: OperatorOption = "roi_align",
    minutes: Annotated[float, typer.Option(min=0, metavar="M", help="For how long to begin new batches.")] = 1.0,
    batches: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How many batches of 100 calls, instead of --minutes.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="The same seed makes the same calls.")] = 0,
    dialect: DialectsOption = None,
    dtype: DtypesOption = None,
    layout: LayoutsOption = None,
    mode: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this mode, such as avg or max.")] = None,
    operation: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Only forward, feature_gradient, box_gradient, weight_gradient or offset_gradient. May be repeated.",
        ),
    ] = None,
    boxes: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CLASS",
            help="Only ordinary, inverted, tiny, huge, outside or free ones, or what the operator has. May be repeated.",
        ),
    ] = None,
    size: Annotated[
        DrawnSize,
        typer.Option(
            help="How large calls may be. small: toys. real: some of up to 4097 RoIs, 2050 channels or 300 images."
        ),
    ] = DrawnSize.REAL,
    arranged: Annotated[
        list[str] | None,
        typer.Option(metavar="WAY", help=f"Only arrays that lie in memory so: {', '.join(WAYS)}. May be repeated."),
    ] = None,
    calls: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help="Only calls that follow each other so: single, history (others with an argument changed, and the first again), "
            "threads (at once), fork (around one). May be repeated.",
        ),
    ] = None,
    kinks: Annotated[
        bool,
        typer.Option(
            "--kinks", metavar="", help="Judge gradients for boxes where there is no derivative, too, by convention."
        ),
    ] = False,
    arrays: ArraysOption = Arrays.AUTO,
    python: Annotated[str | None, typer.Option(metavar="PATH", help="Run it under another Python.")] = None,
    invalid: Annotated[
        bool,
        typer.Option("--invalid", metavar="", help="Boxes, too, that are not finite or on images that are not there."),
    ] = False,
    once: OnceOption = False,
    timeout: TimeoutOption = 30.0,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, metavar="N", help="Processes that draw, call and judge.")
    ] = 1,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Hand batches to this dask.distributed scheduler. Needs `roikit[scale]`."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Write there what each batch came to, and what was found."),
    ] = None,
) -> None:
    """Call an implementation with arguments drawn by chance, until it gets one wrong. Needs `roikit[fuzz]`.

    Calls that are exact are judged bit for bit, others by derived bounds. What goes wrong is shrunk to a small case, written to a
    file for `roikit conform --cases`, and, for a known library, to a script that needs that library and NumPy alone.

    Exit status: **0** nothing goes wrong; **1** something does, or the implementation could not be loaded; **2** the command was
    wrong; **3** nothing was run.
    """
    from ..errors import UsageError

    for package, extra in (("hypothesis", "fuzz"), ("distributed", "scale")):
        if (package == "hypothesis" or scheduler) and importlib.util.find_spec(package) is None:
            fail(f"{package} is not installed: pip install 'roikit[{extra}]'")
    from ..fuzzing import run as fuzz_run

    request = fuzz_run.Request(
        implementation=implementation,
        operator=op,
        minutes=minutes,
        batches=batches,
        seed=seed,
        arrays=arrays.value,
        dialects=dialect or [],
        dtypes=dtype or [],
        layouts=layout or [],
        modes=mode or [],
        operations=operation or [],
        boxes=boxes or [],
        size=size.value,
        arranged=arranged or [],
        calls=calls or [],
        kinks=kinks,
        python=python,
        invalid=invalid,
        once=once,
        timeout=timeout,
        jobs=jobs,
        scheduler=scheduler,
        output=output,
    )
    with interruptible(), refusing(UsageError, OSError):
        status = fuzz_run.fuzz_command(request)
    raise typer.Exit(status)
