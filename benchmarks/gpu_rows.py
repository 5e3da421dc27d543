"""Measures a row on a GPU: kernel time cold and hot, call time, workspace, fraction of the floor, and our time ÷ the peers'."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from . import floors, gpu_contestants, machine
from .contestants import numpy_dtype
from .device import Timer, allocated_bytes, l2_bytes
from .reference import make_reference
from .rows import AGAIN, describe, entry, ratios
from .timing import control, interleave, summarise
from .workloads import problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from .gpu_contestants import DeviceContestant
    from .timing import Summary
    from .workloads import Row

_REPLAY_SECONDS = 300e-6
_MOST_LAUNCHES = 20


def copies_for(touched_bytes: int, cache_bytes: int) -> int:
    """Returns how many copies of the maps to go through, so that more than twice the cache lies between two visits."""
    return 2 + math.ceil(2 * cache_bytes / touched_bytes)


def launches_for(seconds: float) -> int:
    """Returns how many launches a graph of hot inputs makes, given the time of one."""
    return min(max(math.ceil(_REPLAY_SECONDS / seconds), 2), _MOST_LAUNCHES)


def _graphs(
    who: DeviceContestant, timer: Timer
) -> tuple[tuple[Callable[[], None], int], tuple[Callable[[], None], int]]:
    """Returns a graph of hot and one of cold inputs, with the number of times that each makes the calls of the row."""
    first, sets = who.maps.sets[0], who.maps.sets
    once = who.capture(partial(who.call, first))
    estimate = min(timer.seconds({"once": once}, ["once"], warm=True)["once"] for _ in range(3))
    launches = launches_for(estimate)
    hot = who.capture(partial(_one_after_another, who, [first] * launches))
    cold = who.capture(partial(_one_after_another, who, sets))
    return (hot, launches), (cold, len(sets))


def _one_after_another(who: DeviceContestant, sets: list[list[Any]]) -> None:
    for features in sets:
        who.call(features)  # what a peer returns is dropped, and its memory used again


def kernel_times(who: list[DeviceContestant], timer: Timer, seconds: float) -> dict[str, dict[str, Summary]]:
    """Returns hot and cold summaries of everybody, and of the first a second time."""
    named = {**{one.name: one for one in who}, AGAIN: who[0]}
    graphs = {name: _graphs(one, timer) for name, one in named.items()}
    found: dict[str, dict[str, Summary]] = {name: {} for name in named}
    for which, kind in enumerate(("hot", "cold")):
        replays = {name: pair[which][0] for name, pair in graphs.items()}
        launches = {name: pair[which][1] for name, pair in graphs.items()}
        timed = timer.samples(replays, launches, seconds, warm=kind == "hot")
        for name, samples in timed.items():
            found[name][kind] = summarise(samples)
    return found


def call_times(who: list[DeviceContestant], timer: Timer, seconds: float) -> dict[str, dict[str, Summary]]:
    """Returns the host's times of all calls of a row: until they are queued, and until they are done."""
    found: dict[str, dict[str, Summary]] = {one.name: {} for one in who}
    for which, kind in enumerate(("queued", "call")):
        functions = {one.name: lambda one=one, which=which: timer.host_times(one)[which] for one in who}
        for name, samples in interleave(functions, seconds, least=10, most=50).items():
            found[name][kind] = summarise(samples)
    return found


def measure_on_gpu(
    row: Row, rates: floors.Rates, seconds: float, processes: int, variants: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Returns the record of a row; about ``seconds`` go into each of hot and cold kernel times.

    ``variants`` (``"NCHW float32"``) are all that takes part, if given.
    """
    import cupy

    work = problem(row)
    counts = floors.geometry(work)
    reference = make_reference(work, processes)
    timer = Timer()
    cache = l2_bytes()
    who, absent = gpu_contestants.everybody(
        work, timer, lambda itemsize: copies_for(counts.touched * row.channels * itemsize, cache)
    )
    who = [one for one in who if not variants or f"{one.layout} {one.dtype}" in variants]
    before = {one.name: reference.judge(one.checked_outputs(), one.dtype) for one in who}
    clocks = [machine.gpu_state()]
    times = kernel_times(who, timer, seconds)
    clocks.append(machine.gpu_state())
    calls = call_times(who, timer, seconds / 10)
    aa = control(times[who[0].name]["cold"], times[AGAIN]["cold"])
    entries = []
    for one in who:
        judged = (before[one.name], reference.judge(one.checked_outputs(), one.dtype))
        floor = floors.forward_floor(work, counts, numpy_dtype(one.dtype).itemsize, rates)
        measured = times[one.name]
        fields = entry(one, judged, row.outputs, **measured, **calls[one.name])
        fields["floor"] = vars(floor)
        fields["floor_fraction"] = {
            "cold": floor.cold / measured["cold"].median,
            "hot": floor.hot / measured["hot"].median,
        }
        fields["cold_copies"] = len(one.maps.sets)
        if one.library == "roikit":
            fields["workspace_bytes"] = allocated_bytes(one)
        entries.append(fields)
    del who, times
    cupy.get_default_memory_pool().free_all_blocks()
    return {
        **describe(work, reference),
        "place": "gpu",
        "threads": None,
        "rates": vars(rates),
        "clocks": {"before": clocks[0], "after": clocks[1]},
        "entries": entries,
        "absent": absent,
        "control": vars(aa),
        "ratios": [ratio for kind in ("cold", "hot", "call") for ratio in ratios(entries, aa, kind)],
    }
