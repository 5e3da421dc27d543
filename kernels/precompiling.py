"""Compiles kernels ahead of the first call that needs them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Literal

import numpy as np

from .calls import arguments
from .calls.problem import LAYOUTS
from .dtypes import C_NAMES
from .execution import device, host
from .operators import NAMES, modes_of, sources_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from .annotations import DataType, Layout
    from .execution.source import Source


def precompile(
    xp: ModuleType = np,
    *,
    operators: Iterable[str] = ("roi_align",),
    operations: Iterable[Literal["forward", "backward", "backward_weights", "backward_offset", "backward_boxes"]] = (
        "forward",
    ),
    dtypes: Iterable[DataType] = ("float32",),
    modes: Iterable[Literal["avg", "max", "lp", "softmax"]] = ("avg",),
    layouts: Iterable[Layout] = LAYOUTS,
    dialects: Iterable[object] = (None,),
    aligned: bool = False,
) -> int:
    """Compiles the kernels of every combination of the options now, so that no call of an operator, or of its gradients, has to.

    Args:
        xp: The module whose arrays the calls will be made with: NumPy, whose kernels are compiled into the user's cache and
            loaded, or CuPy, whose kernels are compiled for the current device.
        operators: Names of operators: ``"roi_align"`` and the others that there are.
        operations: ``"forward"``, ``"backward"`` (the gradient for the maps), ``"backward_weights"``, ``"backward_offset"``,
            ``"backward_boxes"``, of those that have it.
        dtypes: Names of the data types of the feature maps: float16, bfloat16, float32, float64.
        modes: ``"avg"``, ``"max"``; ``"lp"``, ``"softmax"``, of those that have it.
        layouts: ``"NCHW"``, ``"NHWC"``.
        dialects: What the calls will have as ``dialect``.
        aligned: What the calls without a dialect will have as ``aligned``, if the operator takes it.

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
    known_modes = tuple(dict.fromkeys(mode for name in NAMES for mode in modes_of(name)))
    chosen_modes = [arguments.choice("modes", mode, known_modes) for mode in modes]
    chosen_layouts = [arguments.choice("layouts", layout, LAYOUTS) for layout in layouts]
    wanted, asked, aligned = list(operations), list(dialects), arguments.truth("aligned", aligned)
    # Dialects that differ only where a mode does not look share a kernel, and on a CPU most others do.
    sources: dict[tuple[str, str], Source] = {}
    for operator in operators:
        known = sources_of(arguments.choice("operators", operator, NAMES))
        rules = [known.rules(dialect, aligned=aligned) for dialect in asked]
        chosen = [arguments.choice("operations", name, known.OPERATIONS) for name in wanted]
        own_modes = [mode for mode in chosen_modes if mode in modes_of(operator)]
        for combination in itertools.product(chosen, names, own_modes, chosen_layouts, rules):
            needed = known.sources(*combination, on_host=xp is np)
            sources |= {(source.entry, source.text): source for source in needed}
    for source in sources.values():
        (host if xp is np else device).compile_source(source)
    return len(sources)
