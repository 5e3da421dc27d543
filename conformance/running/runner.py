"""Runs cases against implementations, each in worker processes of its own, and judges what comes back."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .. import operators
from ..cases.history import AFTER_FORK, AT_ONCE, SEVERAL
from ..results.result import Result, Subject
from ..verdicts import properties
from ..workers.greeting import describe
from ..workers.twice import Twice, open_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ..cases.case import Case
    from ..implementation import Description
    from ..verdict import Judgement
    from ..workers.process import Target
    from ..workers.session import Plan, Session
    from .request import Selection

CALLS_WORTH_SHARING = 1000
"""An implementation with fewer calls than this is run by one worker: a second would take longer to load than it saves."""


def plan(description: Description, cases: Sequence[Case], selection: Selection, target: Target) -> Iterator[Plan]:
    """The (case, dialect, data type, layout) that an implementation of this description is judged by."""

    def chosen(offered: Sequence[str], wanted: Sequence[str]) -> list[str]:
        return [item for item in offered if not wanted or item in wanted]

    for case in cases:
        capability = description.capability(case.operator)
        if capability is None or case.operator not in chosen([case.operator], selection.operators):
            continue
        if not case.modes <= set(capability.modes):
            continue
        if not set(properties.operations(case)) <= set(capability.operations):
            continue
        if case.memory == "sparse" and not capability.reads_in_place:
            continue
        offered = target.dialects_of(case.operator, capability.dialects)
        if not selection.dialects:
            offered = _enough(case, offered)
        dialects = chosen(offered, selection.dialects)
        dtypes = chosen([d for d in case.dtypes if d in capability.dtypes], selection.dtypes)
        layouts = chosen(capability.layouts, selection.layouts)
        calls = [(case, *call) for call in itertools.product(dialects, dtypes, layouts)]
        if case.kind == "error":  # no dialect has a say in it
            yield from calls[:1]
        else:
            yield from (call for call in calls if case.says(*call[1:3]))


def _enough(case: Case, offered: tuple[str, ...]) -> tuple[str, ...]:
    """The dialects under which a case is run: an implementation of very many is no larger, nor remembers more, under each."""
    if case.size == "small" and case.kind not in SEVERAL:
        return offered
    mains = operators.get(case.operator).main_dialects
    few = tuple(name for name in offered if name in mains) or offered[:1]
    return few[:1] if case.kind in (AT_ONCE, AFTER_FORK) else few


@dataclass(frozen=True, slots=True)
class Listener:
    """What is told of a run while it goes on, and how it is stopped."""

    on_subject: Callable[[Subject, int], None]
    """Called once per implementation, with the number of calls that will be made."""
    on_result: Callable[[Result], None]
    stop: threading.Event = field(default_factory=threading.Event)
    """Once set, no more calls are made."""


def run(
    target: Target,
    cases: Sequence[Case],
    selection: Selection,
    seconds: float,
    listener: Listener,
    workers: int = 1,
    *,
    once: bool = False,
) -> None:
    """Runs every case that applies to ``target``; no call may take longer than ``seconds``.

    Many calls are shared out, by data type, among up to ``workers`` pairs of processes, or processes if each call is to be made
    ``once`` only; ``listener`` is then told of results from several threads.
    """

    def start() -> Session | Twice:
        return open_session(target, seconds, listener.stop, once=once)

    with closing(start()) as session:
        subject = session.open()
        plans = list(plan(describe(subject), cases, selection, target)) if subject.state == "ran" else []
        listener.on_subject(subject, len(plans))
        shares = _share(plans, workers)
        with ThreadPoolExecutor(max(1, len(shares) - 1)) as pool:
            others = [pool.submit(_judge_all, start(), share, listener) for share in shares[1:]]
            _judge_all(session, shares[0], listener)
            for other in others:
                other.result()


def _share(plans: list[Plan], workers: int) -> list[list[Plan]]:
    """The shares of the workers, none of which is for one data type only in part."""
    by_dtype: dict[str, list[Plan]] = {}
    for item in plans:
        by_dtype.setdefault(item[2], []).append(item)
    count = min(workers, len(by_dtype)) if len(plans) >= CALLS_WORTH_SHARING else 1
    shares: list[list[Plan]] = [[] for _ in range(max(count, 1))]
    for items in sorted(by_dtype.values(), key=len, reverse=True):
        min(shares, key=len).extend(items)
    return [harmless_first(share) for share in shares]


def harmless_first(plans: Iterable[Plan]) -> list[Plan]:
    """The calls in an order that keeps a process as long as can be: those that may damage memory last."""
    return sorted(plans, key=lambda item: item[0].kind in ("invalid", "error"))


def _judge_all(session: Session | Twice, plans: list[Plan], listener: Listener) -> None:
    with closing(session):
        started = time.perf_counter()
        for made, judged in session.judge(plans):
            now = time.perf_counter()
            listener.on_result(result(session.target.name, made, judged.judgement, now - started))
            started = now


def result(implementation: str, made: Plan, judgement: Judgement, seconds: float) -> Result:
    """The record of a call that was made and judged."""
    case, dialect, dtype, layout = made
    return Result(
        implementation=implementation,
        dialect=dialect,
        case=case.id,
        operator=case.operator,
        group=case.group,
        rules=case.rules,
        operation=case.operation,
        mode=case.mode,
        dtype=dtype,
        layout=layout,
        judgement=judgement,
        seconds=round(seconds, 4),
    )
