"""Compares what an implementation returned with what a case expects."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..arrays import leaves, outer
from ..call import MAP_GRADIENTS, from_layout
from ..operation import Operation
from ..verdict import ACCIDENTS, Judgement, Verdict

if TYPE_CHECKING:
    from ..cases.case import Case, Expectation
    from ..exact.numbers import Array
    from ..operator import Answer


class Wanted(NamedTuple):
    """An answer as flat arrays: numbers, which of them are no numbers but "nonfinite", and bounds (NaN: none holds)."""

    values: Array
    nonfinite: Array
    bounds: Array | None


def wanted(case: Case, answer: Answer) -> Wanted:
    """An answer to the call of a case."""
    stated, enlarged = _stated(answer, case.stated_shape), case.enlarged
    if enlarged is None:
        return stated

    def large(numbers: Array) -> Array:
        return enlarged.answer(numbers.reshape(case.stated_shape), case.answer_axes, case.operation).reshape(-1)

    nonfinite = large(stated.nonfinite.astype(np.float64)) != 0
    return Wanted(large(stated.values), nonfinite, None if stated.bounds is None else large(stated.bounds))


@lru_cache(maxsize=4096)
def _stated(answer: Answer, shape: tuple[int, ...]) -> Wanted:
    """An answer as it stands in a file."""
    if isinstance(answer.output, dict):
        values = outer(answer.output["outer"], shape).reshape(-1)
        nonfinite = np.zeros(values.shape, bool)
    else:
        numbers = list(leaves(answer.output))
        nonfinite = np.array([value == "nonfinite" for value in numbers], bool)
        values = np.array([math.nan if value == "nonfinite" else float(value) for value in numbers], np.float64)
    if answer.bound is None or isinstance(answer.bound, float):
        return Wanted(values, nonfinite, None if answer.bound is None else np.full(values.shape, answer.bound))
    bounds = [math.nan if bound is None else bound for bound in leaves(answer.bound)]
    return Wanted(values, nonfinite, np.array(bounds, np.float64))


def judge_output(case: Case, expectation: Expectation, output: np.ndarray, dtype: str, layout: str) -> Judgement:
    """Judges an output array of the worker: it must be one of the answers that the case allows."""
    if failure := judge_form(case, output, dtype, layout):
        return failure
    got = in_file_order(case, output, layout)
    values = got.astype(np.float64)
    # What an invalid RoI sends to the gradient of a map is nothing, which the answer says.
    invalid = () if case.operation in MAP_GRADIENTS else case.invalid_rois
    judgements = [_compare(wanted(case, answer), values, invalid) for answer in expectation.answers]
    return next((j for j in judgements if j.verdict == Verdict.CONFORMS), judgements[0])


def judge_form(case: Case, output: np.ndarray, dtype: str, layout: str) -> Judgement | None:
    """What is wrong with the shape or the data type of an output; None if nothing is."""
    if in_file_order(case, output, layout).shape != case.shape:
        where = f" in {layout} order" if "C" in case.answer_axes.split() else ""
        return Judgement(Verdict.DEVIATES, f"the output has shape {output.shape}, not {case.shape}{where}")
    # Boxes of 16-bit maps may be float32, and then so is their gradient.
    allowed = (dtype, "float32") if case.operation == Operation.BOX_GRADIENT else (dtype,)
    if output.dtype.name not in allowed or not (output.dtype.isnative or case.may_be_refused):
        return Judgement(Verdict.DEVIATES, f"the output has data type {output.dtype}, not {dtype}")
    return None


def in_file_order(case: Case, output: np.ndarray, layout: str) -> np.ndarray:
    """An output in the order of axes that case files have."""
    return from_layout(output, case.answer_axes, layout)


def _compare(wanted: Wanted, got: Array, invalid_rois: tuple[int, ...]) -> Judgement:
    values, flat = wanted.values, got.reshape(-1)
    same = (flat == values) | (np.isnan(values) & np.isnan(flat))
    same[wanted.nonfinite] = ~np.isfinite(flat[wanted.nonfinite])
    worst = None
    if wanted.bounds is not None:
        numbers = np.isfinite(values)
        with np.errstate(invalid="ignore", divide="ignore"):
            error = np.abs(flat - values)
            within = error <= wanted.bounds
            ratios = np.where(error == 0, 0.0, error / wanted.bounds)[numbers & ~np.isnan(wanted.bounds)]
        same = np.where(numbers, within | np.isnan(wanted.bounds), same)
        worst = float(np.nan_to_num(ratios, nan=math.inf).max(initial=0.0))
    for k in invalid_rois:
        of_roi = np.zeros(got.shape, bool)
        of_roi[k] = True
        same = np.where(of_roi.reshape(-1), np.isnan(flat), same)
    if same.all():
        return Judgement(Verdict.CONFORMS, error_over_bound=worst)
    return _difference(wanted, got, ~same, invalid_rois, worst)


def _difference(
    wanted: Wanted, got: Array, wrong: Array, invalid_rois: tuple[int, ...], worst: float | None
) -> Judgement:
    first = int(wrong.argmax())
    index = [int(i) for i in np.unravel_index(first, got.shape)]
    invalid = index[0] in invalid_rois
    want: float | str = "nan" if invalid else "nonfinite" if wanted.nonfinite[first] else _number(wanted.values[first])
    if isinstance(want, float) and want.is_integer():
        want = int(want)  # as it is in the case file
    difference = {"index": index, "expected": want, "got": _number(got.reshape(-1)[first])}
    reason = (
        f"{wrong.sum()} of {got.size} values differ; first [{', '.join(map(str, index))}]: "
        f"expected {want}, got {difference['got']}"
    )
    if invalid:
        reason += " (an invalid RoI must be refused or give NaN)"
    due = np.isfinite(wanted.values) & wrong
    for k in invalid_rois:
        due.reshape(got.shape)[k] = False
    not_finite = bool((due & ~np.isfinite(got.reshape(-1))).any())
    worst = worst if worst is None or math.isfinite(worst) else None
    return Judgement(Verdict.DEVIATES, reason, difference, worst, not_finite)


def _number(value: float) -> float | str:
    """``value`` for a JSON file, which has no NaN and no infinity."""
    return float(value) if math.isfinite(value) else str(float(value))


def judge_error(case: Case, error: str) -> Judgement:
    """Judges a case that ended in an exception of the implementation; ``error`` begins with the name of its class."""
    kind = error.partition(":")[0].rpartition(".")[2]
    if case.kind in ("invalid", "error") or case.may_be_refused:
        if kind in ACCIDENTS:
            return Judgement(Verdict.REJECTED, f"refused by accident: {error}")
        return Judgement.of_refusal(error)
    return Judgement(Verdict.REJECTED, error)
