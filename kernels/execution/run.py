"""Runs a launch on arrays, which go to the kernel by name, where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import name_of
from ..memory import address
from . import device, host

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    from .launch import Launch


def run(
    xp: ModuleType, launch: Launch, arrays: Mapping[str, Any], of_levels: Sequence[Any] = (), threads: int = 1
) -> None:
    """Runs a launch where the arrays of ``xp`` are; on a CPU on so many threads.

    Args:
        xp: NumPy or CuPy.
        launch: What to run.
        arrays: The arrays that the kernel takes, by the names that its signature gives them; None for what it can do without.
        of_levels: The arrays whose addresses its struct begins with.
        threads: On a CPU, over how many threads its blocks are spread.

    Raises:
        TypeError: the kernel takes other arrays, or other data types.
    """
    taken = launch.source.arrays
    if len(arrays) != len(taken):
        raise TypeError(f"{launch.source.entry} takes {taken}, not {', '.join(arrays)}")
    addresses = []
    for name, dtype in taken.items():
        array = arrays.get(name)
        if (array is not None and name_of(array.dtype) != dtype) or name not in arrays:
            raise TypeError(f"{launch.source.entry} takes {taken}, but has no {name} of {dtype}")
        addresses.append(address(xp, array))
    addresses += [address(xp, array) for array in of_levels]
    if xp is np:
        host.run(launch, addresses, threads)
    else:
        device.run(launch, addresses)
