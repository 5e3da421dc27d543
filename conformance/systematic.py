"""Systematic cases: each placement of a RoI with several outputs, its gradients, and arrays that lie in memory in every way.

What operators plan in the same way. A case is drawn by chance, from a sequence that belongs to its id, and drawn anew until it
suits. No case is ever drawn from what an implementation returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from .arrays import leaves
from .memory import arrangements, lying
from .operation import Operation
from .operator import rule_number

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
    from fractions import Fraction

    from .answering import AnsweringOracle
    from .memory import Asked

_WHAT = {
    Operation.FEATURE_GRADIENT: "gradient for the map: ",
    Operation.BOX_GRADIENT: "gradient for the box: ",
    Operation.OFFSET_GRADIENT: "gradient for the offsets: ",
}


class Placement(Protocol):
    """How RoIs lie."""

    @property
    def name(self) -> str:
        """Part of the ids of its cases."""

    @property
    def title(self) -> str:
        """In a sentence, which begins small."""

    @property
    def rules(self) -> tuple[str, ...]:
        """Those that it is about."""


class Planned(Protocol):
    """What is fixed about a case of any operator."""

    @property
    def id(self) -> str:
        """Of the case."""

    @property
    def operation(self) -> Operation:
        """What is asked for."""

    @property
    def arranged(self) -> tuple[tuple[str, str], ...]:
        """Which arrays lie in memory in which way."""


P = TypeVar("P", bound=Placement)


class Blueprint(NamedTuple):
    """What is fixed about a case before chance has its say: among others the name of what is drawn of outputs."""

    id: str
    placement: Any
    output: str
    number: int
    operation: Operation = Operation.FORWARD
    arranged: tuple[tuple[str, str], ...] = ()

    @property
    def is_gradient(self) -> bool:
        """Whether a gradient is asked for."""
        return self.operation != Operation.FORWARD


def of_outputs(
    prefix: str, placements: Iterable[Placement], outputs: Iterable[str], sevens: Container[str] = ()
) -> Iterator[Blueprint]:
    """Each placement with each output; "seven" only with some."""
    outputs = list(outputs)
    for n, placement in enumerate(placements):
        for output in outputs:
            if output != "seven" or placement.name in sevens:
                yield Blueprint(f"{prefix}-{placement.name}-{output}", placement, output, n)


def of_gradients(
    prefix: str, placements: Iterable[tuple[int, Placement]], gradients: Mapping[str, Operation], outputs: Sequence[str]
) -> Iterator[Blueprint]:
    """Each numbered placement with each gradient, by its letter, and one of the outputs."""
    placements = list(placements)
    for letter, operation in gradients.items():
        for n, placement in placements:
            output = outputs[n % len(outputs)]
            yield Blueprint(f"{prefix}-{letter}-{placement.name}", placement, output, n, operation)


def of_memory(
    asked: Sequence[Asked], placed: Sequence[Placement], output: str, of_boxes: Sequence[Placement] = ()
) -> Iterator[Blueprint]:
    """Every way in which every array that is asked about may lie in memory.

    Each has one of the placements in turn; a gradient for boxes one of those ``of_boxes``, if some are named.
    """
    for each in arrangements(asked):
        spots = of_boxes if of_boxes and each.operation == Operation.BOX_GRADIENT else placed
        spot = spots[each.number % len(spots)]
        yield Blueprint(each.id, spot, output, 1, each.operation, each.arranged)


def named(placements: Iterable[P], names: Container[str]) -> list[P]:
    """The placements of these names."""
    return [placement for placement in placements if placement.name in names]


def described(
    blueprint: Blueprint, arguments: dict[str, Any], claims: str, about: str, rules: Iterable[str], memory: str
) -> dict[str, Any]:
    """A case with its title, which ends in what it is ``about``, and its rules; ``memory`` is that on how arrays lie."""
    placed = blueprint.placement.title[0].lower() + blueprint.placement.title[1:]
    title = f"{_WHAT.get(blueprint.operation, '')}{lying(blueprint.arranged)}{placed}; {about}."
    found = {*rules, *blueprint.placement.rules, *([memory] if blueprint.arranged else [])}
    return as_case(blueprint, arguments, claims, title, found)


def as_case(
    blueprint: Planned, arguments: dict[str, Any], claims: str, title: str, rules: Iterable[str]
) -> dict[str, Any]:
    """A case as a file has it, but for what is computed."""
    case: dict[str, Any] = {
        "id": blueprint.id,
        "title": title[0].upper() + title[1:],
        "rules": sorted(rules, key=rule_number),
        "kind": "value",
    }
    case |= {"operation": blueprint.operation.value} if blueprint.operation != Operation.FORWARD else {}
    case |= {"arranged": dict(blueprint.arranged)} if blueprint.arranged else {}
    return {**case, "claims": claims, "arguments": arguments}


def grid(ratio: Sequence[int]) -> str:
    """How many samples a bin has along each axis, or all axes, in words."""
    return " × ".join(str(n) if n else "adaptive" for n in (ratio if len(set(ratio)) > 1 else ratio[:1]))


def scaled(scales: Sequence[Fraction]) -> str:
    """What a title says of scales, if they are not 1."""
    return f", scale {' and '.join(map(str, dict.fromkeys(scales)))}" if set(scales) != {1} else ""


def suits(case: Mapping[str, Any], dialects: Iterable[Any], oracle: AnsweringOracle[Any, Any]) -> bool:
    """Whether a case has an answer in float32 and float64, which tells something, under these dialects."""
    operation = Operation(case.get("operation", Operation.FORWARD))
    if case.get("claims") == "fragile":
        return False
    for dialect in dialects:
        for dtype in ("float32", "float64"):
            answer = oracle.answer_in(case["arguments"], operation, dialect, dtype)
            if answer is None or None in leaves(answer.bound or 0) or not tells(answer.output):
                return False
    return True


def tells(output: Any) -> bool:
    """Whether neither zeros nor any other constant would pass for an output."""
    values = list(leaves(output))
    return len(set(values)) > 1 if len(values) > 1 else bool(set(values) - {0})
