"""Compares what an implementation returned with what a case expects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .case import Case, Expectation

    Objects = NDArray[Any]


class Verdict(StrEnum):
    """What became of one case under one implementation, dialect, data type and layout."""

    CONFORMS = "conforms"
    DEVIATES = "deviates"
    KNOWN = "known"
    """Deviates, and the list of known deviations says so."""
    UNEXPECTED_PASS = "unexpected-pass"
    """Conforms, although the list of known deviations says that it does not."""
    UNSUPPORTED = "unsupported"
    REJECTED = "rejected"
    """Raised an error where a value was due."""
    CRASHED = "crashed"
    TIMED_OUT = "timed-out"
    NONDETERMINISTIC = "nondeterministic"
    WROTE_OUTSIDE = "wrote-outside"

    @property
    def is_failure(self) -> bool:
        """Whether it makes a run fail."""
        return self not in (Verdict.CONFORMS, Verdict.KNOWN, Verdict.UNSUPPORTED)


FAILURES = tuple(verdict for verdict in Verdict if verdict.is_failure)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and its reason.

    Attributes:
        verdict: The verdict.
        reason: One sentence; empty if it conforms.
        difference: First differing element: ``index`` (k, c, p, q), ``expected``, ``got``; None if there is none.
        error_over_bound: Greatest error as a fraction of its bound; None without bounds.
    """

    verdict: Verdict
    reason: str = ""
    difference: dict[str, Any] | None = None
    error_over_bound: float | None = None


def _matches_special(expected: str, got: float) -> bool:
    match expected:
        case "nan":
            return math.isnan(got)
        case "nonfinite":
            return not math.isfinite(got)
        case _:
            return got == float(expected)


def _number(value: float) -> float | str:
    """Returns ``value`` for a JSON file, which has no NaN and no infinity."""
    return value if math.isfinite(value) else str(value)


def _nested(values: Any, shape: tuple[int, ...]) -> Objects:
    array: Objects = np.empty(shape, dtype=object)
    for index in product(*map(range, shape)):
        item = values
        for i in index:
            item = item[i]
        array[index] = item
    return array


def judge_output(case: Case, expectation: Expectation, output: np.ndarray, dtype: str, layout: str) -> Judgement:
    """Judges an output array of the worker."""
    shape = _shape(case)
    got = output.transpose(0, 3, 1, 2) if layout == "NHWC" and output.ndim == 4 else output
    if got.shape != shape:
        return Judgement(Verdict.DEVIATES, f"the output has shape {output.shape}, not {shape} in {layout} order")
    if got.dtype.name != dtype or not got.dtype.isnative:
        return Judgement(Verdict.DEVIATES, f"the output has data type {got.dtype}, not {dtype}")
    expected = _nested(expectation.output, shape)
    bounds = None if expectation.bound is None else _nested(expectation.bound, shape)
    return _compare(expected, bounds, got.astype(np.float64), case.invalid_rois)


def _shape(case: Case) -> tuple[int, ...]:
    arguments = case.arguments
    return (len(arguments["boxes"]), arguments["input"]["shape"][1], *arguments["output_size"])


def _compare(expected: Objects, bounds: Objects | None, got: np.ndarray, invalid_rois: tuple[int, ...]) -> Judgement:
    wrong: list[tuple[int, ...]] = []
    worst = None if bounds is None else 0.0
    for index in np.ndindex(expected.shape):
        want: Any = expected[index]
        value = float(got[index])
        if index[0] in invalid_rois:
            fits = math.isnan(value)
        elif isinstance(want, str):
            fits = _matches_special(want, value)
        elif bounds is None:
            fits = bool(value == want)
        elif bounds[index] is None:
            continue
        else:
            error = abs(value - want)
            ratio = error / bounds[index] if bounds[index] else (0.0 if error == 0 else math.inf)
            worst = max(worst or 0.0, ratio if not math.isnan(ratio) else math.inf)
            fits = bool(error <= bounds[index])
        if not fits:
            wrong.append(index)
    if not wrong:
        return Judgement(Verdict.CONFORMS, error_over_bound=worst)
    first = wrong[0]
    want = "nan" if first[0] in invalid_rois else expected[first]
    difference = {"index": list(first), "expected": want, "got": _number(float(got[first]))}
    reason = (
        f"{len(wrong)} of {expected.size} values differ; first [{', '.join(map(str, first))}]: "
        f"expected {want}, got {difference['got']}"
    )
    if first[0] in invalid_rois:
        reason += " (an invalid RoI must be refused or give NaN)"
    return Judgement(Verdict.DEVIATES, reason, difference, worst if worst is None or math.isfinite(worst) else None)


def judge_error(case: Case, error: str) -> Judgement:
    """Judges a case that ended in an exception of the implementation."""
    if case.kind == "invalid":
        return Judgement(Verdict.CONFORMS, f"refused: {error}")
    return Judgement(Verdict.REJECTED, error)
