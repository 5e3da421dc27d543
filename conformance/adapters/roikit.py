"""roikit's own kernels, judged like everyone else's: on the CPU through the host executor, on a GPU through CuPy."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar

from ... import kernels
from ...kernels.dialects.choices import Offset
from ..call import DTYPES, LAYOUTS
from ..implementation import Capability, Description, Unavailable
from ..operation import Operation
from ..operators import call_type, dialects_of
from ._script import ALL, OF_BOXES, OF_MAPS, Boxes, Script, each
from .roikit_calls import OfEveryOperator, made

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


OF_WEIGHTS = (*OF_BOXES, Operation.WEIGHT_GRADIENT)
OF_OFFSETS = (*OF_BOXES, Operation.OFFSET_GRADIENT)
OF_PARTS = (*OF_MAPS, Operation.OFFSET_GRADIENT)


def _distinct_dialects(operator: str) -> tuple[str, ...]:
    """The first name of each dialect: what conforms under it conforms under all its names."""
    names: dict[Any, str] = {}
    for name, dialect in dialects_of(operator).items():
        names.setdefault(dialect, name)
    return tuple(names.values())


def _capability(
    operator: str, operations: tuple[Operation, ...], *, on_host: bool, modes: tuple[str, ...] = ("avg", "max")
) -> Capability:
    return Capability(
        dialects=_distinct_dialects(operator),
        modes=modes,
        dtypes=DTYPES,
        layouts=LAYOUTS,
        operations=operations,
        takes_out=on_host,
        reads_in_place=on_host,
        threads=on_host,
        forks=on_host,
    )


def _description(where: str, *, on_host: bool) -> Description:
    can = {
        "roi_align": _capability("roi_align", OF_BOXES, on_host=on_host),
        "roi_pool": _capability("roi_pool", OF_MAPS, on_host=on_host),
        "ps_roi_pool": _capability("ps_roi_pool", OF_MAPS, on_host=on_host, modes=("avg",)),
        "ps_roi_align": _capability("ps_roi_align", OF_BOXES, on_host=on_host, modes=("avg",)),
        "crop_and_resize": _capability("crop_and_resize", OF_BOXES, on_host=on_host, modes=("bilinear", "nearest")),
        "prroi_pool": _capability("prroi_pool", OF_BOXES, on_host=on_host, modes=("avg",)),
        "multiscale_roi_align": _capability("multiscale_roi_align", OF_BOXES, on_host=on_host, modes=("avg",)),
        "weighted_roi_align": _capability(
            "weighted_roi_align", OF_WEIGHTS, on_host=on_host, modes=("avg", "max", "lp", "softmax")
        ),
        "roi_align_rotated": _capability("roi_align_rotated", OF_BOXES, on_host=on_host, modes=("avg",)),
        "border_align": _capability("border_align", OF_BOXES, on_host=on_host, modes=("max",)),
        "deform_roi_pool": _capability("deform_roi_pool", OF_OFFSETS, on_host=on_host, modes=("avg",)),
        "roi_align_3d": _capability("roi_align_3d", OF_BOXES, on_host=on_host, modes=("avg",)),
        "deform_ps_roi_pool": _capability("deform_ps_roi_pool", OF_PARTS, on_host=on_host, modes=("avg",)),
        "riroi_align_rotated": _capability("riroi_align_rotated", OF_BOXES, on_host=on_host, modes=("avg",)),
        "multiscale_roi_align_rotated": _capability(
            "multiscale_roi_align_rotated", OF_BOXES, on_host=on_host, modes=("avg",)
        ),
        "multiscale_ps_roi_align": _capability("multiscale_ps_roi_align", OF_BOXES, on_host=on_host, modes=("avg",)),
        "multiscale_weighted_roi_align": _capability(
            "multiscale_weighted_roi_align", OF_WEIGHTS, on_host=on_host, modes=("avg", "max", "lp", "softmax")
        ),
    }
    return Description(version=f"{version('roikit')} ({where})", homepage="", operators=can)


def _script(
    operator: str, maps: str = ", input=features", *, size: str = "($height, $width)", pairs: bool = True
) -> Script:
    """What scripts need to know: the ``size`` of the output as they write it, and what the gradient for ``maps`` gets besides."""
    dialects = each("dialect", {name: name for name in dialects_of(operator)})
    calls = {
        Operation.FORWARD: (operator, f"features, boxes, {size}"),
        Operation.FEATURE_GRADIENT: (f"{operator}_backward", f"grad, boxes, features.shape{maps}"),
        Operation.BOX_GRADIENT: (f"{operator}_backward_boxes", "grad, features, boxes"),
    }
    endings = {operation: {"function": name, "arrays": arrays} for operation, (name, arrays) in calls.items()}
    asked = tuple(call_type(operator).answers)
    return Script(dialects, Boxes.WIDE_ROWS, ALL, pairs=pairs, operations=asked, endings=endings)


def _cropping_script() -> Script:
    """What scripts of crop_and_resize need to know."""
    calls = {
        Operation.FORWARD: ("crop_and_resize", "features, boxes, batch_indices, ($height, $width)"),
        Operation.FEATURE_GRADIENT: ("crop_and_resize_backward", "grad, boxes, batch_indices, features.shape"),
        Operation.BOX_GRADIENT: ("crop_and_resize_backward_boxes", "grad, features, boxes, batch_indices"),
    }
    endings: dict[Operation, dict[str, Any]] = {
        operation: {"function": name, "arrays": arrays, "outside": ""} for operation, (name, arrays) in calls.items()
    }
    endings[Operation.FORWARD]["outside"] = '\n    extrapolation_value=float("$extrapolation_value"),'
    dialects = each("dialect", {name: name for name in dialects_of("crop_and_resize")})
    modes, wide = ("bilinear", "nearest"), ("float32", "float64")
    return Script(dialects, Boxes.CORNERS, wide, modes, pairs=True, operations=OF_BOXES, endings=endings)


def _script_of_levels() -> Script:
    """What scripts of a pooler need to know."""
    name = "multiscale_roi_align"
    dialects = {
        dialect: {
            "level_rule": rules.level_rule,
            "dialect": "torchvision" if rules.offset == Offset.NONE else "torchvision-aligned",
        }
        for dialect, rules in dialects_of(name).items()
    }
    return _script_of_pyramids(name, dialects)


def _script_of_levelled(name: str) -> Script:
    """What scripts of an operator on pyramids need to know whose dialects choose levels."""
    dialects = {
        dialect: {"level_rule": rules.level_rule, "dialect": dialect} for dialect, rules in dialects_of(name).items()
    }
    return _script_of_pyramids(name, dialects)


def _script_of_pyramids(name: str, dialects: Mapping[str, dict[str, Any]]) -> Script:
    """What scripts of any pooler need to know, of which each dialect says some more."""
    endings: dict[Operation, dict[str, Any]] = {
        Operation.FORWARD: {"function": name, "arrays": "levels, boxes, ($height, $width)", "finish": ""},
        Operation.FEATURE_GRADIENT: {
            "function": f"{name}_backward", "arrays": "grad, boxes, [level.shape for level in levels]",
            "finish": _joined("features"),
        },
        Operation.BOX_GRADIENT: {"function": f"{name}_backward_boxes", "arrays": "grad, levels, boxes", "finish": ""},
    }  # fmt: skip
    return Script(
        dialects, Boxes.WIDE_ROWS, ALL, ("avg",), pairs=True, operations=OF_BOXES, endings=endings,
        require=lambda call: call.scales(),
    )  # fmt: skip


def _script_of_weighed_levels() -> Script:
    """What scripts of weighted RoIAlign on pyramids need to know."""
    name = "multiscale_weighted_roi_align"
    dialects = {
        dialect: {"level_rule": rules.level_rule, "dialect": dialect} for dialect, rules in dialects_of(name).items()
    }
    weights, shapes = "levels_of(weights)", "[level.shape for level in levels]"
    calls = {
        Operation.FORWARD: (name, f"levels, boxes, {weights}, ($height, $width)", ""),
        Operation.FEATURE_GRADIENT: (
            f"{name}_backward", f"grad, boxes, {weights}, {shapes}, inputs=levels", _joined("features"),
        ),
        Operation.BOX_GRADIENT: (f"{name}_backward_boxes", f"grad, levels, boxes, {weights}", ""),
        Operation.WEIGHT_GRADIENT: (
            f"{name}_backward_weights", f"grad, levels, boxes, {weights}", _joined("weights"),
        ),
    }  # fmt: skip
    endings = {
        operation: {"function": function, "arrays": arrays, "finish": finish}
        for operation, (function, arrays, finish) in calls.items()
    }
    return Script(
        dialects, Boxes.WIDE_ROWS, ALL, pairs=True, operations=OF_WEIGHTS, endings=endings,
        require=lambda call: call.scales(),
    )  # fmt: skip


def _joined(like: str) -> str:
    """How a script puts the arrays of all levels together."""
    return f"""
maps, output = output, np.zeros_like({like})
for level, found in zip(levels_of(output), maps):
    level[...] = found"""


def _script_of_weights() -> Script:
    """What scripts of weighted RoIAlign need to know."""
    name = "weighted_roi_align"
    calls = {
        Operation.FORWARD: (name, "features, boxes, weights, ($height, $width)"),
        Operation.FEATURE_GRADIENT: (f"{name}_backward", "grad, boxes, weights, features.shape, input=features"),
        Operation.BOX_GRADIENT: (f"{name}_backward_boxes", "grad, features, boxes, weights"),
        Operation.WEIGHT_GRADIENT: (f"{name}_backward_weights", "grad, features, boxes, weights"),
    }
    endings = {operation: {"function": function, "arrays": arrays} for operation, (function, arrays) in calls.items()}
    dialects = each("dialect", {dialect: dialect for dialect in dialects_of(name)})
    return Script(dialects, Boxes.WIDE_ROWS, ALL, pairs=True, operations=OF_WEIGHTS, endings=endings)


def _script_of_offsets(name: str, operations: tuple[Operation, ...]) -> Script:
    """What scripts of an operator need to know that moves bins."""
    offset = "\n    offset=offset,"
    calls = {
        Operation.FORWARD: (name, "features, boxes, ($height, $width)", offset),
        Operation.FEATURE_GRADIENT: (f"{name}_backward", "grad, boxes, features.shape", offset),
        Operation.BOX_GRADIENT: (f"{name}_backward_boxes", "grad, features, boxes", offset),
        Operation.OFFSET_GRADIENT: (f"{name}_backward_offset", "grad, features, boxes, offset", ""),
    }
    endings = {
        operation: {"function": function, "arrays": arrays, "moved": moved}
        for operation, (function, arrays, moved) in calls.items()
    }
    dialects = each("dialect", {dialect: dialect for dialect in dialects_of(name)})
    return Script(dialects, Boxes.WIDE_ROWS, ALL, ("avg",), pairs=True, operations=operations, endings=endings)


def _script_of_sides() -> Script:
    """What scripts of BorderAlign need to know."""
    name = "border_align"
    stacked = """
output = output.reshape(images, 4, channels, rows // 4, columns).swapaxes(1, 2)
output = output.reshape(images, channels, rows, columns)  # the gradient, that is"""
    endings: dict[Operation, dict[str, Any]] = {
        Operation.FORWARD: {"function": name, "arrays": "features, boxes", "finish": ""},
        Operation.FEATURE_GRADIENT: {
            "function": f"{name}_backward", "arrays": "grad, features, boxes", "finish": stacked,
        },
        Operation.BOX_GRADIENT: {"function": f"{name}_backward_boxes", "arrays": "grad, features, boxes", "finish": ""},
    }  # fmt: skip
    dialects = each("dialect", {dialect: dialect for dialect in dialects_of(name)})
    return Script(dialects, Boxes.WIDE_ROWS, ALL, ("max",), pairs=True, operations=OF_BOXES, endings=endings)


class RoikitHost(OfEveryOperator):
    """The kernels on the CPU."""

    requires: ClassVar[tuple[str, ...]] = ()
    install: ClassVar[str] = "pip install roikit"
    takes_long: ClassVar[int] = 2  # it follows all dialects, and compiles its kernels
    takes_numbers: ClassVar[bool] = True
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": _script("roi_align"),
        "roi_pool": _script("roi_pool"),
        "ps_roi_pool": _script("ps_roi_pool", maps=""),
        "ps_roi_align": _script("ps_roi_align", maps=""),
        "crop_and_resize": _cropping_script(),
        "prroi_pool": _script("prroi_pool", maps=""),
        "multiscale_roi_align": _script_of_levels(),
        "weighted_roi_align": _script_of_weights(),
        "roi_align_rotated": _script("roi_align_rotated", maps="", pairs=False),
        "border_align": _script_of_sides(),
        "deform_roi_pool": _script_of_offsets("deform_roi_pool", OF_OFFSETS),
        "deform_ps_roi_pool": _script_of_offsets("deform_ps_roi_pool", OF_PARTS),
        "riroi_align_rotated": _script("riroi_align_rotated", maps="", pairs=False),
        "roi_align_3d": _script("roi_align_3d", maps="", size="$output_size"),
        "multiscale_roi_align_rotated": _script_of_levelled("multiscale_roi_align_rotated"),
        "multiscale_ps_roi_align": _script_of_levelled("multiscale_ps_roi_align"),
        "multiscale_weighted_roi_align": _script_of_weighed_levels(),
    }

    def __init__(self) -> None:
        """Says here, and not in every case, that there is no compiler."""
        try:
            self._compiler = " ".join(kernels.host.compiler())
        except kernels.CompilerNotFoundError as error:
            raise Unavailable(str(error)) from error

    def describe(self) -> Description:
        """All dialects, modes, data types and layouts."""
        return _description(f"CPU, {self._compiler}", on_host=True)

    def _made(self, call: Any, out: np.ndarray | None) -> np.ndarray:
        return made(call, out=out)


class RoikitDevice(OfEveryOperator):
    """The kernels on a GPU."""

    requires: ClassVar[tuple[str, ...]] = ("cupy",)
    install: ClassVar[str] = "pip install 'roikit[cuda13]'  # or [cuda12]; needs an NVIDIA GPU"

    def __init__(self) -> None:
        """Says here if CuPy finds no GPU."""
        import cupy

        if not cupy.is_available():
            raise Unavailable("CuPy finds no usable GPU")
        self._cupy = cupy

    def describe(self) -> Description:
        """All dialects, modes, data types and layouts."""
        cupy = self._cupy
        name = cupy.cuda.runtime.getDeviceProperties(cupy.cuda.Device().id)["name"].decode()
        return _description(f"{name}, CuPy {cupy.__version__}", on_host=False)

    def _made(self, call: Any, out: np.ndarray | None) -> np.ndarray:
        del out
        return made(call, self._cupy.asarray, self._cupy.asnumpy)
