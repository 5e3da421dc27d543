"""Measures a row on a CPU, and puts what was measured into the form of a record."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..measuring import machine
from ..measuring.contestant import numpy_dtype, use_threads
from ..measuring.timing import Control, Summary, control, host_seconds, interleave, summarise
from ..operators import UNNAMED
from ..workloads import problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..measuring.host_rates import HostRates
    from ..measuring.judgement import Judgement, Reference
    from ..measuring.problem import Problem, Row
    from ..operator import Operator

AGAIN = "roikit again"
"""The name under which our first contestant is timed a second time: the A/A control."""

SUSPICIOUS = 1 / 3
"""A ratio below this makes a reader look twice: the entry says so. (Every result is checked again after it was timed.)"""


def describe(operator: Operator, work: Problem, reference: Reference, operation: Any) -> dict[str, Any]:
    """What a record says of a row itself."""
    row = work.row
    named = {} if operator.name == UNNAMED else {"operator": operator.name}
    return {
        **named,
        "row": row.name,
        "operation": operation.value,
        "title": row.title,
        "rois": row.rois,
        "rois_per_level": [len(level.boxes) for level in work.levels],
        "channels": row.channels,
        "bins": row.bins,
        **operator.parameters(row),
        "outputs": row.outputs,
        "dialect": operation.dialect,
        "calls": operation.calls,
        "geometry": vars(operator.geometry(work, operation)),
        "checked_exactly": reference.checked_exactly,
    }


def entry(who: Any, judgements: Sequence[Judgement], outputs: int, **times: Summary) -> dict[str, Any]:
    """What a record says of a contestant; ``times`` are named hot, cold …; the worst judgement counts."""
    worst = max(judgements, key=lambda judgement: (not judgement.correct, judgement.error_over_bound))
    return {
        "library": who.library,
        "layout": who.layout,
        "dtype": who.dtype,
        **({} if who.dialect is None else {"dialect": who.dialect}),
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
    """The number, or None where JSON has none."""
    return number if abs(number) < float("inf") else None


def check(who: Any, reference: Reference) -> Judgement:
    """Makes the calls of a contestant on poisoned memory, and judges the result by the rules that it follows."""
    return reference.under(who.dialect).judge(who.checked_outputs(), who.dtype)


def first_check(everybody: Sequence[Any], reference: Reference, absent: dict[str, str]) -> dict[str, Judgement]:
    """The judgement of everybody's result; a peer that raises is put among the absent and has none."""
    found = {}
    for who in everybody:
        try:
            found[who.name] = check(who, reference)
        except Exception as error:
            if who.library == "roikit":
                raise
            absent[who.name] = f"{type(error).__name__}: {error}"
    return found


def ratios(entries: Sequence[Mapping[str, Any]], aa: Control, kind: str) -> list[dict[str, Any]]:
    """Our time ÷ a peer's, for each of our entries and each peer that was timed likewise in the same run.

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
    operator: Operator,
    operation: Any,
    row: Row,
    threads: int,
    seconds: float,
    processes: int,
    rates: HostRates | None = None,
) -> dict[str, Any]:
    """The record of an operation on a row, on ``threads`` threads; about ``seconds`` go into timing.

    Times are held against the floor that ``rates`` set, if these are given.
    """
    work = problem(row)
    reference = operator.reference(work, processes, operation)
    use_threads(threads)
    peers, absent = operator.cpu.present_peers(operation, work, threads)
    everybody = [*operator.cpu.variants(operation, work), *peers]
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
            (before[one.name], check(one, reference)),
            row.outputs,
            hot=times[one.name],
        )
        for one in everybody
    ]
    if rates is not None:
        _hold_against_floor(entries, operator, operation, work, rates)
    return {
        **describe(operator, work, reference, operation),
        "place": "cpu",
        "threads": threads,
        **({} if rates is None else {"rates": vars(rates.past_caches)}),
        "others": others.share,
        "entries": entries,
        "absent": absent,
        "control": vars(aa),
        "ratios": ratios(entries, aa, "hot"),
    }


def _hold_against_floor(
    entries: Sequence[dict[str, Any]], operator: Operator, operation: Any, work: Problem, rates: HostRates
) -> None:
    """Adds to entries the floor, and what part of the time it is: that of the bytes of this call, read again and again."""
    counts = operator.geometry(work, operation)
    for one in entries:
        floor_by = partial(operator.floor, work, counts, numpy_dtype(one["dtype"]).itemsize)
        bytes_ = floor_by(rates.past_caches, operation)
        floor = floor_by(rates.of(bytes_.touched_bytes + bytes_.output_bytes), operation)
        one["floor"] = vars(floor)
        one["floor_fraction"] = {"hot": floor.cold / one["times"]["hot"]["median"]}
