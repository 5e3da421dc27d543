"""What is contested about RoIAlign: libraries read ``mode="max"`` differently and have not agreed (RA-9)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from ....kernels.dialects.choices import Max
from ....kernels.dialects.roi_align import DIALECTS, Dialect
from ...operator import Question

_READINGS = {
    Max.SAMPLE: "the maximum of interpolated samples, outside ones counting as 0",
    Max.SAMPLE_INSIDE: "the maximum of interpolated samples that are inside",
    Max.CORNER: "the maximum of weighted corners",
}


def describe(name: str) -> str:
    """What a maximum is under a dialect, in words."""
    dialect = DIALECTS[name]
    start = "" if dialect.max_start is None else f", starting at {dialect.max_start:g}"
    return _READINGS[dialect.max] + start


@cache
def other_readings(dialect: str) -> tuple[str, ...]:
    """A name of each dialect that differs from this one in the meaning of a maximum only."""

    def without_max(choices: Dialect) -> Dialect:
        return replace(choices.for_mode("max"), max=Max.SAMPLE, max_start=None)

    mine = DIALECTS[dialect].for_mode("max")
    found: dict[Dialect, str] = {}
    for name, other in DIALECTS.items():
        if without_max(other) == without_max(mine) and other.for_mode("max") != mine:
            found.setdefault(other.for_mode("max"), name)
    return tuple(found.values())


MAXIMUM = Question(
    rule="RA-9",
    links=(
        "https://github.com/onnx/onnx/issues/3428",
        "https://github.com/onnx/onnx/issues/4764",
        "https://github.com/microsoft/onnxruntime/pull/27554",
    ),
    concerns=lambda mode: mode == "max",
    describe=describe,
    others=other_readings,
)
"""What a maximum is the maximum of."""
