"""How a dialect of RoIAlign of volumes is read off an implementation."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ....probing import CallProbes
from ..call import VolumeCall
from . import calls

if TYPE_CHECKING:
    from collections.abc import Mapping


class VolumeProbes(CallProbes):
    """The probes of RoIAlign of volumes."""

    kind = VolumeCall
    points: Mapping[str, str] = MappingProxyType({"offset": "RV-2", "min_size": "RV-3"})
    size = calls.SIZE
    probes = calls.PROBES
