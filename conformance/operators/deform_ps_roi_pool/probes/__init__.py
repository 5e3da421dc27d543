"""How a dialect of deformable PSRoIPool is read off an implementation."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ....probing import CallProbes
from ..call import DeformedPsCall
from . import calls

if TYPE_CHECKING:
    from collections.abc import Mapping


class DeformedPsProbes(CallProbes):
    """The probes of deformable PSRoIPool."""

    kind = DeformedPsCall
    points: Mapping[str, str] = MappingProxyType({"part": "DQ-5", "knot": "DQ-9"})
    size = calls.SIZE
    probes = calls.PROBES
