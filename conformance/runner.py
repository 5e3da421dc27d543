"""Runs cases against implementations, each in a worker process of its own, and judges what comes back.

A worker that dies or hangs costs one case: it is replaced and the run goes on.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import properties, protocol
from .contested import judge_reading
from .implementation import Description, Unsupported
from .judge import Judgement, Verdict, in_file_order, judge_error
from .process import Target, Worker, WorkerGoneError, WorkerTimeoutError
from .results import Result, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np

    from .case import Case
    from .implementation import RoiAlignCall
    from .process import Message

LOAD_SECONDS = 120.0
"""How long an implementation may take to load, whatever the limit of a call is."""

CALLS_WORTH_SHARING = 1000
"""An implementation with fewer calls than this is run by one worker: a second would take longer to load than it saves."""

_AHEAD = 4  # calls sent before their turn
_ALONE = {"property", "invalid"}  # kinds of cases whose calls are not, nor any while they are waited for

NONDETERMINISTIC = Judgement(Verdict.NONDETERMINISTIC, "two calls in a row gave different results")

Plan = tuple["Case", str, str, str]
"""A case, dialect, data type and layout."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the calls that an implementation could make are made; empty means all."""

    dtypes: tuple[str, ...] = ()
    layouts: tuple[str, ...] = ()
    dialects: tuple[str, ...] = ()


class Session:
    """One implementation during a run: a worker, replaced when it fails."""

    def __init__(self, target: Target, seconds: float, stop: threading.Event) -> None:
        """Remembers the target; ``seconds`` limits each call, and no more are waited for once ``stop`` is set."""
        self.target = target
        self._seconds = seconds
        self._stop = stop
        self._worker: Worker | None = None

    def open(self) -> Subject:
        """Starts a worker and returns what it says of its implementation."""
        name = self.target.name
        self.close()
        try:
            self._worker = Worker(self.target)
        except OSError as error:
            return Subject(implementation=name, state="broken", reason=f"{self.target.python}: {error.strerror}")
        subject = self._greeting(self._worker)
        if subject.state != "ran":
            self.close()
        return subject

    def _greeting(self, worker: Worker) -> Subject:
        name = self.target.name
        try:
            message, _ = worker.receive(LOAD_SECONDS, self._stop)
        except WorkerTimeoutError:
            return Subject(implementation=name, state="broken", reason=f"did not load within {LOAD_SECONDS:g} s")
        except WorkerGoneError:
            return Subject(implementation=name, state="broken", reason=worker.obituary())
        if message["type"] != "ready":
            return Subject(implementation=name, state=message["type"], reason=message.get("reason") or message["error"])
        if message["protocol"] not in protocol.SUPPORTED:
            known = " and ".join(map(str, protocol.SUPPORTED))
            spoken = f"its worker speaks protocol {message['protocol']}, this roikit speaks {known}"
            return Subject(implementation=name, state="broken", reason=spoken)
        return Subject(implementation=name, state="ran", description=message["description"])

    def close(self) -> None:
        """Ends the worker."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def judge(self, plans: Sequence[Plan]) -> Iterator[tuple[Plan, Judgement]]:
        """Makes the calls of some cases and judges the answers, in order.

        A few calls are sent ahead of the answers, so that neither side waits for the other. When the worker fails, the first
        of those unanswered is to blame, and the others are sent anew.
        """
        waiting, sent = deque(plans), deque[tuple[Plan, Judgement | None]]()
        while (waiting or sent) and not self._stop.is_set():
            while waiting and len(sent) < _AHEAD and not (sent and _ALONE & {waiting[0][0].kind, sent[-1][0][0].kind}):
                plan = waiting.popleft()
                sent.append((plan, None if plan[0].kind == "property" else self._send(*plan)))
            plan, judgement = sent[0]
            if judgement is None:
                try:
                    judgement = self._judge(*plan)
                except _FailureError as failure:
                    judgement = failure.judgement
                    while len(sent) > 1:
                        waiting.appendleft(sent.pop()[0])
            sent.popleft()
            if plan[0].kind == "invalid" and not judgement.refused:
                self.close()  # memory may have been damaged, and no later case is to answer for that
            if not self._stop.is_set():
                yield plan, judgement

    def _judge(self, case: Case, dialect: str, dtype: str, layout: str) -> Judgement:
        """Judges the answer to a call that has been sent; a property makes its calls itself."""
        if case.kind != "property":
            return _judge_answer(case, *self._receive(), dialect, dtype, layout)

        def ask(changed: Case) -> np.ndarray | Judgement:
            if failure := self._send(changed, dialect, dtype, layout):
                return failure
            answer, arrays = self._receive()
            return _failure(answer) or in_file_order(changed, arrays["output"], layout)

        return properties.check(case, ask)

    def _send(self, case: Case, dialect: str, dtype: str, layout: str) -> Judgement | None:
        """Sends the call of a case; returns a judgement if that cannot be done."""
        try:
            call = case.call(dialect, dtype, layout)
        except Unsupported as reason:
            return Judgement(Verdict.UNSUPPORTED, str(reason))
        return self._send_call(call, case.memory)

    def _send_call(self, call: RoiAlignCall, memory: str) -> Judgement | None:
        if self._worker is None and self.open().state != "ran":
            return Judgement(Verdict.CRASHED, "the worker could not be started again after an earlier case")
        assert self._worker is not None
        request = {
            "type": "roi_align",
            "operation": call.operation,
            "memory": memory,
            "output_size": call.output_size,
            "spatial_scale": call.spatial_scale,
            "sampling_ratio": call.sampling_ratio,
            "mode": call.mode,
            "layout": call.layout,
            "dialect": call.dialect,
        }
        arrays = {"input": call.input, "boxes": call.boxes} | ({} if call.grad is None else {"grad": call.grad})
        with suppress(WorkerGoneError):  # then no answer comes either
            self._worker.send(request, arrays)
        return None

    def ask(self, call: RoiAlignCall) -> np.ndarray | Judgement:
        """Makes one call, of no case, and returns the array that comes back, or why none does that can be trusted."""
        if failure := self._send_call(call, "contiguous"):
            return failure
        try:
            answer, arrays = self._receive()
        except _FailureError as failed:
            return failed.judgement
        if failure := _failure(answer):
            return failure
        if not answer["repeatable"]:
            return NONDETERMINISTIC
        return arrays["output"]

    def _receive(self) -> Message:
        assert self._worker is not None
        try:
            return self._worker.receive(self._seconds, self._stop)
        except WorkerTimeoutError:
            self.close()
            raise _FailureError(Judgement(Verdict.TIMED_OUT, f"no answer within {self._seconds:g} s")) from None
        except WorkerGoneError:
            obituary = self._worker.obituary()
            self.close()
            raise _FailureError(Judgement(Verdict.CRASHED, obituary)) from None


class _FailureError(Exception):
    """The first of the calls that were sent has no answer, and this judgement."""

    def __init__(self, judgement: Judgement) -> None:
        super().__init__(judgement)
        self.judgement = judgement


def _failure(answer: dict[str, Any]) -> Judgement | None:
    """Returns the judgement of an answer that is no output, or of how it came about; None if there is nothing to say."""
    match answer["type"]:
        case "unsupported":
            return Judgement(Verdict.UNSUPPORTED, answer["reason"])
        case "raised":
            return Judgement(Verdict.REJECTED, answer["error"])
    if answer["wrote_outside"]:
        return Judgement(Verdict.WROTE_OUTSIDE, "memory beside the output array was written to")
    if answer["changed_input"]:
        return Judgement(Verdict.DEVIATES, "the call changed its input, its boxes or its gradient")
    return None


def _judge_answer(
    case: Case, answer: dict[str, Any], arrays: dict[str, np.ndarray], dialect: str, dtype: str, layout: str
) -> Judgement:
    if answer["type"] == "raised":
        return judge_error(case, answer["error"])
    if failure := _failure(answer):
        return failure
    if case.kind == "error":
        return Judgement(Verdict.DEVIATES, "the call was not refused")
    judgement = judge_reading(case, dialect, arrays["output"], dtype, layout)
    if judgement.verdict == Verdict.CONFORMS and not answer["repeatable"]:
        return NONDETERMINISTIC
    return judgement


def plan(
    description: Description, cases: Sequence[Case], selection: Selection, dialects: tuple[str, ...] | None
) -> Iterator[Plan]:
    """Yields the (case, dialect, data type, layout) that an implementation of this description is judged by."""

    def chosen(offered: Sequence[str], wanted: Sequence[str]) -> list[str]:
        return [item for item in offered if not wanted or item in wanted]

    named = chosen(dialects or description.dialects, selection.dialects)
    layouts = chosen(description.layouts, selection.layouts)
    for case in cases:
        if case.mode not in description.modes or not set(properties.operations(case)) <= set(description.operations):
            continue
        if case.memory == "sparse" and not description.reads_in_place:
            continue
        dtypes = chosen([d for d in case.dtypes if d in description.dtypes], selection.dtypes)
        calls = [(case, *call) for call in itertools.product(named, dtypes, layouts)]
        if case.kind == "error":  # no dialect has a say in it
            yield from calls[:1]
        else:
            yield from (call for call in calls if case.expectation(*call[1:3]))


def describe(subject: Subject) -> Description:
    """Returns the description that a worker sent."""
    assert subject.description is not None
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in subject.description.items()
    }
    return Description(**fields)


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
) -> None:
    """Runs every case that applies to ``target``; no call may take longer than ``seconds``.

    Many calls are shared out, by data type, among up to ``workers`` processes; ``listener`` is then told of results from
    several threads.
    """
    with closing(Session(target, seconds, listener.stop)) as session:
        subject = session.open()
        plans = list(plan(describe(subject), cases, selection, target.dialects)) if subject.state == "ran" else []
        listener.on_subject(subject, len(plans))
        shares = _share(plans, workers)
        with ThreadPoolExecutor(max(1, len(shares) - 1)) as pool:
            others = [
                pool.submit(_judge_all, Session(target, seconds, listener.stop), share, listener)
                for share in shares[1:]
            ]
            _judge_all(session, shares[0], listener)
            for other in others:
                other.result()


def _share(plans: list[Plan], workers: int) -> list[list[Plan]]:
    """Returns the shares of the workers, none of which is for one data type only in part."""
    by_dtype: dict[str, list[Plan]] = {}
    for item in plans:
        by_dtype.setdefault(item[2], []).append(item)
    count = min(workers, len(by_dtype)) if len(plans) >= CALLS_WORTH_SHARING else 1
    shares: list[list[Plan]] = [[] for _ in range(max(count, 1))]
    for items in sorted(by_dtype.values(), key=len, reverse=True):
        min(shares, key=len).extend(items)
    # What may damage memory comes last.
    return [sorted(share, key=lambda item: item[0].kind in ("invalid", "error")) for share in shares]


def _judge_all(session: Session, plans: list[Plan], listener: Listener) -> None:
    with closing(session):
        started = time.perf_counter()
        for (case, dialect, dtype, layout), judgement in session.judge(plans):
            now = time.perf_counter()
            listener.on_result(
                Result(
                    implementation=session.target.name,
                    dialect=dialect,
                    case=case.id,
                    group=case.group,
                    rules=case.rules,
                    operation=case.operation,
                    mode=case.mode,
                    dtype=dtype,
                    layout=layout,
                    judgement=judgement,
                    seconds=round(now - started, 4),
                )
            )
            started = now
