"""How a forward call is laid out whose blocks hold the taps, or samples, of each row and column of bins of a RoI."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .pooling_plan import Plan, Room, Work
from .sampling import bytes_of_lists, check_list_sizes, list_capacity

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..calls.problem import Problem
    from ..dialects.choices import Outside


def laid_out(
    problem: Problem,
    sampling: tuple[int, int],
    outside: Outside,
    prepared_bytes: int,
    plan: Callable[[Work, Room], Plan],
) -> Plan:
    """A plan with room for the taps of averages, or the samples of maxima, besides a RoI's ``Prepared`` struct of so many bytes.

    Of several levels the greatest height, and the greatest width, are reckoned with.

    Raises:
        ValueError: there would be too many of them, or too much to pool.
    """
    work = Work.of(problem)
    sizes = zip(problem.bins, sampling, (max(problem.heights), max(problem.widths)), strict=True)
    y, x = (list_capacity(*size, problem.mode, outside) for size in sizes)
    check_list_sizes(y=y, x=x)
    work.check()
    both = zip((y, x), problem.bins, strict=True)
    lists = sum(bytes_of_lists(capacity, bins, problem.mode, work.wide) for capacity, bins in both)
    plain = plan(work, Room(prepared_bytes + lists))
    return replace(plain, fields={**plain.fields, "capacity_y": y, "capacity_x": x})
