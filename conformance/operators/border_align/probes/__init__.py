"""How a dialect of BorderAlign is read off an implementation."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ....probing import CallProbes
from ..call import BorderAlignCall
from . import calls

if TYPE_CHECKING:
    from collections.abc import Mapping


class BorderAlignProbes(CallProbes):
    """The probes of BorderAlign."""

    kind = BorderAlignCall
    points: Mapping[str, str] = MappingProxyType({"offset": "BA-2"})
    size = calls.SIZE
    probes = calls.PROBES
