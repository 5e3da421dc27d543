"""The file of a record: written anew after every step, so that a run that is cut off leaves what it had."""

from __future__ import annotations

import json
import os
import time
import traceback
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..operators import UNNAMED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FORMAT = 1
"""Version of the form; ``reports/schema/record.schema.json`` describes it."""


RESTLESS = 0.1
"""A row is measured anew by a run that resumes, if its A/A spread or the share of other processes is more than this."""


class NothingMeasuredError(Exception):
    """A run without a single timed row."""


def now() -> str:
    """The time, in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass
class Document:
    """A record in the making.

    Attributes:
        path: The file.
        deadline: When, by `time.monotonic`, no more steps are to begin.
        content: What will be in the file.
    """

    path: Path
    deadline: float
    content: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def begin(cls, path: Path, minutes: float, facts: dict[str, Any], *, resume: bool) -> Document:
        """A new record, or with ``resume`` the one in the file if it is of the same commit, to be continued."""
        deadline = time.monotonic() + 60 * minutes
        fresh = {"format": FORMAT, "started": now(), "complete": False, **facts, "stages": [], "rows": []}
        if resume and path.exists():
            content = json.loads(path.read_text(encoding="utf-8"))
            if content.get("format") == FORMAT and content["source"] == facts["source"]:
                stages = [stage for stage in content["stages"] if stage["state"] == "done"]
                return cls(path, deadline, {**content, "complete": False, "stages": stages})
        return cls(path, deadline, fresh)

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline; negative after it."""
        return self.deadline - time.monotonic()

    def save(self) -> None:
        """Writes the file, whole or not at all."""
        self.content["written"] = now()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".partial")
        text = json.dumps(self.content, indent=1, allow_nan=False, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")
        os.replace(temporary, self.path)  # noqa: PTH105 - as atomic as can be

    def stage(self, name: str, step: Callable[[], object], *, least: float = 5) -> None:
        """Takes a step and writes the file; a step that fails is noted, and one that finds too little time is not taken."""
        started = time.monotonic()
        state, reason = "done", ""
        if self.seconds_left < least:
            state, reason = "skipped", "no time was left"
        else:
            try:
                step()
            except Skipped as skipped:
                state, reason = "skipped", str(skipped)
            except Exception as error:  # noqa: BLE001 - whatever ails one step, the others are taken
                state, reason = "failed", f"{type(error).__name__}: {error}"
                traceback.print_exc()
        seconds = round(time.monotonic() - started, 2)
        self.content["stages"].append({"name": name, "state": state, "reason": reason, "seconds": seconds})
        self.save()

    def has_row(self, operator: str, operation: str, name: str, place: str, threads: int | None) -> bool:
        """Whether a row is in the record already, and was measured in peace."""
        key = operator, operation, name, place, threads
        return any(_key(row) == key and is_calm(row) for row in self.content["rows"])

    def add_row(self, row: dict[str, Any]) -> None:
        """Adds a row, in place of an earlier one if there is one."""
        rows = self.content["rows"]
        rows[:] = [other for other in rows if _key(other) != _key(row)] + [row]

    def finish(self) -> None:
        """Marks the record as complete if every step was taken.

        Raises:
            NothingMeasuredError: there is no timed row.
        """
        self.content["complete"] = all(stage["state"] == "done" for stage in self.content["stages"])
        self.save()
        if not self.content["rows"]:
            raise NothingMeasuredError(f"no row was measured; {self.path} says why")


def operator_of(row: Mapping[str, Any]) -> str:
    """The operator of a row; older records do not say it."""
    return str(row.get("operator", UNNAMED))


def operation_of(row: Mapping[str, Any]) -> str:
    """The operation of a row; older records have forward only, and do not say so."""
    return str(row.get("operation", "forward"))


def _key(row: Mapping[str, Any]) -> tuple[str, str, str, str, int | None]:
    return operator_of(row), operation_of(row), row["row"], row["place"], row["threads"]


def is_calm(row: Mapping[str, Any]) -> bool:
    """Whether a row can be believed: its A/A control agrees, and nobody else kept the cores busy."""
    return row["control"]["spread"] <= RESTLESS and (row.get("others") or 0) <= RESTLESS


class Skipped(Exception):  # noqa: N818 - a statement, not an error
    """Raised by a step that cannot be taken on this machine. The message says why."""
