"""Makes several things side by side, in processes that are forked from this one and know all that it knows."""

from __future__ import annotations

import multiprocessing
import os
import signal
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Part = Callable[[], int]

_parts: Sequence[Part] = ()
"""What is being made, for the processes to find where they were forked."""


def _make(number: int) -> int:
    return _parts[number]()


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def made(parts: Sequence[Part]) -> Iterator[int]:
    """Makes all parts and yields what each returns, as it ends: a number of pages. Large ones had better come first.

    No thread may be holding a lock when this begins. Where a process cannot be forked, or there is one core, they are made here.
    """
    global _parts  # noqa: PLW0603 - which the processes inherit: parts know the whole site, and are not sent
    processes = min(_cores(), len(parts))
    if processes < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield from (part() for part in parts)
        return
    _parts = parts
    context = multiprocessing.get_context("fork")
    with (
        warnings.catch_warnings(
            action="ignore", category=DeprecationWarning
        ),  # of threads of OpenBLAS, which sees to itself
        ProcessPoolExecutor(processes, context, _leave_interrupts_to_the_parent) as pool,
    ):
        try:
            for future in as_completed([pool.submit(_make, number) for number in range(len(parts))]):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        finally:
            _parts = ()
