"""Weights of drawn calls on pyramids: as of `weighted_roi_align`, of all levels one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .....kernels.dialects.multiscale_weighted_roi_align import DIALECTS
from ...multiscale_roi_align.oracle.answers import exactly
from ...weighted_roi_align.draws import weighing
from ...weighted_roi_align.draws.weighing import Setting, divides, patterned, weights_shape
from ..oracle.assembling import parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....draw import Draw

    Arguments = Mapping[str, Any]

_TRIES = 60  # weights for one placement of boxes


def weighed(chance: Draw, arguments: Arguments, setting: Setting, *, exactly_divided: bool) -> dict[str, Any]:
    """The arguments of a call with weights; if bins are divided, and are to be exactly, by powers of two, if such are found."""
    if not (setting.normalise and exactly_divided):
        return weighing.weighed(chance, arguments, setting, exactly=False)
    given = {**arguments, **setting.parameters}
    for _ in range(_TRIES):
        given["weights"] = patterned(chance, weights_shape(arguments, setting))
        pieces = list(parts(given, exactly(given, DIALECTS["torchvision"])))
        if pieces and all(divides(part.arguments) for part in pieces):
            break
    return given


def of_rois(chance: Draw, arguments: dict[str, Any], integers: Any) -> None:
    """As many images as boxes, whose numbers are not those of their images."""
    count = len(arguments["boxes"])
    arguments["boxes"] = [[count - 1 if k != 1 else 0, *box[1:]] for k, box in enumerate(arguments["boxes"])]
    _, *of_map = arguments["input"]["shape"]
    arguments["input"] = integers(chance, (count, *of_map), range(-8, 9))
