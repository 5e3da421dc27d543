"""One implementation in a worker process: makes the calls of cases and judges the answers.

A worker that dies or hangs costs one case: it is replaced and the others go on.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from contextlib import suppress
from dataclasses import replace
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any, NamedTuple

from ..call import Unsupported
from ..cases.history import AFTER_FORK, AT_ONCE, IN_TURN, SEVERAL, calls_of, said_of
from ..implementation import registered, why_absent
from ..operation import Operation
from ..results.result import Subject
from ..verdict import Judgement, Verdict
from ..verdicts import properties
from ..verdicts.judge import in_file_order, judge_form
from . import protocol
from .answers import failure_of, fingerprint, judge_answer, named, unsoundness_of, wrong_output
from .greeting import describe, understand
from .process import POISONS, Worker, WorkerGoneError, WorkerTimeoutError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np

    from ..call import Call
    from ..cases.case import Case
    from ..cases.history import Made
    from ..implementation import Description
    from .process import Message, Target

    Arrays = dict[str, np.ndarray]

LOAD_SECONDS = 120.0
"""How long an implementation may take to load, whatever the limit of a call is."""

_AHEAD = 4  # calls sent before their turn
_BAD = {"invalid", "error"}  # kinds of cases whose calls may damage memory if they are not refused
_MORE = {"property", *SEVERAL}  # kinds of cases that make several calls
_ALONE = {*_MORE, *_BAD}  # kinds of cases whose calls are not, nor any while they are waited for

_APART_SHARE = 0.9  # of the time of a call, that a bad one has in a process of its own, so that the worker can answer
_FORK_SECONDS = 10.0  # that a forked process has at most, and never more than a third of what a call has

Plan = tuple["Case", str, str, str]
"""A case, dialect, data type and layout."""


class Judged(NamedTuple):
    """A judgement, and what identifies the output that was judged; nothing if there was none, or more than one.

    With an output that is wrong comes the ``array`` itself, in the order of axes of case files, unless it is large.
    """

    judgement: Judgement
    output: bytes = b""
    array: np.ndarray | None = None


class Session:
    """One implementation during a run: a worker, replaced when it fails."""

    def __init__(
        self,
        target: Target,
        seconds: float,
        stop: threading.Event,
        poison: int = POISONS[0],
        is_listed: Callable[[Plan], bool] = lambda _: False,
    ) -> None:
        """Remembers the target; ``seconds`` limits each call, and no more are waited for once ``stop`` is set.

        ``poison`` is the byte that fills the memory of its workers; ``is_listed`` says which calls are known to fail.
        """
        self.target = target
        self._is_listed = is_listed
        self._poison = poison
        self._seconds = seconds
        self._stop = stop
        self._worker: Worker | None = None
        self._is_suspect = False  # the worker has been given a bad call and did not refuse it
        self._may_fork = not target.command  # if its implementation may, until a call in a fork fails
        self._apart = False  # bad calls are made in forks, since one failed after another that went through

    def open(self) -> Subject:
        """Starts a worker and returns what it says of its implementation."""
        name = self.target.name
        self.close()
        if reason := _why_absent(self.target):
            return Subject(implementation=name, state="absent", reason=reason)
        try:
            self._worker = Worker(self.target, self._poison)
        except OSError as error:
            return Subject(implementation=name, state="broken", reason=f"{self.target.starts[0]}: {error.strerror}")
        subject = self._greeting(self._worker)
        if subject.state == "ran":
            self._description = describe(subject)
        else:
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
        return understand(name, message)

    def close(self) -> None:
        """Ends the worker."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        self._is_suspect = False

    def judge(
        self, plans: Sequence[Plan], beside: Callable[[], Judged | None] = lambda: None
    ) -> Iterator[tuple[Plan, Judged]]:
        """Makes the calls of some cases and judges the answers, in order.

        ``beside`` gives what another session made of the call whose turn it is: the same output has the same judgement, and is
        not judged again. A few calls are sent ahead of the answers, so that neither side waits for the other. When the worker
        fails, the first of those unanswered is to blame, and the others are sent anew.

        A bad call that is not refused may damage memory, and no later case is to answer for that: after one, only bad calls are
        made in the process, and what fails there, unless it is known to, is asked again in another; and, if that may be forked,
        in a fork of it, as all bad calls are from then on.
        """
        waiting, sent = deque(plans), deque[tuple[Plan, Judgement | None]]()
        while (waiting or sent) and not self._stop.is_set():
            while waiting and len(sent) < _AHEAD and not (sent and _ALONE & {waiting[0][0].kind, sent[-1][0][0].kind}):
                plan = waiting.popleft()
                sent.append((plan, None if plan[0].kind in _MORE else self._send(*plan)))
            plan, unsent = sent[0]
            was_suspect = self._is_suspect
            try:
                judged = Judged(unsent) if unsent else self._judge(*plan, beside())
            except _FailureError as failure:
                judged = Judged(failure.judgement)
                while len(sent) > 1:
                    waiting.appendleft(sent.pop()[0])
            sent.popleft()
            blames_another = was_suspect and not self._is_listed(plan)
            if self._is_to_be_asked_again(plan[0], judged.judgement.verdict, blames_another=blames_another):
                self.close()
                waiting.appendleft(plan)
                continue
            is_open = self._worker is not None and not self._is_made_apart(plan[0])
            self._is_suspect |= is_open and _may_do_harm(plan[0], judged.judgement)
            if not self._stop.is_set():
                yield plan, judged

    def _is_to_be_asked_again(self, case: Case, verdict: Verdict, *, blames_another: bool) -> bool:
        """Whether a call need not be to blame for its verdict, but one before it may; if so, sees to where it is made next."""
        died = verdict in (Verdict.CRASHED, Verdict.TIMED_OUT)
        if self._is_made_apart(case):
            self._apart = self._may_fork = not died  # for all that is known, a fork is what it cannot bear
            return died
        if blames_another and verdict.is_failure:
            capability = self._description.capability(case.operator)
            self._apart = not died and self._may_fork and capability is not None and capability.forks
            return True
        return False

    def _is_made_apart(self, case: Case) -> bool:
        """Whether the call of a case is made in a fork of the worker, whose memory it cannot damage."""
        return self._apart and case.kind in _BAD

    def _judge(self, case: Case, dialect: str, dtype: str, layout: str, beside: Judged | None) -> Judged:
        """Judges the answer to a call that has been sent; a property, and a case of several calls, makes its calls itself."""
        if case.kind in SEVERAL:
            return self._judge_several(case, dialect, dtype, layout)
        if case.kind != "property":
            answer, arrays = self._receive()
            output = fingerprint(arrays["output"]) if "output" in arrays else b""
            if beside and output == beside.output != b"" and not (failure_of(answer) or unsoundness_of(answer)):
                return beside
            judgement = judge_answer(case, answer, arrays, dialect, dtype, layout)
            return Judged(judgement, output, wrong_output(case, judgement, arrays, layout))

        def ask(changed: Case) -> np.ndarray | Judgement:
            if changed.operation == Operation.FORWARD:  # which takes none, though the case is about one
                changed = replace(changed, arguments={k: v for k, v in changed.arguments.items() if k != "grad"})
            if failure := self._send(changed, dialect, dtype, layout):
                return failure
            answer, arrays = self._receive()
            failure = failure_of(answer) or judge_form(changed, arrays["output"], dtype, layout)
            return failure or in_file_order(changed, arrays["output"], layout)

        return Judged(properties.check(case, ask))

    def _judge_several(self, case: Case, dialect: str, dtype: str, layout: str) -> Judged:
        """Judges the answers to all calls of a case, each by itself: the first that fails is that of the case."""
        outputs, read_otherwise = [], None
        ask = self._ask_in_turn if case.kind == IN_TURN else self._ask_at_once
        for made, answer, arrays in ask(case, dialect, dtype, layout):
            judgement = judge_answer(made.case, answer, arrays, dialect, dtype, layout)
            if judgement.verdict == Verdict.CONTESTED:
                read_otherwise = read_otherwise or named(judgement, made.said)
            elif judgement.verdict != Verdict.CONFORMS:
                return Judged(named(judgement, made.said))
            if "output" in arrays:  # no call was refused, as some may be
                outputs.append(fingerprint(arrays["output"]))
        return Judged(read_otherwise or Judgement(Verdict.CONFORMS), b"".join(outputs))

    def _ask_in_turn(self, case: Case, *how: str) -> Iterator[tuple[Made, dict[str, Any], Arrays]]:
        """The calls of a case, made one after the other, each with its answer."""
        for made in calls_of(case):
            if failure := self._send(made.case, *how):
                raise _FailureError(named(failure, made.said))
            try:
                answer, arrays = self._receive()
            except _FailureError as failed:
                raise _FailureError(named(failed.judgement, made.said)) from None
            yield made, answer, arrays

    def _ask_at_once(self, case: Case, *how: str) -> Iterator[tuple[Made, dict[str, Any], Arrays]]:
        """The calls of a case, sent in one message, each with its answer; or the first that failed."""
        if self._is_suspect:
            self.close()
        calls = calls_of(case)
        about: list[dict[str, Any]] = []
        given: Arrays = {}
        for number, made in enumerate(calls):
            call = made.case.call(*how)
            about.append(_message(call, made.case.memory, made.case.arranged))
            given |= {f"{number}.{name}": array for name, array in call.arrays().items()}
        message = {"type": case.kind, "calls": about, "threads": case.threads, "seconds": self._fork_seconds()}
        if failure := self._deliver(message, given, needs=case):
            raise _FailureError(failure)
        try:
            answer, arrays = self._receive([f"{number}.output" for number in range(len(calls))])
        except _FailureError as failed:
            raise _FailureError(named(failed.judgement, said_of(case))) from None
        if answer["type"] != "output":
            yield calls[answer.get("call", 0)], answer, {}
            return
        for number, made in enumerate(calls):
            yield made, answer, {"output": arrays[f"{number}.output"]}

    def _fork_seconds(self) -> float:
        """How long a forked process may take: less than its parent, which has to answer, too."""
        return min(self._seconds / 3, _FORK_SECONDS)

    def _send(self, case: Case, dialect: str, dtype: str, layout: str) -> Judgement | None:
        """Sends the call of a case; returns a judgement if that cannot be done."""
        if self._is_suspect and case.kind not in _BAD:
            self.close()
        try:
            call = case.call(dialect, dtype, layout)
        except Unsupported as reason:
            return Judgement(Verdict.UNSUPPORTED, str(reason))
        message = _message(call, case.memory, case.arranged)
        if self._is_made_apart(case):
            message["apart"] = _APART_SHARE * self._seconds
        return self._deliver(message, call.arrays())

    def _send_call(self, call: Call, memory: str, arranged: Mapping[str, str]) -> Judgement | None:
        return self._deliver(_message(call, memory, arranged), call.arrays())

    def _deliver(self, message: dict[str, Any], arrays: Arrays, needs: Case | None = None) -> Judgement | None:
        """Sends a message; returns a judgement if that cannot be done, or the implementation lacks what a case ``needs``."""
        if self._worker is None and self.open().state != "ran":
            return Judgement(Verdict.CRASHED, "the worker could not be started again after an earlier case")
        assert self._worker is not None
        if needs and (lacking := _lacking(needs, self._description)):
            return Judgement(Verdict.UNSUPPORTED, lacking)
        with suppress(WorkerGoneError, WorkerTimeoutError):  # then no answer comes either
            self._worker.send(message, arrays, self._seconds, self._stop)
        return None

    def ask(self, call: Call) -> np.ndarray | Judgement:
        """Makes one call, of no case, and returns the array that comes back, or why none does that can be trusted."""
        if failure := self._send_call(call, "contiguous", {}):
            return failure
        try:
            answer, arrays = self._receive()
        except _FailureError as failed:
            return failed.judgement
        if failure := failure_of(answer):
            return failure
        return unsoundness_of(answer) or arrays["output"]

    def _receive(self, outputs: Sequence[str] = ("output",)) -> Message:
        assert self._worker is not None
        try:
            answer, arrays = self._worker.receive(self._seconds, self._stop)
            protocol.check_answer(answer, arrays, outputs)
        except WorkerTimeoutError:
            failed = Judgement(Verdict.TIMED_OUT, f"no answer within {self._seconds:g} s")
        except WorkerGoneError:
            failed = Judgement(Verdict.CRASHED, self._worker.obituary())
        except protocol.ProtocolError as error:
            failed = Judgement(Verdict.CRASHED, protocol.one_line(f"its worker sent {error}"))
        else:
            texts = {key: protocol.one_line(value) for key, value in answer.items() if isinstance(value, str)}
            return {**protocol.FINDINGS, **answer, **texts}, arrays
        self.close()
        raise _FailureError(failed)


def _why_absent(target: Target) -> str:
    """Why a worker of this Python would say that its library is absent, without the time that its start takes; else empty."""
    point = registered().get(target.name)
    is_here = target.python == sys.executable and not (target.bare or target.command)
    if point is None or not is_here or target.spec != f"adapter:{point.module}:{point.attr}":
        return ""
    adapter = point.load()
    with_folder = [*sys.path, os.getcwd()]  # noqa: PTH109 - as a worker looks for them
    found = all(PathFinder.find_spec(name, with_folder) for name in adapter.requires)
    return "" if found else why_absent(adapter)


class _FailureError(Exception):
    """The first of the calls that were sent has no answer, and this judgement."""

    def __init__(self, judgement: Judgement) -> None:
        super().__init__(judgement)
        self.judgement = judgement


def _may_do_harm(case: Case, judgement: Judgement) -> bool:
    """Whether a call may have damaged memory: a bad one that went through."""
    return case.kind in _BAD and not judgement.refused and judgement.verdict != Verdict.UNSUPPORTED


def _message(call: Call, memory: str, arranged: Mapping[str, str]) -> dict[str, Any]:
    return {"type": call.operator, "memory": memory, "arranged": dict(arranged), **call.parameters()}


def _lacking(case: Case, description: Description) -> str:
    """What an implementation says that it cannot do, and a case needs; empty if nothing."""
    capability = description.capability(case.operator)
    if case.kind == AT_ONCE and not (capability and capability.threads):
        return "calls from several threads at once"
    return "calls after a fork" if case.kind == AFTER_FORK and not (capability and capability.forks) else ""
