"""Runs a launch on arrays, which go to the kernel by name, where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..memory import device_address, host_address
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
    if len(arrays) != len(launch.arrays):
        raise TypeError(f"{launch.source.entry} takes {launch.source.arrays}, not {', '.join(arrays)}")
    where = host_address if xp is np else device_address
    addresses = []
    for name, dtype in launch.arrays:
        array = arrays.get(name, launch)
        if array is None:
            addresses.append(0)
        elif array is not launch and array.dtype == dtype:
            addresses.append(where(array))
        else:
            raise TypeError(f"{launch.source.entry} takes {launch.source.arrays}, but has no {name} of {dtype}")
    pointers = [*map(where, of_levels)]
    addresses += pointers if len(pointers) == launch.source.addresses else launch.source.spread(pointers)
    if xp is np:
        host.run(launch, addresses, threads)
    else:
        device.run(launch, addresses)
