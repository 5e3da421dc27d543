"""The cases of memory of an operator: which array of which operation lies in which way."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from .arranging import MAY_BE_REFUSED, WAYS
from .operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MUST_BE_TAKEN = [way for way in WAYS if way not in MAY_BE_REFUSED]


class Asked(NamedTuple):
    """An operation in a mode, the arrays that it reads, and how the ids of its cases begin."""

    prefix: str
    operation: Operation
    mode: str
    names: tuple[str, ...]


class Arrangement(NamedTuple):
    """How arrays lie in the call of a case. ``number`` tells cases apart that may be about different boxes."""

    id: str
    operation: Operation
    mode: str
    arranged: tuple[tuple[str, str], ...]
    number: int

    @property
    def has_ties(self) -> bool:
        """Whether pixels are equal: nobody can say to which of them a maximum sends a gradient."""
        sends_back = self.operation == Operation.FEATURE_GRADIENT and self.mode == "max"
        return sends_back and ("input", "expanded") in self.arranged


def arrangements(asked: Sequence[Asked]) -> Iterator[Arrangement]:
    """Each array of each operation in each way that it can lie in memory; and all of them in different ways."""
    for (prefix, operation, mode, names), (n, way) in product(asked, enumerate(WAYS)):
        found = [
            Arrangement(f"{prefix}-{name}-{way}", operation, mode, ((name, way),), n + 3 * k)
            for k, name in enumerate(names)
        ]
        if way in _MUST_BE_TAKEN:
            ways = tuple((name, _MUST_BE_TAKEN[(n + 3 * k) % len(_MUST_BE_TAKEN)]) for k, name in enumerate(names))
            found.append(Arrangement(f"{prefix}-all-{way}", operation, mode, ways, 0))
        yield from (each for each in found if not each.has_ties)


def alike(arguments: dict[str, Any], arranged: Sequence[tuple[str, str]]) -> None:
    """Makes elements equal along some axes of arrays that are to have stride 0 there."""
    for name, way in arranged:
        if way == "expanded":
            arguments[name] = _alike(name, arguments[name])


def _alike(name: str, data: Any) -> Any:
    if name == "boxes":
        return [data[0]] * len(data)
    if name == "grad":
        return {**data, "rows": [[1] * len(row) for row in data["rows"]]}
    height = data["shape"][-2]
    return {**data, "rows": [data["rows"][n - n % height] for n in range(len(data["rows"]))]}


def lying(arranged: Sequence[tuple[str, str]]) -> str:
    """How arrays lie, as the title of a case begins; empty if as they come."""
    lies = ", ".join(f"{name} {way}" for name, way in arranged)
    return f"{lies} in memory: " if lies else ""
