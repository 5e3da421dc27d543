"""A worker process as the runner sees it: started, spoken to, waited for, and ended."""

from __future__ import annotations

import atexit
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..call import Unsupported
from . import protocol

if TYPE_CHECKING:
    import numpy as np

_TICK = 0.25  # seconds between looks whether the run is to stop

POISONS = (0xA5, 0x5A)
"""Bytes that the memory of workers is filled with: as numbers of any type, one is tiny and the other is large."""

Message = tuple[dict[str, Any], dict[str, "np.ndarray"]]


@dataclass(frozen=True, slots=True)
class Target:
    """An implementation to run.

    Attributes:
        name: What it is called in results.
        spec: What the worker is to load (see worker.py).
        dialects: The dialects to judge it by; None means those that it describes.
        operator: The operator that it computes, if it is a plain function; None means those that it describes.
        python: The interpreter of its worker.
        command: What to start instead of roikit's own worker, if it has one of its own (``PROTOCOL.md``).
        bare: Whether that is one of an environment of its own, which has NumPy but not roikit, and which nothing of this
            process's import path is to reach.
    """

    name: str
    spec: str
    dialects: tuple[str, ...] | None = None
    python: str = sys.executable
    command: tuple[str, ...] = ()
    bare: bool = False
    operator: str | None = None

    def dialects_of(self, operator: str, described: tuple[str, ...]) -> tuple[str, ...]:
        """The dialects of an operator to judge it by, of those that it ``described``."""
        if self.dialects is None:
            return described
        return self.dialects if self.operator in (None, operator) else ()

    @property
    def starts(self) -> tuple[str, ...]:
        """What is typed to start its worker."""
        return self.command or (self.python, "-m", "roikit.conformance.workers.worker", self.spec)


@cache
def exposed_package() -> Path:
    """A directory in which roikit lies alone, however it is installed here, for interpreters that lack it."""
    chosen = Path(tempfile.mkdtemp(prefix="roikit-package-"))
    atexit.register(shutil.rmtree, chosen, ignore_errors=True)
    (chosen / "roikit").mkdir()
    for name in ("kernels", "conformance"):
        (chosen / "roikit" / name).symlink_to(str(files(f"roikit.{name}")), target_is_directory=True)
    return chosen


def _environment(target: Target, poison: int) -> dict[str, str]:
    """The environment of a worker: glibc fills what it hands out, and what it takes back, with ``poison``."""
    tunables = (os.environ.get("GLIBC_TUNABLES"), f"glibc.malloc.perturb={poison}", "glibc.malloc.tcache_count=0")
    variables = {
        "OMP_WAIT_POLICY": "PASSIVE",  # idle threads of several workers must not spin on cores that others need
        **os.environ,
        "GLIBC_TUNABLES": ":".join(filter(None, tunables)),  # what is cached per thread would not be filled
        "ROIKIT_POISON": str(poison),
    }
    if target.bare:
        variables |= {"PYTHONPATH": str(exposed_package()), "PYTHONNOUSERSITE": "1"}
    return variables


class WorkerGoneError(Exception):
    """The worker ended, or said something that is no message, instead of answering."""


class WorkerTimeoutError(Exception):
    """The worker did not answer in time."""


class Worker:
    """A worker process, as the runner sees it."""

    def __init__(self, target: Target, poison: int = POISONS[0]) -> None:
        """Starts the process, whose memory is filled with the byte ``poison``."""
        with ExitStack() as stack:
            self._stderr = stack.enter_context(tempfile.TemporaryFile())
            self._process = subprocess.Popen(
                target.starts,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                env=_environment(target, poison),
                start_new_session=True,  # Ctrl-C is the runner's, and what the worker starts can be ended with it
            )
            stack.pop_all()
        self._nonsense = ""
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        try:
            with suppress(OSError):
                while (message := protocol.receive(self._process.stdout)) is not None:
                    self._messages.put(message)
        except (protocol.ProtocolError, Unsupported) as error:
            self._nonsense = str(error)
        finally:
            self._messages.put(None)

    def receive(self, seconds: float, stop: threading.Event) -> Message:
        """The worker's next message.

        Raises:
            WorkerTimeoutError: none came within ``seconds``, or before ``stop`` was set.
            WorkerGoneError: none will come.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                message = self._messages.get(timeout=min(_TICK, max(deadline - time.monotonic(), 0)))
                break
            except queue.Empty:
                if stop.is_set() or time.monotonic() >= deadline:
                    raise WorkerTimeoutError from None
        if message is None:
            raise WorkerGoneError
        return message

    def send(self, message: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        """Sends a message; raises WorkerGoneError if nobody is there."""
        assert self._process.stdin is not None
        try:
            protocol.send(self._process.stdin, message, arrays)
        except OSError:
            raise WorkerGoneError from None

    def obituary(self) -> str:
        """How the process ended, and the last line that it printed; or what it said that is no message."""
        if self._nonsense:
            return f"the worker said something else than a message: {self._nonsense[:300]}"
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "the worker stopped talking"
        how = f"exit status {code}"
        if code < 0:
            how = f"killed by {signal.Signals(-code).name}"
        self._stderr.seek(0)
        lines = [line for line in self._stderr.read().decode(errors="replace").splitlines() if line.strip()]
        return f"{how}: {lines[-1][:300]}" if lines else how

    def close(self) -> None:
        """Ends the process, by force if need be."""
        assert self._process.stdin is not None
        with suppress(OSError):  # what was not yet sent has no reader
            self._process.stdin.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with suppress(OSError):  # children that the worker left behind hold the pipe open
            os.killpg(self._process.pid, signal.SIGKILL)
        self._listener.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._stderr.close()
