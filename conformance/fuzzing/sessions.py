"""Sessions with implementations that a process keeps from batch to batch: a worker takes longer to start than a batch to run."""

from __future__ import annotations

import atexit
import threading
from typing import TYPE_CHECKING

from ..workers.twice import open_session

if TYPE_CHECKING:
    from ..results.result import Subject
    from ..workers.process import Target
    from ..workers.session import Session
    from ..workers.twice import Twice

_sessions: dict[tuple[Target, float, bool], Session | Twice] = {}


def session_with(target: Target, seconds: float, once: bool) -> Session | Twice:
    """The session of this process with an implementation, whose calls have a limit, and are made in one process only or not."""
    key = target, seconds, once
    if key not in _sessions:
        _sessions[key] = open_session(target, seconds, threading.Event(), once=once)
    return _sessions[key]


@atexit.register
def close_sessions() -> None:
    """Ends the workers of this process."""
    while _sessions:
        _sessions.popitem()[1].close()


def greet(target: Target, seconds: float, once: bool) -> Subject:
    """What an implementation says of itself."""
    return session_with(target, seconds, once).open()
