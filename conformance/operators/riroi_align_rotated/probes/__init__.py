"""How a dialect of rotation-invariant RoIAlign is read off an implementation."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ....probing import CallProbes
from ..call import RotationInvariantCall
from . import calls

if TYPE_CHECKING:
    from collections.abc import Mapping


class RotationInvariantProbes(CallProbes):
    """The probes of rotation-invariant RoIAlign."""

    kind = RotationInvariantCall
    points: Mapping[str, str] = MappingProxyType({"turn": "RI-1", "quarter_turns": "RI-1"})
    size = calls.SIZE
    probes = calls.PROBES
