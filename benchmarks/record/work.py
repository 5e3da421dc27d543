"""What a record is asked to measure, and the step that comes before any of it, wherever it is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..operators import UNNAMED
from . import goldens

if TYPE_CHECKING:
    from ..operator import Operator
    from .document import Document


@dataclass(frozen=True)
class Work:
    """Some operations of an operator, on some of its rows."""

    operator: Operator
    operations: list[Any]
    rows: list[str]

    @property
    def label(self) -> str:
        """What the names of its steps begin with, and a space; nothing for the operator that records need not name."""
        return "" if self.operator.name == UNNAMED else f"{self.operator.name} "


def measure_goldens(document: Document, operator: Operator, implementation: str, seconds: float, jobs: int) -> None:
    """Adds the conformance of an implementation to an operator, if it is not there yet.

    Raises:
        RuntimeError: no case was run, or not all.
    """
    found = document.content.setdefault("conformance", {})
    name = implementation if operator.name == UNNAMED else f"{implementation} {operator.name}"
    if found.get(name, {}).get("complete"):
        return
    result = found[name] = goldens.judge(operator, implementation, min(seconds, document.seconds_left), jobs)
    if not result["verdicts"] or not result["complete"]:
        raise RuntimeError(f"the golden cases did not end; exit status {result['status']}, {result['verdicts']}")
