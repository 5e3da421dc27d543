"""Runs cases against implementations, each in worker processes of its own, and judges what comes back."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .. import operators
from ..cases import quick
from ..cases.history import AFTER_FORK, AT_ONCE, SEVERAL
from ..results.result import Result, Subject
from ..verdicts import properties
from ..workers.greeting import describe
from ..workers.twice import Twice, open_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ..cases.case import Case
    from ..implementation import Capability, Description
    from ..verdict import Judgement
    from ..workers.process import Target
    from ..workers.session import Judged, Plan, Session
    from .request import Selection

CALLS_WORTH_SHARING = 1000
"""An implementation with fewer calls than this is run by one worker: a second would take longer to load than it saves."""


def plan(description: Description, cases: Sequence[Case], selection: Selection, target: Target) -> Iterator[Plan]:
    """The (case, dialect, data type, layout) that an implementation of this description is judged by."""
    for case in cases:
        capability = description.capability(case.operator)
        if capability is None or not _can_be_asked(case, capability, selection):
            continue
        dialects = _chosen(target.dialects_of(case.operator, capability.dialects), selection.dialects)
        dtypes, layouts = _chosen(capability.dtypes, selection.dtypes), _chosen(capability.layouts, selection.layouts)
        if case.kind == "error":  # no dialect has a say in it
            calls = list(itertools.product(dialects, [dtype for dtype in case.dtypes if dtype in dtypes], layouts))[:1]
        elif selection.quick:
            calls = quick.calls_of(case, dialects, dtypes if selection.dtypes else quick.dtypes_of(dtypes), layouts)
        else:
            calls = _calls(case, dialects if selection.dialects else _enough(case, dialects), dtypes, layouts)
        yield from ((case, *call) for call in calls)


def _can_be_asked(case: Case, capability: Capability, selection: Selection) -> bool:
    """Whether an implementation that can do this much can be asked for a case, and is to be."""
    return (
        (not selection.operators or case.operator in selection.operators)
        and case.modes <= set(capability.modes)
        and set(properties.operations(case)) <= set(capability.operations)
        and (case.memory != "sparse" or capability.reads_in_place)
    )


def _chosen(offered: Iterable[str], wanted: Sequence[str]) -> list[str]:
    return [item for item in offered if not wanted or item in wanted]


def _calls(
    case: Case, dialects: Sequence[str], dtypes: Sequence[str], layouts: Sequence[str]
) -> list[tuple[str, str, str]]:
    """All the calls of a case for which it says something, of these dialects, data types and layouts."""
    ways = itertools.product(dialects, (dtype for dtype in case.dtypes if dtype in dtypes), layouts)
    return [call for call in ways if case.says(*call[:2])]


def _enough(case: Case, offered: Sequence[str]) -> Sequence[str]:
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
    on_judged: Callable[[Plan, Judged], None] = lambda *_: None
    """Called before ``on_result``, with what was called and the output that was judged."""
    is_listed: Callable[[Plan], bool] = lambda _: False
    """Says which calls are known to fail: no other is looked for that may be to blame."""


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

    Many calls are shared out among up to ``workers`` pairs of processes, or processes if each call is to be made ``once`` only;
    ``listener`` is then told of results from several threads.
    """

    def start() -> Session | Twice:
        return open_session(target, seconds, listener.stop, listener.is_listed, once=once)

    with closing(start()) as session:
        subject = session.open()
        plans = list(plan(describe(subject), cases, selection, target)) if subject.state == "ran" else []
        listener.on_subject(subject, len(plans))
        shares = _shares(plans) if len(plans) >= CALLS_WORTH_SHARING else [harmless_first(plans)]
        left, count = deque(shares), max(1, min(workers, len(shares)))
        with ThreadPoolExecutor(count) as pool:
            others = [pool.submit(_judge_what_is_left, start(), left, listener) for _ in range(count - 1)]
            _judge_what_is_left(session, left, listener)
            for other in others:
                other.result()


def _shares(plans: Iterable[Plan]) -> list[list[Plan]]:
    """What a worker takes at a time: the calls of an operator in one data type and layout, which have kernels in common.

    Large shares come first, so that no worker is left with one when the others are done; those that may damage memory last.
    """
    shares: dict[tuple[bool, str, str, str], list[Plan]] = {}
    for item in plans:
        case, _, dtype, layout = item
        shares.setdefault((_is_bad(item), case.operator, dtype, layout), []).append(item)
    return [shares[key] for key in sorted(shares, key=lambda key: (key[0], -len(shares[key])))]


def harmless_first(plans: Iterable[Plan]) -> list[Plan]:
    """The calls in an order that keeps a process as long as can be: those that may damage memory last."""
    return sorted(plans, key=_is_bad)


def _is_bad(item: Plan) -> bool:
    return item[0].kind in ("invalid", "error")


def _judge_what_is_left(session: Session | Twice, left: deque[list[Plan]], listener: Listener) -> None:
    """Takes share after share, as do others, until none is left."""
    with closing(session):
        while not listener.stop.is_set():
            try:
                share = left.popleft()
            except IndexError:
                return
            _judge_all(session, share, listener)


def _judge_all(session: Session | Twice, plans: list[Plan], listener: Listener) -> None:
    started = time.perf_counter()
    for made, judged in session.judge(plans):
        now = time.perf_counter()
        listener.on_judged(made, judged)
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
