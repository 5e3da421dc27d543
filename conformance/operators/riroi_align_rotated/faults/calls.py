"""The faults behind `mutants.py` that are in no formula: changes to a call before the oracle sees it, or to its answer.

Those of rotated RoIAlign that add up what each RoI sends are made here of what is mixed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ....operation import Operation
from ..oracle.output import result_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....exact.numbers import Array
    from ..oracle.asked import Asked


def first_feature(asked: Asked) -> Asked:
    """Only the orientations of the first feature are looked at."""
    assert asked.grad is not None
    count = asked.orienting.orientations
    return replace(asked, pixels=asked.pixels[:, :count], grad=asked.grad[:, :count])


def first_orientation(asked: Asked) -> Asked:
    """Only what arrives at the first orientation of each feature is looked at."""
    assert asked.grad is not None
    grad = np.zeros_like(asked.grad)
    count = asked.orienting.orientations
    grad[:, ::count] = asked.grad[:, ::count]
    return replace(asked, grad=grad)


def _sent_by_each(asked: Asked) -> Iterator[Array]:
    """The gradient that each RoI sends."""
    assert asked.grad is not None
    for k in range(len(asked.boxes)):
        one = replace(asked, boxes=asked.boxes[k : k + 1], grad=asked.grad[k : k + 1])
        yield result_of(one, Operation.FEATURE_GRADIENT).values


def last_wins(values: Array, asked: Asked) -> Array:
    """Of the RoIs that send to a pixel the last one's share remains."""
    for sent in _sent_by_each(asked):
        values = np.where(sent != 0, sent, values)
    return values


def first_only(values: Array, asked: Asked) -> Array:
    """Only the first RoI sends."""
    return next(_sent_by_each(asked), values)
