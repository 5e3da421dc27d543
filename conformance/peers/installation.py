"""Makes the environment of a peer: a virtual environment, what pip puts into it, what is built in it, and a record of it all.

An installation that was cut off is taken up where it is; should that fail, it is begun anew.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..implementation import registered
from ..workers.process import Target, exposed_package
from ..workers.session import Session
from .environments import Record, State, cache_directory, python_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TextIO

    from .environments import Environment, Step

    Report = Callable[[str], None]
    """Is told what goes on, a few words at a time."""

_TROUBLES = (
    (("No space left on device",), "the disk is full"),
    (
        (
            "NewConnectionError",
            "NameResolutionError",
            "ConnectTimeoutError",
            "ReadTimeoutError",
            "ProxyError",
            "SSLError",
        ),
        "the package index cannot be reached: is there a network?",
    ),
    (("No matching distribution found",), "pip finds no such package for this machine"),
    (("error: command", "CompilerNotFound", "ninja: build stopped"), "the compiler failed"),
)
"""What the output of pip or of a build gives away, and what it means."""

_COMPILERS = ("c++", "g++", "clang++")
_ROOM = 1.2  # times the size of what is installed, while it is being installed


class InstallationError(Exception):
    """An environment could not be made. The message says why, and where there is more to read."""


class _Failure(Exception):  # noqa: N818 - becomes an InstallationError
    """A command that failed, and all it printed."""

    def __init__(self, doing: str, output: str) -> None:
        super().__init__(doing, output)
        self.doing, self.output = doing, output

    def __str__(self) -> str:
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        meaning = next((said for marks, said in _TROUBLES if any(mark in self.output for mark in marks)), "")
        last = next((line for line in reversed(lines) if line.lower().startswith("error")), lines[-1] if lines else "")
        return f"{self.doing}: {f'{meaning} ({last})' if meaning else last or 'failed'}"


def check_room(environments: Sequence[Environment]) -> None:
    """Raises InstallationError if what is to be installed does not fit on the disk."""
    folder = cache_directory()
    folder.mkdir(parents=True, exist_ok=True)
    needed = sum(environment.disk for environment in environments) * _ROOM
    free = shutil.disk_usage(folder).free / 1e6
    if needed > free:
        raise InstallationError(f"{needed:.0f} MB are needed in {folder}, and {free:.0f} MB are free")


def base_python() -> list[str]:
    """The command of the Python that environments are made with.

    Raises:
        InstallationError: there is none of the version that the pinned packages need.
    """
    wanted = python_version()
    if f"{sys.version_info.major}.{sys.version_info.minor}" == wanted:
        return [sys.executable]
    if path := shutil.which(f"python{wanted}"):
        return [path]
    raise InstallationError(f"the packages are pinned for Python {wanted}, and there is no python{wanted} on the PATH")


def install(environment: Environment, report: Report) -> Record:
    """Makes an environment, or brings it up to date; returns the record, which an up-to-date one keeps.

    Raises:
        InstallationError: it could not be made.
    """
    if missing := [need for need in environment.needs if not _is_there(need)]:
        raise InstallationError(f"a {' and a '.join(missing)} compiler is needed (Debian: apt-get install g++)")
    try:
        environment.folder.mkdir(parents=True, exist_ok=True)
        with _lock(environment):
            state = environment.state()
            if state == State.COMPLETE and (record := environment.record()):
                return record
            return _install(environment, report, afresh=state == State.OUTDATED)
    except OSError as error:
        raise InstallationError(f"{error.strerror or error}: {error.filename or environment.folder}") from error


def _is_there(need: str) -> bool:
    if need == "c++":
        return any(shutil.which(name) for name in (os.environ.get("CXX") or "c++", *_COMPILERS))
    return shutil.which(need) is not None


@contextmanager
def _lock(environment: Environment) -> Iterator[None]:
    """Keeps others from installing the same environment meanwhile; whoever dies lets go."""
    with (environment.folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InstallationError(f"{environment.name} is being installed by another process") from None
        yield


def _install(environment: Environment, report: Report, *, afresh: bool) -> Record:
    started = time.monotonic()
    environment.discard_record()
    with environment.log.open("w", encoding="utf-8") as log:
        resumed = not afresh and _works(environment)
        try:
            _take_steps(environment, report, log, resumed=resumed)
        except _Failure as failure:
            if not resumed:
                raise InstallationError(f"{failure}; all of it is in {environment.log}") from None
            report("begins anew")
            try:
                _take_steps(environment, report, log, resumed=False)
            except _Failure as again:
                raise InstallationError(f"{again}; all of it is in {environment.log}") from None
        record = Record(
            steps=environment.plain_steps(),
            python=_output(environment, "import platform; print(platform.python_version())"),
            packages=_run([environment.python, "-m", "pip", "freeze", "--all"], "pip freeze", log).splitlines(),
            installed=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - started, 1),
            bytes=environment.size(),
        )
    environment.write_record(record)
    return record


def _works(environment: Environment) -> bool:
    """Whether there is an environment whose pip can be run."""
    try:
        command = [str(environment.python), "-m", "pip", "--version"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _output(environment: Environment, program: str) -> str:
    return subprocess.run(
        [environment.python, "-c", program], capture_output=True, text=True, check=True
    ).stdout.strip()


def _take_steps(environment: Environment, report: Report, log: TextIO, *, resumed: bool) -> None:
    """Takes all steps; pip passes over what an earlier attempt has installed."""
    if not resumed:
        report("virtual environment")
        _run([*base_python(), "-m", "venv", "--clear", str(environment.folder / "venv")], "venv", log, report)
    for step in environment.steps:
        _take(step, environment, report, log)
    for name in environment.implementations:
        report(f"loads {name}")
        _check(name, environment)


def _take(step: Step, environment: Environment, report: Report, log: TextIO) -> None:
    if step.pip:
        pip = [str(environment.python), "-m", "pip", "install", "--progress-bar", "off", "--disable-pip-version-check"]
        _run([*pip, *step.options, *step.pip], f"pip install {' '.join(step.pip)}", log, report)
    if step.build:
        module = f"{__package__}.{step.build}"
        _run([str(environment.python), "-m", module, str(environment.folder / "build")], step.build, log, report)


def _check(implementation: str, environment: Environment) -> None:
    """Loads an implementation as a run would."""
    point = registered()[implementation]
    target = Target(implementation, f"adapter:{point.module}:{point.attr}", python=str(environment.python), bare=True)
    session = Session(target, 1.0, threading.Event())
    try:
        subject = session.open()
    finally:
        session.close()
    if subject.state != "ran":
        raise _Failure(f"{implementation} cannot be loaded", subject.reason)


def _run(command: Sequence[object], doing: str, log: TextIO, report: Report | None = None) -> str:
    """Runs a command, reports its lines, and returns them."""
    words = [str(word) for word in command]
    log.write(f"$ {' '.join(words)}\n")
    log.flush()
    # The user's own packages and paths stay outside; a build finds this package, and nothing else of ours.
    environment = {"PYTHONNOUSERSITE": "1", **os.environ, "PYTHONPATH": str(exposed_package())}
    lines = []
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        env=environment,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            log.write(line)
            if report and line.strip() and not line.startswith("WARNING:"):
                report(line.strip())
    output = "".join(lines)
    if process.returncode != 0:
        raise _Failure(doing, output)
    return output
