"""Ledgers: what was computed before is computed again only where something has changed, and in samples.

A row of a ledger is a name, all that decides a value, and the value, which is written down elsewhere. Its seal is a hash of the
three. A row is trusted if its seal stands in the ledger and the ledger is of the code that computes today. What is not trusted is
due: it is computed, and compared with what is written down. So is a sample of what is trusted, another in each run.

``ROIKIT_LEDGER=full`` in the environment makes everything due; ``ROIKIT_LEDGER_SEED`` draws the sample of an earlier run again.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_LEAST = 1  # row is drawn of a ledger, however small


def is_full() -> bool:
    """Whether everything is to be computed in this run."""
    return os.environ.get("ROIKIT_LEDGER") == "full"


def seed() -> str:
    """What the samples of this run are drawn by, in its child processes too."""
    return os.environ.setdefault("ROIKIT_LEDGER_SEED", str(time.time_ns() % 1_000_000))


def digest(*parts: Any) -> str:
    """A hash of JSON values."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Row:
    """Something that was computed.

    Attributes:
        name: What it is called in the ledger.
        decides: All that decides the value but for the code, as a JSON value.
        value: What is written down, as a JSON value; None if nothing is.
    """

    name: str
    decides: Any
    value: Any

    @property
    def seal(self) -> str:
        """A hash of all of it."""
        return digest(self.name, self.decides, self.value)


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be computed in a run: what is not trusted, and a sample of what is."""

    unsealed: tuple[Row, ...]
    sampled: tuple[Row, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """Both."""
        return self.unsealed + self.sampled

    @property
    def sizes(self) -> tuple[int, int]:
        """How many are sampled, and how many are not trusted."""
        return len(self.sampled), len(self.unsealed)

    def complaints(self, computed: Mapping[str, Any]) -> list[str]:
        """How the values that were computed, by name, are not those that are written down."""
        out_of_date = "the ledger is out of date"
        forged = f"its seal is right, but its value is not what comes of it; ROIKIT_LEDGER_SEED={seed()} repeats this"
        return [
            f"{row.name}: {what}: {_difference(row.value, computed[row.name])}"
            for rows, what in ((self.unsealed, out_of_date), (self.sampled, forged))
            for row in rows
            if digest(row.value) != digest(computed[row.name])
        ]

    def __str__(self) -> str:
        """What is reported of a run."""
        return f"{len(self.sampled)} rows sampled, {len(self.unsealed)} computed because something has changed"


def _difference(written: Any, computed: Any) -> str:
    """Where two values differ, in a line."""
    if isinstance(written, dict) and isinstance(computed, dict):
        keys = [key for key in {**written, **computed} if digest(written.get(key)) != digest(computed.get(key))]
        more = f", and {len(keys) - 1} more" if len(keys) > 1 else ""
        return f"{keys[0]}: {_difference(written.get(keys[0]), computed.get(keys[0]))}{more}"
    return f"{json.dumps(written)[:200]} is written down, and {json.dumps(computed)[:200]} was computed"


@dataclass(frozen=True, slots=True)
class Ledger:
    """The seals of rows, by name, and the hash of the code that computed them."""

    code: str
    seals: Mapping[str, str]

    @classmethod
    def of(cls, code: str, rows: Iterable[Row]) -> Ledger:
        """The ledger of rows whose values are right."""
        return cls(code, {row.name: row.seal for row in rows})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Ledger:
        """A ledger as `to_json` gives it; of nothing at all, an empty one."""
        return cls(data.get("code", ""), data.get("seals", {}))

    def to_json(self) -> dict[str, Any]:
        """What is kept of it."""
        return {"code": self.code, "seals": dict(self.seals)}

    def due(self, rows: Sequence[Row], code: str, share: float) -> Due:
        """What of these rows is to be computed by ``code``; ``share`` of what is trusted is sampled."""
        trusted = [row for row in rows if self.code == code and self.seals.get(row.name) == row.seal]
        names = {row.name for row in trusted}
        size = len(trusted) if is_full() else min(len(trusted), max(_LEAST, math.ceil(share * len(trusted))))
        sampled = Random(seed()).sample(trusted, size)  # noqa: S311 - nobody is kept from guessing
        return Due(tuple(row for row in rows if row.name not in names), tuple(sampled))
