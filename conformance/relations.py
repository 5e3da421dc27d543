"""Relations that must hold between several answers of one implementation, whatever these are.

`verdicts.properties` checks them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .operation import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping


class Relation(NamedTuple):
    """What must hold, and the operations that it is about."""

    says: str
    operations: tuple[Operation, ...]


_MAPS = (Operation.FORWARD, Operation.FEATURE_GRADIENT)

RELATIONS: Mapping[str, Relation] = {
    "adjoint": Relation("⟨output, G⟩ = ⟨F, gradient⟩ in every channel", _MAPS),
    "conserved": Relation("the gradient adds up to ⟨output for a map of ones, G⟩ in every channel", _MAPS),
    "differences": Relation("⟨output at F + d − output at F − d, G⟩ = 2 ⟨d, gradient⟩", _MAPS),
    "box-differences": Relation(
        "⟨output at corner + d − output at corner − d, G⟩ = 2 d · gradient",
        (Operation.FORWARD, Operation.BOX_GRADIENT),
    ),
}
"""All relations, by the name that cases have for them."""
