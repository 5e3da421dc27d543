"""The two pipes of a worker, neither of which can keep the runner: whatever holds the other end, waiting has an end."""

from __future__ import annotations

import io
import os
import select
import time
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

TICK = 0.25
"""Seconds between looks whether there is still somebody to wait for."""

_PIECE = 2**16  # bytes written at once: what a pipe holds


class Incoming(io.RawIOBase):
    """What a process writes. It ends when the process has; whoever else holds the pipe, as an orphan does, is not waited for."""

    def __init__(self, file: IO[bytes], is_over: Callable[[], bool]) -> None:
        """Reads from ``file``, until it ends, or brings nothing while ``is_over``."""
        self._file, self._is_over = file, is_over
        self._poll = select.poll()
        self._poll.register(file, select.POLLIN)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Waits for bytes; 0 at the end."""
        while not self._poll.poll(TICK * 1000):
            if self._is_over():
                return 0
        return os.readv(self._file.fileno(), [buffer])


class Outgoing:
    """What a process reads, as a stream that is only written to."""

    def __init__(self, file: IO[bytes]) -> None:
        """Writes to ``file``."""
        self._file = file
        os.set_blocking(file.fileno(), False)
        self._poll = select.poll()
        self._poll.register(file, select.POLLOUT)
        self._deadline = 0.0
        self._is_over: Callable[[], bool] = lambda: True

    def limit(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """What is written from now on must be taken within ``seconds``, and before ``is_over``."""
        self._deadline, self._is_over = time.monotonic() + seconds, is_over

    def write(self, data: bytes) -> int:
        """Writes all of ``data``.

        Raises:
            TimeoutError: nobody took it in time.
            OSError: nobody can take it any more.
        """
        left = memoryview(data)
        while left:
            if self._is_over() or time.monotonic() >= self._deadline:
                raise TimeoutError
            if self._poll.poll(TICK * 1000):
                left = left[os.write(self._file.fileno(), left[:_PIECE]) :]
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Ends it."""
        self._file.close()
