"""What a worker keeps of earlier calls, as a caller does: the arrays that it fills anew for the next, and the results."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

_RESULTS = 6  # that are kept: who has a few buffers and takes them in turn gives one of these out again
_MOST_BYTES = 2**26  # of all results that are kept


class Past:
    """The arrays and the results of earlier calls."""

    def __init__(self) -> None:
        """There are none yet."""
        self._arrays: dict[str, np.ndarray] = {}
        self._results: deque[tuple[np.ndarray, bytes]] = deque(maxlen=_RESULTS)

    def filled(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Arrays with these values: those of the call before, where they have the shape and the type.

        Whoever takes an array that it has seen for one that it knows is wrong then.
        """
        for name, array in arrays.items():
            kept = self._arrays.get(name)
            if kept is not None and kept.shape == array.shape and kept.dtype == array.dtype and kept.flags.writeable:
                kept[...] = array
            else:
                self._arrays[name] = array.copy()
        return {name: self._arrays[name] for name in arrays}

    def add(self, result: np.ndarray) -> bool:
        """Keeps the result of a call; returns whether an earlier one has changed since, or is in the same memory."""
        reused = any(kept.tobytes() != before or _share(kept, result) for kept, before in self._results)
        if reused or sum(kept.nbytes for kept, _ in self._results) + result.nbytes > _MOST_BYTES:
            self._results.clear()
        if result.nbytes <= _MOST_BYTES:
            self._results.append((result, result.tobytes()))
        return reused


def _share(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether a change of one array could be seen in the other; memory that nobody may write to may be shared."""
    return one.flags.writeable and other.flags.writeable and np.may_share_memory(one, other)
