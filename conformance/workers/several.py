"""Calls of which the worker makes several before it answers: in threads at the same time, and on both sides of a fork."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from io import BytesIO
from random import Random
from typing import IO, TYPE_CHECKING, Any

from . import protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np

    Answer = tuple[dict[str, Any], dict[str, np.ndarray]]
    Make = Callable[[dict[str, Any], dict[str, np.ndarray]], Answer]

AT_ONCE, AFTER_FORK = KINDS = "threads", "fork"
"""Types of the messages that are several calls; the kinds of cases that send them."""

_LEAST, _MOST = 4, 40  # rounds of calls at the same time
_BUSY_SECONDS = 0.2  # of this process: calls that share memory are found out in the first rounds
_SECONDS = 5.0  # by the clock, which alone ends the first rounds: slow calls overlap
_SWITCH_SECONDS = 1e-6  # after which Python lets the next thread go on
_STOPS, _STOP_SHARE, _STOP_SECONDS = 100, 0.1, 2e-4  # of a call: how many at most, at how many lines, and how long
_PIECE = 2**16  # bytes


def calls_in(message: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> list[Answer]:
    """The calls that a message has, each with the arrays whose names begin with its number."""
    calls = []
    for number, call in enumerate(message["calls"]):
        own = {name.partition(".")[2]: array for name, array in arrays.items() if name.partition(".")[0] == str(number)}
        calls.append((call, own))
    return calls


def answer(message: Mapping[str, Any], arrays: Mapping[str, np.ndarray], make: Make) -> Answer:
    """What is answered to a message of several calls, each of which ``make`` makes."""
    calls = calls_in(message, arrays)
    answers = (
        _at_once(calls, message["threads"], make)
        if message["type"] == AT_ONCE
        else _around_a_fork(calls, message["seconds"], make)
    )
    return _together(answers)


def _together(answers: Sequence[Answer]) -> Answer:
    """One message of several answers: the first that is no output, or all outputs with what was found out about any."""
    about: dict[str, Any] = {"type": "output"}
    outputs = {}
    for number, (said, arrays) in enumerate(answers):
        if said["type"] != "output":
            return {**said, "call": number}, {}
        about |= {key: value for key, value in said.items() if value != protocol.FINDINGS.get(key, value)}
        outputs[f"{number}.output"] = arrays["output"]
    return about, outputs


def _at_once(calls: Sequence[Answer], count: int, make: Make) -> list[Answer]:
    """The answers to calls that threads make at the same time: of each one that is not as when it is made alone, if there is one.

    All threads begin a round together. There are so many rounds that what two of them share is in use by both at some time. In
    every other round those that run Python stop at lines by chance: else most of a call is out of reach of the other threads.
    """
    alone = [make(*call) for call in calls]
    odd: dict[int, Answer] = {}
    rounds = _rounds(lambda: bool(odd))
    start = threading.Barrier(count, lambda: left.append(next(rounds, False)))
    left: list[bool] = []

    def work(number: int) -> None:
        which, chance = number % len(calls), Random(number)  # noqa: S311 - no secret
        while start.wait() is not None and left[-1]:
            sys.settrace(_stopping(chance) if len(left) % 2 == 0 else None)
            given = make(*calls[which])
            sys.settrace(None)
            if not _same(given, alone[which]):
                odd.setdefault(which, given)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)
    return [odd.get(number, given) for number, given in enumerate(alone)]


def _stopping(chance: Random) -> Callable[..., Any]:
    """A function for `sys.settrace` by which a thread stops at some lines, so that others overtake it there."""
    left = _STOPS

    def trace(*_: Any) -> Any:
        nonlocal left
        if left and chance.random() < _STOP_SHARE:
            left -= 1
            time.sleep(_STOP_SECONDS)
        return trace if left else None

    return trace


def _rounds(is_enough: Callable[[], bool]) -> Iterator[bool]:
    """True for every round that is to be made."""
    busy, begun = time.process_time(), time.monotonic()
    for number in range(_MOST):
        has_worked = number >= _LEAST and time.process_time() - busy > _BUSY_SECONDS
        is_late = number >= 1 and time.monotonic() - begun > _SECONDS
        if is_enough() or has_worked or is_late:
            return
        yield True


def _same(one: Answer, other: Answer) -> bool:
    return one[0] == other[0] and all(
        array.shape == other[1][name].shape and array.tobytes() == other[1][name].tobytes()
        for name, array in one[1].items()
    )


def _around_a_fork(calls: Sequence[Answer], seconds: float, make: Make) -> list[Answer]:
    """The answers to a call, to another in a process that is forked off then, and to a third after that."""
    before, within, after = calls
    return [make(*before), in_a_fork(within, seconds, make), make(*after)]


def in_a_fork(call: Answer, seconds: float, make: Make) -> Answer:
    """What a forked process answers, or how it failed to within so many seconds. It has ended afterwards, whatever it did."""
    end, begin = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            protocol.send(os.fdopen(begin, "wb"), *make(*call))
        finally:
            os._exit(0)
    os.close(begin)
    with os.fdopen(end, "rb", buffering=0) as stream:
        sent = _read(stream, time.monotonic() + seconds)
    os.kill(child, signal.SIGKILL)  # which says nothing to who has ended already
    _, status = os.waitpid(child, 0)
    if sent is None:
        return {"type": "hung", "reason": f"no answer within {seconds:g} s"}, {}
    received = protocol.receive(BytesIO(sent))
    if received is None:
        code = os.waitstatus_to_exitcode(status)
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        return {"type": "died", "reason": how}, {}
    return received


def _read(stream: IO[bytes], deadline: float) -> bytes | None:
    """All that is written to a pipe until nobody can write to it any more; None if that takes too long."""
    data = bytearray()
    while select.select([stream], [], [], max(deadline - time.monotonic(), 0))[0]:
        piece = stream.read(_PIECE)
        if not piece:
            return bytes(data)
        data += piece
    return None
