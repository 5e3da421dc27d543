"""A worker process as the runner sees it: started, spoken to, waited for, and ended."""

from __future__ import annotations

import atexit
import io
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
from .pipes import TICK, Incoming, Outgoing

if TYPE_CHECKING:
    import numpy as np

_MOST_UNREAD = 8  # messages that a worker may be ahead: it is sent fewer calls than that before its answers are read
_LAST_WORDS = 2**16  # bytes of what it printed, among which its last line is looked for
_LONGEST_REASON = 300  # characters
_ENDING_SECONDS = 2.0  # for a worker to end once nothing more is asked of it, and for its threads here

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
    (chosen / "roikit/__init__.py").symlink_to(str(files("roikit") / "__init__.py"))  # else one that is installed wins
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
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                env=_environment(target, poison),
                start_new_session=True,  # Ctrl-C is the runner's, and what the worker starts can be ended with it
            )
            stack.pop_all()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._calls, self._answers = Outgoing(self._process.stdin), self._process.stdout
        self._closing = threading.Event()
        self._is_deaf = False
        self._nonsense = ""
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _has_ended(self) -> bool:
        return self._closing.is_set() or _is_dead(self._process)

    def _listen(self) -> None:
        stream = io.BufferedReader(Incoming(self._answers, self._has_ended))
        try:
            with suppress(OSError):
                while (message := protocol.receive(stream)) is not None:
                    self._messages.put(message)
                    if self._messages.qsize() > _MOST_UNREAD:
                        self._nonsense = "more answers than it was asked for"
                        return
        except (protocol.ProtocolError, Unsupported) as error:
            self._nonsense = str(error)
        finally:
            self._messages.put(None)
            self._answers.close()

    def receive(self, seconds: float, stop: threading.Event) -> Message:
        """The worker's next message.

        Raises:
            WorkerTimeoutError: none came within ``seconds``, or before ``stop`` was set.
            WorkerGoneError: none will come.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                message = self._messages.get(timeout=min(TICK, max(deadline - time.monotonic(), 0)))
                break
            except queue.Empty:
                if stop.is_set() or time.monotonic() >= deadline:
                    raise WorkerTimeoutError from None
        if message is None:
            raise WorkerGoneError
        return message

    def send(
        self, message: dict[str, Any], arrays: dict[str, np.ndarray], seconds: float, stop: threading.Event
    ) -> None:
        """Sends a message, unless the worker did not take an earlier one.

        Raises:
            WorkerTimeoutError: it was not taken within ``seconds``, or before ``stop`` was set.
            WorkerGoneError: nobody is there.
        """
        if self._is_deaf:
            raise WorkerTimeoutError
        self._calls.limit(seconds, lambda: stop.is_set() or self._has_ended())
        try:
            protocol.send(self._calls, message, arrays)
        except TimeoutError:
            self._is_deaf = True  # what would follow part of a message is no message
            raise WorkerTimeoutError from None
        except OSError:
            raise WorkerGoneError from None

    def obituary(self) -> str:
        """How the process ended, and the last line that it printed; or what it said that is no message."""
        if self._nonsense:
            return f"the worker said something else than a message: {self._nonsense[:_LONGEST_REASON]}"
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "the worker stopped talking"
        how = f"killed by {signal_name(-code)}" if code < 0 else f"exit status {code}"
        return ": ".join(filter(None, (how, self._last_line())))

    def _last_line(self) -> str:
        file = self._stderr.fileno()
        printed = os.pread(file, _LAST_WORDS, max(os.fstat(file).st_size - _LAST_WORDS, 0)).decode(errors="replace")
        lines = [protocol.one_line(line, _LONGEST_REASON) for line in printed.split("\n")]
        return next(filter(None, reversed(lines)), "")

    def close(self) -> None:
        """Ends the process, and those of its group, by force if need be. What has left the group is not waited for."""
        with suppress(OSError):
            self._calls.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDING_SECONDS)
        with suppress(OSError):  # children that the worker left behind, too
            os.killpg(self._process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):  # one that waits for a device does not die
            self._process.wait(_ENDING_SECONDS)
        self._closing.set()
        self._listener.join(_ENDING_SECONDS)
        self._stderr.close()


def _is_dead(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process has ended. Its number is not given to another before it is closed, which ends all of that group."""
    if process.returncode is not None or not hasattr(os, "waitid"):
        return process.poll() is not None
    with suppress(ChildProcessError):
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    return True


def signal_name(number: int) -> str:
    """What a signal is called; those for real time have no names of their own."""
    if signal.SIGRTMIN < number <= signal.SIGRTMAX:
        return f"SIGRTMIN+{number - signal.SIGRTMIN}"
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
