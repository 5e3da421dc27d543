"""What an implementation returned, kept to find out why it is wrong where it is."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ..diagnosing.cause import Failing, Passing
from ..verdict import Verdict

if TYPE_CHECKING:
    from ..diagnosing.cause import Cause
    from ..workers.session import Judged, Plan

_SECONDS = 10.0
"""How long it is looked for why an implementation is wrong, unless it is said."""

_MOST_FAILING = 400  # calls that are looked at


class Evidence:
    """What an implementation returned where it is wrong, and where it is right."""

    def __init__(self, implementation: str, seconds: float | None = None) -> None:
        """Collects what one implementation returns; it is looked for so many seconds why that is wrong."""
        self._implementation, self._seconds = implementation, _SECONDS if seconds is None else seconds
        self._failing: list[Failing] = []
        self._passing: list[Passing] = []
        self._lock = threading.Lock()

    def add(self, made: Plan, judged: Judged) -> None:
        """Takes a call that was judged."""
        case, dialect, dtype, layout = made
        with self._lock:
            if judged.array is not None and len(self._failing) < _MOST_FAILING:
                self._failing.append(Failing(case, dialect, dtype, layout, judged.array))
            elif judged.judgement.verdict == Verdict.CONFORMS and case.kind == "value" and not judged.judgement.refused:
                self._passing.append(Passing(case, dialect, dtype))

    def causes(self, failed: set[tuple[str, ...]] | None = None) -> list[Cause]:
        """Why calls failed; if they are named, by case, dialect, data type and layout, of those alone."""
        named = ((each, (each.case.id, each.dialect, each.dtype, each.layout)) for each in self._failing)
        failing = [each for each, name in named if failed is None or name in failed]
        if not failing:
            return []
        from ..diagnosing.search import diagnose  # which loads all faults

        return diagnose(self._implementation, failing, self._passing, self._seconds)
