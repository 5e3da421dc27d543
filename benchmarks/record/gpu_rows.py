"""Measures a row on a GPU: kernel time cold and hot, call time, workspace, fraction of the floor, and our time ÷ the peers'."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..measuring import machine
from ..measuring.contestant import numpy_dtype
from ..measuring.device import Timer, allocated_bytes, l2_bytes
from ..measuring.timing import control, interleave, summarise
from ..workloads import problem
from .rows import AGAIN, check, describe, entry, first_check, ratios

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..measuring.device_contestant import DeviceContestant
    from ..measuring.floors import Rates
    from ..measuring.problem import Row
    from ..measuring.timing import Summary
    from ..operator import Operator

_REPLAY_SECONDS = 300e-6
_MOST_LAUNCHES = 20


def copies_for(touched_bytes: int, cache_bytes: int) -> int:
    """How many copies of the maps to go through, so that more than twice the cache lies between two visits."""
    return 2 + math.ceil(2 * cache_bytes / touched_bytes)


def launches_for(seconds: float) -> int:
    """How many launches a graph of hot inputs makes, given the time of one."""
    return min(max(math.ceil(_REPLAY_SECONDS / seconds), 2), _MOST_LAUNCHES)


@dataclass(frozen=True)
class _Replay:
    """What queues the calls of a row ``count`` times; ``graph`` says whether as one graph, or as the host makes them."""

    run: Callable[[], None]
    count: int
    graph: bool


def _replay(who: DeviceContestant, sets: list[list[Any]]) -> _Replay:
    def work() -> None:
        for features in sets:
            who.call(features)  # what a peer returns is dropped, and its memory used again

    try:
        return _Replay(who.capture(work), len(sets), graph=True)
    except Exception:  # noqa: BLE001 - whatever cannot be captured is timed all the same
        return _Replay(work, len(sets), graph=False)


def _replays(who: DeviceContestant, timer: Timer) -> dict[str, _Replay]:
    """Replays of hot and of cold inputs."""
    first, sets = who.inputs.sets[0], who.inputs.sets
    once = _replay(who, [first]).run
    estimate = min(timer.seconds({"once": once}, ["once"], warm=True)["once"] for _ in range(3))
    return {"hot": _replay(who, [first] * launches_for(estimate)), "cold": _replay(who, sets)}


def kernel_times(
    who: list[DeviceContestant], timer: Timer, seconds: float
) -> tuple[dict[str, dict[str, Summary]], dict[str, bool]]:
    """Hot and cold summaries of everybody, and of the first a second time; and whether they are of graphs."""
    replays = {one.name: _replays(one, timer) for one in who}
    replays[AGAIN] = _replays(who[0], timer)
    found: dict[str, dict[str, Summary]] = {name: {} for name in replays}
    for kind in ("hot", "cold"):
        runs = {name: replay[kind].run for name, replay in replays.items()}
        counts = {name: replay[kind].count for name, replay in replays.items()}
        for name, samples in timer.samples(runs, counts, seconds, warm=kind == "hot").items():
            found[name][kind] = summarise(samples)
    graphs = {name: all(one.graph for one in replay.values()) for name, replay in replays.items()}
    return found, graphs


def call_times(who: list[DeviceContestant], timer: Timer, seconds: float) -> dict[str, dict[str, Summary]]:
    """The host's times of all calls of a row: until they are queued, and until they are done."""
    found: dict[str, dict[str, Summary]] = {one.name: {} for one in who}
    for which, kind in enumerate(("queued", "call")):
        functions = {one.name: lambda one=one, which=which: timer.host_times(one)[which] for one in who}
        for name, samples in interleave(functions, seconds, least=10, most=50).items():
            found[name][kind] = summarise(samples)
    return found


def measure_on_gpu(
    operator: Operator,
    operation: Any,
    row: Row,
    rates: Rates,
    seconds: float,
    processes: int,
    variants: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The record of an operation on a row; about ``seconds`` go into each of hot and cold kernel times.

    ``variants`` (``"NCHW float32"``) are all that takes part, if given.
    """
    import cupy

    work = problem(row)
    counts = operator.geometry(work, operation)
    reference = operator.reference(work, processes, operation)
    visited = operator.visited(work, counts, operation)
    timer = Timer()
    cache = l2_bytes()
    who, absent = operator.gpu.everybody(operation, work, timer, lambda itemsize: copies_for(visited * itemsize, cache))
    who = [one for one in who if not variants or f"{one.layout} {one.dtype}" in variants]
    before = first_check(who, reference, absent)
    who = [one for one in who if one.name in before]
    clocks = [machine.gpu_state()]
    times, graphs = kernel_times(who, timer, seconds)
    clocks.append(machine.gpu_state())
    calls = call_times(who, timer, seconds / 10)
    aa = control(times[who[0].name]["cold"], times[AGAIN]["cold"])
    entries = []
    for one in who:
        judged = (before[one.name], check(one, reference))
        floor = operator.floor(work, counts, numpy_dtype(one.dtype).itemsize, rates, operation)
        measured = times[one.name]
        fields = entry(one, judged, row.outputs, **measured, **calls[one.name])
        fields["floor"] = vars(floor)
        fields["floor_fraction"] = {
            "cold": floor.cold / measured["cold"].median,
            "hot": floor.hot / measured["hot"].median,
        }
        fields["graph"] = graphs[one.name]
        fields["cold_copies"] = len(one.inputs.sets)
        if one.library == "roikit":
            fields["workspace_bytes"] = allocated_bytes(one)
        entries.append(fields)
    del who, times
    cupy.get_default_memory_pool().free_all_blocks()
    return {
        **describe(operator, work, reference, operation),
        "place": "gpu",
        "threads": None,
        "rates": vars(rates),
        "clocks": {"before": clocks[0], "after": clocks[1]},
        "entries": entries,
        "absent": absent,
        "control": vars(aa),
        "ratios": [ratio for kind in ("cold", "hot", "call") for ratio in ratios(entries, aa, kind)],
    }
