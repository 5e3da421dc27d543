"""Rules whose meaning is contested, and what that does to a verdict.

Libraries read ``mode="max"`` differently and have not agreed (RA-9). Each is judged by the reading that its dialect declares. If
it does not follow that one, but another that is in use, nobody can call it wrong: its verdict is *contested*, which fails no run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from ...kernels.dialects.choices import Max
from ...kernels.dialects.roi_align import DIALECTS, Dialect
from .judge import judge_output
from .verdict import Judgement, Verdict

if TYPE_CHECKING:
    import numpy as np

    from ..cases.case import Case


@dataclass(frozen=True, slots=True)
class Question:
    """A contested rule: where it is disputed, and its readings, by the choice that a dialect makes."""

    rule: str
    links: tuple[str, ...]
    readings: dict[Max, str]


MAX = Question(
    "RA-9",
    (
        "https://github.com/onnx/onnx/issues/3428",
        "https://github.com/onnx/onnx/issues/4764",
        "https://github.com/microsoft/onnxruntime/pull/27554",
    ),
    {
        Max.SAMPLE: "the maximum of interpolated samples, outside ones counting as 0",
        Max.SAMPLE_INSIDE: "the maximum of interpolated samples that are inside",
        Max.CORNER: "the maximum of weighted corners",
    },
)
"""What a maximum is the maximum of."""


def is_contested(case: Case) -> bool:
    """Returns whether what a case expects depends on a contested rule."""
    return case.mode == "max" and case.kind == "value"


def describe(dialect: Dialect) -> str:
    """Returns what a maximum is under a dialect, in words."""
    start = "" if dialect.max_start is None else f", starting at {dialect.max_start:g}"
    return MAX.readings[dialect.max] + start


def judge_reading(case: Case, dialect: str, output: np.ndarray, dtype: str, layout: str) -> Judgement:
    """Judges an output by what its dialect says, and, if that is contested and not followed, by the other readings."""
    expectation = case.expectation(dialect, dtype)
    assert expectation is not None
    judgement = judge_output(case, expectation, output, dtype, layout)
    if judgement.verdict != Verdict.DEVIATES or not is_contested(case):
        return judgement
    for other in other_readings(dialect):
        allowed = case.expectation(other, dtype)
        if allowed and judge_output(case, allowed, output, dtype, layout).verdict == Verdict.CONFORMS:
            reason = (
                f"follows {other} ({describe(DIALECTS[other])}), not {dialect} ({describe(DIALECTS[dialect])}); "
                f"contested: {' '.join(MAX.links)}"
            )
            return replace(judgement, verdict=Verdict.CONTESTED, reason=reason)
    return judgement


@cache
def other_readings(dialect: str) -> tuple[str, ...]:
    """Returns a name of each dialect that differs from this one in the meaning of max only."""

    def without_max(choices: Dialect) -> Dialect:
        return replace(choices.for_mode("max"), max=Max.SAMPLE, max_start=None)

    mine = DIALECTS[dialect].for_mode("max")
    found: dict[Dialect, str] = {}
    for name, other in DIALECTS.items():
        if without_max(other) == without_max(mine) and other.for_mode("max") != mine:
            found.setdefault(other.for_mode("max"), name)
    return tuple(found.values())
