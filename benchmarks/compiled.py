"""What the assembler says of the kernels for each architecture: registers, spills, and whatever else `Facts` counts.

Needs no GPU, only NVRTC (``pip install '.[nvrtc]'``).
"""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import asdict, fields
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from roikit.kernels.dialect import DIALECTS
from roikit.kernels.nvrtc import ARCHITECTURES, Facts, compile_for
from roikit.kernels.roi_align import specialised

from .reference import DIALECT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from roikit.kernels.source import Source

SPECIALISATIONS = ("NCHW float32", "NCHW float16", "NHWC float32", "NHWC float16")
_VECTORS = {"float32": 4, "float16": 8}


def source_of(specialisation: str) -> Source:
    """Returns the kernel that a GPU call with these maps runs."""
    layout, dtype = specialisation.split()
    packed = layout == "NHWC"
    return specialised(dtype, "avg", layout, DIALECTS[DIALECT], vector=_VECTORS[dtype], packed=packed)


def facts(deadline: float = math.inf) -> list[dict[str, Any]]:
    """Returns the facts of each specialisation and architecture; stops at the ``deadline`` of `time.monotonic`."""
    return list(_facts(deadline))


def _facts(deadline: float) -> Iterator[dict[str, Any]]:
    for specialisation, architecture in itertools.product(SPECIALISATIONS, ARCHITECTURES):
        if time.monotonic() > deadline:
            return
        counted = compile_for(source_of(specialisation), architecture)
        yield {"specialisation": specialisation, "architecture": architecture, **asdict(counted)}


class Compiled:
    """A series for each fact, specialisation and architecture; all are compiled once."""

    params = ([field.name for field in fields(Facts)], SPECIALISATIONS, ARCHITECTURES)
    param_names = ("fact", "specialisation", "architecture")
    unit = "count or bytes"

    def setup_cache(self):
        if find_spec("cuda") is None or find_spec("cuda.core") is None:
            return {}
        return {(item["specialisation"], item["architecture"]): item for item in facts()}

    setup_cache.timeout = 600

    def setup(self, cache, fact, specialisation, architecture):
        if not cache:
            raise NotImplementedError("cuda-core is not installed")

    def track_fact(self, cache, fact, specialisation, architecture):
        return cache[specialisation, architecture][fact]
