"""Hypothesis strategies for calls of weighted RoIAlign: RoIAlign's, with weights. Needs ``pip install 'roikit[fuzz]'``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from .....kernels.dialects.weighted_roi_align import MEANS
from ....operation import Operation
from ...roi_align.draws import chance
from .weighing import OF_GRADIENTS, OF_MAXIMA, SETTINGS, constant, weights_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    DrawFn = st.DrawFn

_WEIGHTS = (1, 0, 2, -1, 3)  # the simplest first
_PARAMETERS: dict[str, tuple[dict[str, float], ...]] = {
    "lp": ({}, {"p": 1}, {"p": 2}, {"p": 7.5}),
    "softmax": ({}, {"beta": 0}, {"beta": -0.5}, {"beta": 4}),
}


@st.composite
def arguments(
    draw: DrawFn,
    *,
    modes: Sequence[str] = ("avg", "max", *MEANS),
    classes: Sequence[str] = chance.BOXES,
    operation: Operation = Operation.FORWARD,
) -> dict[str, Any]:
    """Draws the arguments of a call: the ``arguments`` of a case file. Pixels, weights, and what arrives, are small integers."""
    if operation == Operation.WEIGHT_GRADIENT:  # which has no bounds
        classes = [name for name in classes if name != "free"] or classes
    of_roi_align = Operation.FEATURE_GRADIENT if operation == Operation.WEIGHT_GRADIENT else operation
    how = drawn_mode(draw, modes)
    of_samples = "avg" if how["mode"] in MEANS else how["mode"]
    given = draw(chance.arguments(modes=[of_samples], classes=classes, operation=of_roi_align))
    return add_weights(draw, given | how, operation)


def drawn_mode(draw: Any, modes: Sequence[str]) -> dict[str, Any]:
    """One of these modes, and its parameter if it has one; of half of the calls an average or a maximum, if there is any."""
    averaged = [mode for mode in ("avg", "max") if mode in modes]
    means = [mode for mode in MEANS if mode in modes]
    if averaged and not (means and draw(st.booleans())):
        return {"mode": draw(st.sampled_from(averaged))}
    mode = draw(st.sampled_from(means))
    parameters: dict[str, float] = draw(st.sampled_from(_PARAMETERS[mode]))
    return {"mode": mode, **parameters}


def add_weights(draw: Any, given: dict[str, Any], operation: Operation) -> dict[str, Any]:
    """The arguments of a call with weights, drawn for those of one that has none."""
    settings = SETTINGS if operation == Operation.FORWARD else OF_GRADIENTS
    setting = draw(st.sampled_from(settings if given["mode"] == "avg" else OF_MAXIMA))
    shape = weights_shape(given, setting)
    given |= setting.parameters
    if shape[0] == len(given["boxes"]) and draw(st.booleans()):
        given["weights_of"] = "rois"
    if setting.normalise and operation != Operation.FORWARD and draw(st.booleans()):
        given["weights"] = constant(shape)  # a quotient by what others come to is seldom exact
        return dict(given)
    *lines, width = shape
    size = lines[0] * lines[1] * lines[2]
    data = draw(st.binary(min_size=size * width, max_size=size * width))
    values = [_WEIGHTS[byte % len(_WEIGHTS)] for byte in data]
    rows = [values[i : i + width] for i in range(0, len(values), width)] if width else []
    given["weights"] = {"shape": list(shape), "rows": rows}
    return dict(given)
