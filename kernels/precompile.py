"""Compiles kernels ahead of the first call that needs them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from .calls import arguments
from .calls.problem import LAYOUTS, MODES, Problem, resolve_dialect
from .dtypes import C_NAMES
from .execution import device, host
from .operators.roi_align import box_gradient as backward_boxes
from .operators.roi_align import feature_gradient as backward
from .operators.roi_align.forward import device_sources, host_source

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from .dialects.roi_align import Dialect
    from .execution.source import Source


OPERATIONS = ("forward", "backward", "backward_boxes")


def _sources(operation: str, where: ModuleType, dtype: str, mode: str, layout: str, rules: Dialect) -> list[Source]:
    """Returns the kernels of an operation where arrays of ``where`` are."""
    on_host = where is np
    if operation == "forward":
        return [host_source(dtype, mode, layout, rules)] if on_host else device_sources(dtype, mode, layout, rules)
    problem = Problem(dtype, 1, 1, 1, (1,), (1,), (1, 1), ((1.0, 1.0),), (0, 0), mode, layout, rules)
    if operation == "backward":
        return backward.host_sources(problem) if on_host else backward.device_sources(problem)
    return [backward_boxes.host_source(problem) if on_host else backward_boxes.device_source(problem)]


def precompile(
    xp: ModuleType = np,
    *,
    operations: Iterable[str] = ("forward",),
    dtypes: Iterable[str] = ("float32",),
    modes: Iterable[str] = ("avg",),
    layouts: Iterable[str] = LAYOUTS,
    dialects: Iterable[str | Dialect | None] = (None,),
    aligned: bool = False,
) -> int:
    """Compiles the kernels of every combination of the options now, so that no call of `roi_align`, or of its gradients, has to.

    Args:
        xp: The module whose arrays the calls will be made with: NumPy, whose kernels are compiled into the user's cache and
            loaded, or CuPy, whose kernels are compiled for the current device.
        operations: ``"forward"``, ``"backward"`` (`roi_align_backward`), ``"backward_boxes"``.
        dtypes: Names of the data types of the feature maps: float16, bfloat16, float32, float64.
        modes: ``"avg"``, ``"max"``.
        layouts: ``"NCHW"``, ``"NHWC"``.
        dialects: What the calls will have as ``dialect``.
        aligned: What the calls without a dialect will have as ``aligned``.

    Returns:
        The number of kernels.

    Raises:
        TypeError: ``xp`` is neither module.
        ValueError: an option has a wrong value.
        CompilationError: a kernel did not compile.
        CompilerNotFoundError: ``xp`` is NumPy, and there is no C++ compiler.
    """
    if xp.__name__ not in ("numpy", "cupy"):
        raise TypeError(f"xp must be the module numpy or cupy, not {xp.__name__}")
    names = [arguments.choice("dtypes", name, tuple(C_NAMES)) for name in dtypes]
    chosen_modes = [arguments.choice("modes", mode, MODES) for mode in modes]
    chosen_layouts = [arguments.choice("layouts", layout, LAYOUTS) for layout in layouts]
    rules = [resolve_dialect(dialect, aligned=aligned and dialect is None) for dialect in dialects]
    chosen = [arguments.choice("operations", name, OPERATIONS) for name in operations]
    # Dialects that differ only where a mode does not look share a kernel, and on a CPU most others do.
    sources: dict[tuple[str, str], Source] = {}
    for operation, dtype, mode, layout, dialect in itertools.product(
        chosen, names, chosen_modes, chosen_layouts, rules
    ):
        needed = _sources(operation, xp, dtype, mode, layout, dialect)
        sources |= {(source.entry, source.text): source for source in needed}
    for source in sources.values():
        (host if xp is np else device).compile_source(source)
    return len(sources)
