"""Static facts of kernels for each architecture, for any operator: registers, spills, shared memory, and what follows from them.

Needs no GPU, only NVRTC (``pip install '.[nvrtc]'``). Without a disassembler what comes from instructions is None. asv leaves
abstract classes alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib.util import find_spec

from ..assembler.facts import facts
from ..operators import operator_called


def measure(operator):
    """The facts of each specialisation and architecture of an operator's kernels, compiled on all cores."""
    if find_spec("cuda") is None or find_spec("cuda.core") is None:
        return {}
    found = facts(operator_called(operator).assembled)
    return {(item["specialisation"], item["architecture"]): item for item in found}


class Compiled(ABC):
    """A series for each fact, specialisation and architecture.

    A derived class writes a ``setup_cache`` of its own, since asv tells these apart by where they are written.
    """

    param_names = ("fact", "specialisation", "architecture")
    unit = "count or bytes"

    @abstractmethod
    def setup_cache(self):
        """The facts, `measure`."""

    def setup(self, cache, fact, specialisation, architecture):
        if not cache:
            raise NotImplementedError("cuda-core is not installed")
        if cache[specialisation, architecture][fact] is None:
            raise NotImplementedError("nvdisasm is not installed")

    def track_fact(self, cache, fact, specialisation, architecture):
        return cache[specialisation, architecture][fact]
