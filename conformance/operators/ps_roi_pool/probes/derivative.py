"""Says whether a backward is the derivative of its own forward: that of the dialect which fits the outputs best."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....call import Operation
from ....findings import Derivative, Oddity
from .prediction import predictions

if TYPE_CHECKING:
    from .....kernels.dialects.ps_roi_pool import Dialect
    from ....findings import Readings

NONE = Derivative(0, (), (), (), ())
"""Of a gradient that there is none of."""


def compare(readings: Readings, best: Dialect | None, dtype: str) -> Derivative:
    """How the gradients that were read go with the outputs."""
    compared, differences, failures = 0, list[Oddity](), list[Oddity]()
    for probe, gradient in readings.backward.items():
        if gradient.values is None:
            failures.append(Oddity(probe.name, gradient.reason))
            continue
        if best is None:
            continue
        allowed = predictions(probe, best.for_mode(probe.mode), dtype, Operation.FEATURE_GRADIENT)
        compared += bool(allowed)
        if allowed and not any(prediction.fits(gradient.values) for prediction in allowed):
            at = [int(n) for n in min(zip(*allowed[0].wrong(gradient.values).nonzero(), strict=True))]
            got, due = gradient.values[tuple(at)], allowed[0].values[tuple(at)]
            differences.append(Oddity(probe.name, f"pixel {tuple(at[2:])}: {got:.7g}, not {due:.7g}"))
    return Derivative(compared, tuple(differences), tuple(failures), (), ())
