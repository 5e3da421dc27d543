"""The command ``roikit explain``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from ..exits import refusing, writable
from .options import OperatorOption  # noqa: TC001 - typer reads the annotations


class Mode(StrEnum):
    """What `roikit explain` makes of the samples of a bin."""

    AVG = "avg"
    MAX = "max"
    BILINEAR = "bilinear"
    NEAREST = "nearest"


def explain(
    *,
    op: OperatorOption = "roi_align",
    roi: Annotated[
        str,
        typer.Option(
            metavar="X1,Y1,X2,Y2",
            help="The RoI, in image pixels, or what else a row of the operator's boxes has: CX,CY,W,H,ANGLE of a turned one, "
            "where pi/6 will do; Y1,X1,Y2,X2 in parts of the image; X1,Y1,Z1,X2,Y2,Z2.",
        ),
    ],
    output_size: Annotated[str, typer.Option(metavar="N|P_H,P_W", help="Bins.")] = "2",
    map_: Annotated[
        str,
        typer.Option(
            "--map",
            metavar="ramp|FILE.npy",
            help="The feature map: 10 y + x, and of a volume or of orientations 100 z more; or (H, W), (C, H, W), (N, C, H, W), "
            "of a volume (D, H, W) and so on.",
        ),
    ] = "ramp",
    map_size: Annotated[
        str | None, typer.Option(metavar="HxW|DxHxW", help="Pixels of the ramp; 6 along each axis unless given.")
    ] = None,
    channel: Annotated[
        int, typer.Option(min=0, metavar="C", help="The channel of the file, of its first image; or the orientation.")
    ] = 0,
    spatial_scale: Annotated[
        str, typer.Option(metavar="S|Y,X|Z,Y,X", help="From image to feature pixels; 1/16 will do.")
    ] = "1",
    sampling_ratio: Annotated[
        str,
        typer.Option(metavar="N|Y,X|Z,Y,X", help="Samples per bin along each axis; 0: as the size of the bin asks."),
    ] = "0",
    mode: Annotated[
        Mode | None, typer.Option(help="What becomes of the samples of a bin; unless given, the operator's first mode.")
    ] = None,
    dialect: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="See `roikit list dialects`. Unless given, that by which functions are judged."
        ),
    ] = None,
    against: Annotated[str | None, typer.Option(metavar="NAME", help="A second dialect, to compare.")] = None,
    bin_: Annotated[
        str | None, typer.Option("--bin", metavar="P,Q", help="The bin to look into: the first, unless given.")
    ] = None,
    offset: Annotated[
        str | None,
        typer.Option(
            metavar="DX,DY;DX,DY…|none",
            help="By what part of gamma times its size each bin is moved, row by row, again and again; there is an example "
            "unless they are given.",
        ),
    ] = None,
    parts: Annotated[
        str | None, typer.Option(metavar="N|T_H,T_W", help="Into how many parts with an offset each a RoI is divided.")
    ] = None,
    gamma: Annotated[
        str | None, typer.Option(metavar="G", help="What offsets are multiplied with; 0.1 unless given.")
    ] = None,
    pool_size: Annotated[
        str | None,
        typer.Option(metavar="N", help="Into how many parts points divide the side of a box; 4 unless given."),
    ] = None,
    orientations: Annotated[
        str | None,
        typer.Option(metavar="N", help="How many channels are one feature, seen so many ways; 8 unless given."),
    ] = None,
    extrapolation_value: Annotated[
        str | None, typer.Option(metavar="V", help="What is outside of an image that is cropped; 0 unless given.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE.png|FILE.svg", help="Draw it there. Needs matplotlib.")
    ] = None,
    run: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Show what this implementation returns. May be repeated.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.json", help="Write it there, for `roikit report site`."),
    ] = None,
) -> None:
    """Show one RoI step by step, with the rule of each step, and what RoIPool would do.

    Numbers are exact: 1/3 is welcome wherever a number is. Exit status 2: the command was wrong.
    """
    from ..errors import UsageError
    from ..explaining import show as explanation
    from ..explaining.request import Request

    for path in (picture, output):
        writable(path)
    optional = {
        "bin": bin_, "dialect": dialect, "mode": mode and mode.value, "offset": offset, "parts": parts, "gamma": gamma,
        "pool_size": pool_size, "num_orientations": orientations, "extrapolation_value": extrapolation_value,
    }  # fmt: skip
    request = Request(
        roi=roi,
        output_size=output_size,
        map=map_,
        map_size=map_size,
        channel=channel,
        spatial_scale=spatial_scale,
        sampling_ratio=sampling_ratio,
        against=against,
        operator=op,
        picture=picture,
        run=run or [],
        output=output,
        **{name: value for name, value in optional.items() if value is not None},
    )
    with refusing(UsageError, OSError):
        explanation.explain(request)
