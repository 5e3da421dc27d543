"""What kernels ask of a GPU, counted from their PTX on any machine, for any operator: instructions, sectors, bytes per value.

Needs NVRTC (``pip install '.[nvrtc]'``) and a C++ compiler, and no GPU. Nothing of it depends on the machine that counts. asv
leaves abstract classes alone.
"""

from abc import ABC, abstractmethod
from importlib.util import find_spec

from ..operators import operator_called

ARCHITECTURE = "sm_90"
FIGURES = ("instructions", "sectors", "l2_bytes")
"""The figures that are followed, of `benchmarks.profile.profiles.Profile`; asv starts a process for each number."""
BLOCKS = 64
"""Of each large launch, so that counting takes seconds."""


def measure(name, operations, rows, variants):
    """The figures of ours in some operations, rows and variants of an operator; none without NVRTC."""
    if find_spec("cuda") is None or find_spec("cuda.core") is None:
        return {}
    from ..profile.rows import profile

    operator = operator_called(name)
    return {
        (operation, row, variant): profile(
            operator, operator.operations(operation), row, "roikit", *variant.split(), ARCHITECTURE, BLOCKS
        ).figures
        for operation in operations
        for row in rows
        for variant in variants
    }


class Profiled(ABC):
    """A series for each figure, operation, row and variant.

    A derived class writes a ``setup_cache`` of its own, since asv tells these apart by where they are written.
    """

    param_names = ("figure", "operation", "row", "variant")
    unit = "per value that pooling gives"

    @abstractmethod
    def setup_cache(self):
        """The figures, `measure`."""

    def setup(self, cache, figure, operation, row, variant):
        if not cache:
            raise NotImplementedError("cuda-core is not installed")

    def track_figure(self, cache, figure, operation, row, variant):
        return cache[operation, row, variant][figure]
