"""A program to be run under a sanitizer or profiler: ``python -m benchmarks.exercise roi_pool``. Needs a GPU."""

from __future__ import annotations

from typing import Annotated

import typer

from .operators import OPERATORS, operator_called
from .workloads import problem

app = typer.Typer(add_completion=False)


@app.command()
def exercise(
    operator: Annotated[str, typer.Argument(help=f"One of {', '.join(OPERATORS)}.")],
    row: Annotated[str | None, typer.Option(help="All calls of this row once, instead of small calls.")] = None,
    library: Annotated[str, typer.Option(help="Whose kernels run a row: roikit's, or torchvision's.")] = "roikit",
    layout: Annotated[str, typer.Option(help="NCHW or NHWC.")] = "NHWC",
    dtype: Annotated[str, typer.Option(help="Data type of the maps.")] = "float32",
) -> None:
    """Make calls on the GPU.

    Small calls are made in every layout and data type, with odd numbers of channels, boxes over the edge, inverted and refused
    ones, and none at all; and those of the gradients.
    """
    if operator not in OPERATORS:
        raise typer.BadParameter(f"{operator} is none of {', '.join(OPERATORS)}", param_hint="OPERATOR")
    known = operator_called(operator)
    if library not in known.exercise.libraries:
        raise typer.BadParameter(f"{library} is none of {', '.join(known.exercise.libraries)}", param_hint="--library")
    if row is not None and row not in known.gpu_rows:
        raise typer.BadParameter(f"{row} is none of {', '.join(known.gpu_rows)}", param_hint="--row")
    import cupy

    cupy.cuda.set_allocator(None)  # each array by itself, so that what lies beside it is not ours
    if row is None:
        made = known.exercise.small_calls()
    else:
        made = known.exercise.row_calls(problem(known.gpu_rows[row]), library, layout, dtype)
    typer.echo(f"{made} launches exercised")


if __name__ == "__main__":
    app()
