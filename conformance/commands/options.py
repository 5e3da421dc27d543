"""Options that several commands have, each said once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Arrays(StrEnum):
    """What kind of arrays a plain function takes."""

    AUTO = "auto"
    NUMPY = "numpy"
    TORCH = "torch"
    CUPY = "cupy"


class Size(StrEnum):
    """How large the calls of cases are, each size with those before it."""

    SMALL = "small"
    REAL = "real"
    HUGE = "huge"


class DrawnSize(StrEnum):
    """How large calls of chance are."""

    SMALL = "small"
    REAL = "real"


ArraysOption = Annotated[
    Arrays, typer.Option(help="The arrays that functions take; auto: those of the library that they import.")
]
OperatorsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--op",
        metavar="NAME",
        help="Only this operator: see `roikit list operators`. A function computes RoIAlign unless this says otherwise. "
        "May be repeated.",
    ),
]
SelectOption = Annotated[
    list[str] | None,
    typer.Option(
        "--select", "-k", metavar="PATTERN", help="Only cases whose id, group or rule matches. May be repeated."
    ),
]
OperatorOption = Annotated[
    str, typer.Option("--op", metavar="NAME", help="The operator to call: see `roikit list operators`.")
]
WAYS = (
    "contiguous", "fortran", "swapped", "sliced", "stepped", "reversed", "shifted", "read-only", "expanded", "misaligned",
    "foreign",
)  # fmt: skip
"""How arrays may lie in memory: `arranging.WAYS`, which needs NumPy, and as they come."""

DialectsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--dialect",
        metavar="NAME",
        help="Judge by this dialect only; a function, by this one instead of torchvision's. May be repeated.",
    ),
]
DtypesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--dtype",
        metavar="NAME",
        help="Only this data type. May be repeated. Functions are run in float32 unless this says otherwise.",
    ),
]
LayoutsOption = Annotated[list[str] | None, typer.Option("--layout", metavar="NAME", help="Only NCHW or NHWC.")]
SizeOption = Annotated[
    Size,
    typer.Option(
        help="How large calls may be. small: toys, which show every rule. real: besides, those of use: hundreds of RoIs and "
        "channels, long maps, 64 x 64 bins. huge: besides, those that take gigabytes, or minutes."
    ),
]
FullOption = Annotated[
    bool,
    typer.Option(
        "--full",
        metavar="",
        help="All cases, dialects and data types, not the quick tier alone. So do --select, --cases and --size huge.",
    ),
]
OnceOption = Annotated[
    bool,
    typer.Option(
        "--once", metavar="", help="In one process only: half the time, but memory that is read unwritten may pass."
    ),
]
TimeoutOption = Annotated[float, typer.Option(min=0.1, max=86400, metavar="SECONDS", help="Limit of a single call.")]
OutputFile = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write all results there as they come, as NDJSON."),
]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", metavar="", help="Say more of each.")]
