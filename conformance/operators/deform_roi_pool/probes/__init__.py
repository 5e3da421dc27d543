"""How a dialect of deformable RoI pooling is read off an implementation."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ....probing import CallProbes
from ..call import DeformedCall
from . import calls

if TYPE_CHECKING:
    from collections.abc import Mapping


class DeformedProbes(CallProbes):
    """The probes of deformable RoI pooling."""

    kind = DeformedCall
    points: Mapping[str, str] = MappingProxyType({"slope": "DP-8"})
    size = calls.SIZE
    probes = calls.PROBES
