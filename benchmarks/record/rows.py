"""Measures a row on a CPU, and puts what was measured into the form of a record."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..measuring import contestant, machine
from ..measuring.timing import Control, Summary, control, host_seconds, interleave, summarise
from ..operators.roi_align import floors
from ..operators.roi_align.cpu import box_gradient as box_contestants
from ..operators.roi_align.cpu import forward as contestants
from ..operators.roi_align.cpu import gradient as backward_contestants
from ..operators.roi_align.cpu import pooler as pooler_contestants
from ..operators.roi_align.cpu import pooler_gradient as pooler_backward_contestants
from ..operators.roi_align.operations import Operation
from ..operators.roi_align.reference.box_gradient import make_box_reference
from ..operators.roi_align.reference.gradient import make_gradient_reference
from ..operators.roi_align.reference.output import make_reference
from ..operators.roi_align.workloads import problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..measuring.judgement import Judgement
    from ..operators.roi_align.reference.output import Reference
    from ..operators.roi_align.workloads import Problem, Row

AGAIN = "roikit again"
"""The name under which our first contestant is timed a second time: the A/A control."""

SUSPICIOUS = 1 / 3
"""A ratio below this makes a reader look twice: the entry says so. (Every result is checked again after it was timed.)"""


WHO = {
    Operation.FORWARD: contestants,
    Operation.BACKWARD: backward_contestants,
    Operation.POOLER: pooler_contestants,
    Operation.POOLER_BACKWARD: pooler_backward_contestants,
    Operation.BOXES: box_contestants,
}
"""The modules that say who takes part on a CPU: ``roikit`` is ours, ``PEERS`` are the others."""


def reference_of(work: Problem, processes: int, operation: Operation) -> Reference:
    """Computes what an operation should give."""
    if operation == Operation.BOXES:
        return make_box_reference(work, processes, operation)
    make = make_gradient_reference if operation.gradient else make_reference
    return make(work, processes, operation)


def describe(work: Problem, reference: Reference, operation: Operation) -> dict[str, Any]:
    """Returns what a record says of a row itself."""
    row = work.row
    return {
        "row": row.name,
        "operation": operation.value,
        "title": row.title,
        "rois": row.rois,
        "rois_per_level": [len(level.boxes) for level in work.levels],
        "channels": row.channels,
        "bins": row.bins,
        "sampling_ratio": row.sampling_ratio,
        "outputs": row.outputs,
        "dialect": operation.dialect,
        "calls": operation.calls,
        "geometry": vars(floors.geometry(work, aligned=operation.aligned)),
        "checked_exactly": reference.checked_exactly,
    }


def entry(who: Any, judgements: Sequence[Judgement], outputs: int, **times: Summary) -> dict[str, Any]:
    """Returns what a record says of a contestant; ``times`` are named hot, cold …; the worst judgement counts."""
    worst = max(judgements, key=lambda judgement: (not judgement.correct, judgement.error_over_bound))
    return {
        "library": who.library,
        "layout": who.layout,
        "dtype": who.dtype,
        "verdict": "correct" if worst.correct else "wrong",
        "reason": worst.reason,
        "error_over_bound": _finite(worst.error_over_bound),
        "greatest_error": _finite(worst.greatest_error),
        "checked": worst.checked,
        "elements": worst.elements,
        "times": {name: summary.as_dict() for name, summary in times.items()},
        "ns_per_output": {name: summary.median / outputs * 1e9 for name, summary in times.items()},
    }


def _finite(number: float) -> float | None:
    """Returns the number, or None where JSON has none."""
    return number if abs(number) < float("inf") else None


def first_check(everybody: Sequence[Any], reference: Reference, absent: dict[str, str]) -> dict[str, Judgement]:
    """Returns the judgement of everybody's result; a peer that raises is put among the absent and has none."""
    found = {}
    for who in everybody:
        try:
            found[who.name] = reference.judge(who.checked_outputs(), who.dtype)
        except Exception as error:
            if who.library == "roikit":
                raise
            absent[who.name] = f"{type(error).__name__}: {error}"
    return found


def ratios(entries: Sequence[Mapping[str, Any]], aa: Control, kind: str) -> list[dict[str, Any]]:
    """Returns our time ÷ a peer's, for each of our entries and each peer that was timed likewise in the same run.

    A ratio counts for nothing where either result is wrong. ``difference`` says whether it is more than noise.
    """
    found = []
    for ours in entries:
        if ours["library"] != "roikit":
            continue
        for peer in entries:
            if peer["library"] == "roikit" or not (kind in ours["times"] and kind in peer["times"]):
                continue
            ratio = ours["times"][kind]["median"] / peer["times"][kind]["median"]
            found.append(
                {
                    "ours": f"{ours['layout']} {ours['dtype']}",
                    "peer": f"{peer['library']} {peer['layout']} {peer['dtype']}",
                    "kind": kind,
                    "ratio": ratio,
                    "difference": abs(ratio - 1) > aa.threshold,
                    "suspicious": ratio < SUSPICIOUS,
                    "valid": ours["verdict"] == peer["verdict"] == "correct",
                }
            )
    return found


def measure_on_cpu(
    row: Row, threads: int, seconds: float, processes: int, operation: Operation = Operation.FORWARD
) -> dict[str, Any]:
    """Returns the record of a row on ``threads`` threads; about ``seconds`` go into timing."""
    work, part = problem(row), WHO[operation]
    reference = reference_of(work, processes, operation)
    contestant.use_threads(threads)
    peers, absent = contestant.present_peers(part.PEERS, work, threads)
    everybody = [*contestant.our_variants(part.roikit, work), *peers]
    before = first_check(everybody, reference, absent)
    everybody = [one for one in everybody if one.name in before]
    functions = {one.name: partial(host_seconds, one) for one in everybody}
    functions[AGAIN] = partial(host_seconds, everybody[0])
    with machine.Bystanders() as others:
        times = {name: summarise(samples) for name, samples in interleave(functions, seconds).items()}
    aa = control(times[everybody[0].name], times[AGAIN])
    entries = [
        entry(
            one,
            (before[one.name], reference.judge(one.checked_outputs(), one.dtype)),
            row.outputs,
            hot=times[one.name],
        )
        for one in everybody
    ]
    return {
        **describe(work, reference, operation),
        "place": "cpu",
        "threads": threads,
        "others": others.share,
        "entries": entries,
        "absent": absent,
        "control": vars(aa),
        "ratios": ratios(entries, aa, "hot"),
    }
