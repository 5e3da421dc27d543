"""Batches on a cluster of dask.distributed: ``roikit fuzz IMPLEMENTATION --scheduler tcp://host:8786``.

Its workers need roikit, with the extra ``fuzz``, and the implementation. A batch follows from its task alone, so that the
cluster may begin it anew when a worker is lost; it comes back once. Needs ``pip install 'roikit[scale]'``.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from .batch import run_batch

if TYPE_CHECKING:
    from .batch import Batch, Task

_AHEAD = 2  # batches per thread of the cluster that are handed over before their turn
_RETRIES = 5  # of a batch whose worker raised, as one does that is told to end


class Cluster:
    """Runs batches on a cluster."""

    def __init__(self, address: str) -> None:
        """Connects to the scheduler at ``address``.

        Raises:
            OSError: nobody is there.
        """
        from distributed import Client, as_completed

        self._client = Client(address, set_as_default=False)
        self._run = uuid.uuid4().hex[:8]
        self._coming = as_completed(loop=self._client.loop, with_results=True)

    @property
    def wanted(self) -> int:
        """How many batches should be on their way: enough for the workers that there are now."""
        threads: dict[str, int] = self._client.nthreads()
        return _AHEAD * max(sum(threads.values()), 1)

    def hand_over(self, task: Task) -> None:
        """Begins a batch, under a name that no other batch of any run has."""
        key = f"roikit-{self._run}-{task.number}"
        self._coming.add(self._client.submit(run_batch, task, key=key, pure=False, retries=_RETRIES))

    def take(self) -> list[Batch]:
        """Waits for a batch. What a worker that was lost had begun is run again by another."""
        _, batch = self._coming.__next__()
        return [batch]

    def close(self) -> None:
        """Leaves what has not ended."""
        waiting: list[Any] = list(self._coming.futures)
        self._client.cancel(waiting)
        self._client.close()
