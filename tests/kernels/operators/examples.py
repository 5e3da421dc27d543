"""How each operator is called in the tests that all of them share. A new one has these tests by an entry in `EXAMPLES`."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from roikit import kernels
from roikit.kernels.operators import sources_of
from tests.kernels.operators.arrays import drawn, like, wide

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OF_MAPS = ("backward", "backward_weights")
"""Operations whose results all RoIs have a share in; results of others are rows, one of each RoI."""

OF_ROIS = ("boxes", "box_indices", "offset", "grad")
"""Arguments that have a row of each RoI."""


@dataclass(frozen=True)
class Call:
    """An operator, and all that its functions may be given, by names of parameters: each takes what it has one for."""

    operator: str
    given: Mapping[str, Any]

    def __call__(self, operation: str, **changes: Any) -> Any:
        return self._of(self._name(operation), changes)

    def result_shape(self, operation: str) -> tuple[int, ...]:
        """That of what an operation returns."""
        if operation == "backward_boxes":
            boxes = self.given["boxes"].shape
            return boxes if "box_indices" in self.given else (boxes[0], boxes[1] - 1)
        of = {"forward": "grad", "backward": "input", "backward_weights": "weights", "backward_offset": "offset"}
        return self.given[of[operation]].shape

    def workspace_bytes(self, operation: str) -> int:
        """What an operation needs on a CPU."""
        name = f"{self._name(operation)}_workspace"
        if "on_gpu" not in inspect.signature(getattr(kernels, name, len)).parameters:
            return 0  # whoever says nothing of a CPU needs none there
        return self._of(name, {"boxes": self.given["rois"], "on_gpu": False})

    def _name(self, operation: str) -> str:
        return self.operator if operation == "forward" else f"{self.operator}_{operation}"

    def _of(self, name: str, changes: Mapping[str, Any]) -> Any:
        function, given = getattr(kernels, name), {**self.given, **changes}
        return function(**{each: given[each] for each in inspect.signature(function).parameters if each in given})

    def with_arrays(self, convert: Callable[[np.ndarray], Any]) -> Call:
        """The same with other arrays."""
        given = {name: convert(it) if isinstance(it, np.ndarray) else it for name, it in self.given.items()}
        return replace(self, given=given)

    def of(self, rois: Any) -> Call:
        """The same of some RoIs."""
        given = {name: it[rois] if name in OF_ROIS else it for name, it in self.given.items()}
        return replace(self, given={**given, "rois": len(given["boxes"])})


class OfAPyramid(Call):
    """A call of an operator that takes the maps of several levels, seen as one of the first of them.

    The other level, whose map is given as ``coarse``, is there, too; its gradient is made, and left.
    """

    def _of(self, name: str, changes: Mapping[str, Any]) -> Any:
        given, scale = {**self.given, **changes}, changes.get("spatial_scale", self.given.get("spatial_scale", 1.0))
        maps = [given["input"], given["coarse"]]
        of_levels = {
            "inputs": maps,
            "input_shapes": [array.shape for array in maps],
            "spatial_scales": (scale, scale / 2),
        }
        coarse = {"_backward": "coarse"}
        if "weights" in given:
            of_levels["weights"] = [given["weights"], given["coarse_weights"]]
            coarse["_backward_weights"] = "coarse_weights"
        for ending, of_coarse in coarse.items():
            if name.endswith(ending) and "out" in given:
                of_levels["out"] = [given["out"], np.empty_like(given[of_coarse])]
        result = super()._of(name, {**changes, **of_levels})
        return result[0] if isinstance(result, tuple) else result


def as_boxes(rows):
    return {"boxes": rows}


def with_indices(rows):
    """Boxes, and the image of each, as whole numbers."""
    images = np.clip(np.nan_to_num(rows[:, 0].astype(np.float64)), -(2.0**62), 2.0**62).astype(np.int64)
    return {"boxes": rows[:, 1:], "box_indices": images}


def nothing_else(maps, rows, bins, layout):
    return {}


@dataclass(frozen=True, kw_only=True)
class Example:
    """An operator, and calls of it that are like those of all others.

    Attributes:
        operator: Its name.
        boxes: Rows that can be pooled, batch index first; the first lies within the map of the first image.
        refused: Rows that cannot, besides those with a number that is none, or of no image.
        no_image: Batch indices of no image, where there are two.
        last: A row that reads the last four pixels of a map of 2¹⁶, along each axis.
        how: What calls are given besides arrays, bins and layout.
        choices: What calls may choose besides, in the same kernels.
        space, far: Height and width, after a depth if there is one: of most maps, and of those of 2¹⁶ pixels.
        unit: Maps have a multiple of so many channels.
        groups: An output has a part of the channels of a map: one of so many.
        bins: What an output has in place of pixels.
        size: The argument that says so.
        boxes_as: Makes arguments of rows.
        others: Makes further arrays, of maps, rows, bins and the layout.
        lists: Whether boxes may be a list, with an array for each image.
        allocates: Operations that allocate maps of their own, too large for memory where maps have 2³¹ elements.
        same_bits: Operations that add up on a GPU in the order of a CPU, so that results are equal to the last bit.
        launches: What is launched on a GPU for an operation, where that is not what most operators launch.
        on_a_gpu: Dialects whose kernels on a GPU are others in all ways that there are, together.
        shared: Whether a block that pools has shared memory.
        only_mode: What its kernels make of samples, if calls do not say.
        kinds: In how many kinds dialects fall that do not share what is compiled for a CPU, by operation.
        called: What calls are.
        kernels_of: The operator whose kernels it has, if they are not its own.
    """

    operator: str
    boxes: tuple[tuple[float, ...], ...]
    refused: tuple[tuple[float, ...], ...]
    no_image: tuple[float, ...] = (2, -1, 0.5, np.nan)
    last: tuple[float, ...]
    how: Mapping[str, Any] = field(default_factory=dict)
    space: tuple[int, ...] = (9, 11)
    far: tuple[int, ...] = (2**8, 2**8)
    unit: int = 1
    groups: int = 1
    bins: tuple[int, ...] = (3, 2)
    size: str | None = "output_size"
    boxes_as: Callable[[Any], dict[str, Any]] = as_boxes
    choices: Mapping[str, tuple[Any, ...]] = field(default_factory=lambda: {"sampling_ratio": (0, 2)})
    others: Callable[[Any, Any, Any, str], dict[str, Any]] = nothing_else
    lists: bool = True
    allocates: tuple[str, ...] = ()
    same_bits: tuple[str, ...] = ("forward", "backward")
    launches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shared: bool = True
    on_a_gpu: tuple[str, ...] = ()
    only_mode: str = "avg"
    kinds: Mapping[str, int] = field(default_factory=dict)
    called: type[Call] = Call
    kernels_of: str = ""

    @property
    def operations(self) -> tuple[str, ...]:
        """What the registry knows of."""
        return sources_of(self.operator).OPERATIONS

    @property
    def few(self) -> tuple[tuple[float, ...], ...]:
        """Some boxes of both images, for what takes long."""
        return self.boxes[:1] + self.boxes[1::2]

    @property
    def mode(self) -> str:
        """What its kernels make of samples."""
        return self.how.get("mode", self.only_mode)

    @property
    def dialects(self) -> Mapping[str, Any]:
        """Its vocabulary."""
        return import_module(f"roikit.kernels.dialects.{self.operator}").DIALECTS

    def maps(self, layout, channels=2, images=2, space=None, dtype=np.float32):
        """Maps of so many units of channels."""
        return like(drawn((images, channels * self.unit, *(space or self.space)), dtype), layout)

    def call(self, x, layout, rows=None, bins=None, **how: Any) -> Call:
        """A call with maps in a layout, and the boxes of this example unless others are given."""
        rows = np.array(self.boxes if rows is None else rows, wide(x.dtype)).reshape(-1, len(self.boxes[0]))
        bins, channels = self.bins if bins is None else bins, x.shape[1 if layout == "NCHW" else -1]
        outputs = channels // (self.groups if all(bins) else 1)
        given = {
            "input": x, "image": x, "input_shape": x.shape, "image_shape": x.shape, "rois": len(rows), "layout": layout,
            "dtype": x.dtype.name, "grad": like(drawn((len(rows), outputs, *bins), x.dtype, 1), layout),
            **({self.size: bins} if self.size else {}), **self.boxes_as(rows), **self.others(x, rows, bins, layout),
        }  # fmt: skip
        return self.called(self.operator, {**given, **self.how, **how})


def some_offsets(maps, rows, bins, layout):
    """Of bins that are moved by parts of their RoI, none of them by as much that a sample lies on a pixel."""
    moved = np.random.default_rng(7).integers(-16, 17, (len(rows), 2, *bins)) / 4 + 0.0137
    return {"offset": moved.astype(maps.dtype)}


def offsets_of_parts(maps, rows, bins, layout):
    """Of the parts of a RoI that bins lie in, of which there are as many whatever the bins are."""
    return some_offsets(maps, rows, (2, 2), layout)


def some_weights(maps, rows, bins, layout):
    """For all channels, from 1 to 9."""
    return {"weights": np.abs(maps[:, :1] if layout == "NCHW" else maps[..., :1]) + maps.dtype.type(1)}


def a_coarser_map(maps, rows, bins, layout):
    """Of the level after that of the maps: a few pixels."""
    images, channels = maps.shape[0], maps.shape[1 if layout == "NCHW" else -1]
    return {"coarse": like(drawn((images, channels, 5, 6), maps.dtype, 2), layout)}


def weights_of_both(maps, rows, bins, layout):
    """Of a coarser map, too."""
    coarse = a_coarser_map(maps, rows, bins, layout)
    of_coarse = some_weights(coarse["coarse"], rows, bins, layout)["weights"]
    return {**coarse, **some_weights(maps, rows, bins, layout), "coarse_weights": of_coarse}


CORNERS = (
    (0, 1, 1, 5, 5),
    (1, 0.25, 0, 9, 3.25),
    (0, -6, -3, 3, 20),  # over the edges
    (1, 4, 4, 1, 1),  # inverted
    (0, 40, 40, 50, 50),  # outside
    (1, 3, 2, 3, 2),  # without extent
    (0, 2.25, 3.5, 2.5, 3.75),  # within a pixel or two
    (1, -14, -4, 30, 50),  # around the map
)
CENTRES = (
    (0, 5.25, 4.75, 4, 3, 0.3),
    (1, 6.25, 5, 7.5, 4.3, -1.2),
    (0, 1, 2, 6, 9, 2.5),  # over the edges
    (1, 40, 40, 9, 9, 1),  # outside
    (0, 4.1, 5.3, 0.4, 0.6, 4),  # within a pixel or two
    (1, 4, 4, 30, 50, 0.7),  # around the map
    (0, 5, 5, 6, 0.5, 100.25),  # turned many times
)
WIDE, FAR = (0, -3e38, 0, 3e38, 1), (0, 0, 0, 3e6, 1)  # whose width overflows; of more samples than are counted
AT_THE_END = (0, 252, 252, 255, 255)
GATHERED = ("find_extents", "find_touching", "order_tiles")
WINNERS = {"backward": (*GATHERED, "find_winners", "backward")}
JOINED = {
    "forward": ("join", "forward"),
    "backward": ("join", *GATHERED, "backward"),
    "backward_offset": ("join", "motions", "backward_offset"),
    "backward_boxes": ("join", "motions", "backward_boxes"),
}
WEIGHED = {
    "backward": ("forward", *GATHERED, "backward", "for_maps"),
    "backward_weights": (
        *("forward", *GATHERED, "backward"),  # what arrives, summed up for maps
        *("forward", "add_channels", *GATHERED, "backward"),  # and what sums of weights take away
        "for_weights",
    ),
    "backward_boxes": ("weigh", "forward", "backward_boxes", "forward", "add_channels", "backward_boxes", "take_away"),
}
WEIGHED_WINNERS = {
    "backward": ("weigh", *GATHERED, "find_winners", "backward", "for_maps"),
    "backward_weights": ("weigh", *GATHERED, "find_winners", "backward", "for_weights"),
    "backward_boxes": ("weigh", "backward_boxes"),
}
WEIGHED_MEANS = {
    "backward": (*(3 * ("forward",)), "weigh", *GATHERED, "backward", "for_maps"),
    "backward_weights": (*(3 * ("forward",)), "weigh", *GATHERED, "backward", "for_weights"),
    "backward_boxes": ("weigh", *(3 * ("forward",)), "backward_boxes"),
}
LAUNCHES = {
    "forward": ("forward",),
    "backward": (*GATHERED, "backward"),
    "backward_boxes": ("backward_boxes",),
}
"""What most operators launch on a GPU."""


_EACH_LEVEL = ("weigh", "for_maps", "for_weights")
"""What is launched for each level by itself; all else takes all levels."""


def of_levels(launches: Mapping[str, tuple[str, ...]], operator: str) -> dict[str, tuple[str, ...]]:
    """What an operator launches, of two levels if it is one of pyramids."""
    times = 2 if operator.startswith("multiscale") else 1
    return {
        operation: tuple(each for name in names for each in (name,) * (times if name in _EACH_LEVEL else 1))
        for operation, names in launches.items()
    }


_CHOOSING = {"canonical_size": 5, "canonical_level": 1, "first_level": 0}
"""What sizes of boxes are related to, so that there are some on both levels of a pyramid."""
_WEIGHED = {
    "weighted_roi_align": {"others": some_weights},
    "multiscale_weighted_roi_align": {
        "others": weights_of_both,
        "called": OfAPyramid,
        "kernels_of": "weighted_roi_align",
    },
}
_SUMMED = ("forward", "backward", "backward_weights")
_OF_WEIGHTS = {"refused": (WIDE, FAR), "allocates": ("backward_boxes",), "same_bits": _SUMMED}


def weighed(operator: str, how: Mapping[str, Any], **differences: Any) -> Example:
    """Of weighed maps, of one level or of several."""
    of_levels = _CHOOSING if operator.startswith("multiscale") else {}
    return of_corners(operator, how={**how, **of_levels}, **_OF_WEIGHTS, **_WEIGHED[operator], **differences)


def of_corners(operator: str, **differences: Any) -> Example:
    """Of boxes ``[batch_index, x1, y1, x2, y2]``."""
    return Example(**{"operator": operator, "boxes": CORNERS, "refused": (WIDE,), "last": AT_THE_END} | differences)


def of_centres(operator: str, **differences: Any) -> Example:
    """Of boxes ``[batch_index, cx, cy, w, h, angle]``."""
    refused = ((0, 3, 3, 3e38, 3e38, 0), (0, 3, 3, 2.0**22, 2, 0))
    alike = {"boxes": CENTRES, "refused": refused, "last": (0, 254, 254, 3, 3, 0), "same_bits": (), "shared": False}
    return Example(**{"operator": operator, **alike} | differences)


EXAMPLES = {
    "roi_align": of_corners("roi_align", refused=(WIDE, FAR)),
    "roi_align, maximum": of_corners(
        "roi_align",
        refused=(WIDE, FAR),
        how={"mode": "max"},
        launches=WINNERS,
        kinds={"forward": 3, "backward": 3, "backward_boxes": 3},
    ),
    "roi_pool": of_corners(
        "roi_pool",
        how={"mode": "max"},
        launches=WINNERS,
        kinds={"forward": 5, "backward": 5},  # one for each way with NaN
        on_a_gpu=("torchvision", "onnxruntime", "openvino", "chainer", "mmcv", "tvm"),
    ),
    "roi_pool, average": of_corners("roi_pool", how={"mode": "avg"}),
    "ps_roi_pool": of_corners("ps_roi_pool", unit=6, groups=6, on_a_gpu=("torchvision", "mxnet", "openvino")),
    "ps_roi_align": of_corners(
        "ps_roi_align", refused=(WIDE, FAR), unit=6, groups=6, on_a_gpu=("torchvision", "mxnet", "roikit-bin-major")
    ),
    "crop_and_resize": Example(
        operator="crop_and_resize",
        boxes=(
            (0, 0.15625, 0.28125, 0.84375, 0.71875),
            (1, 0, 0, 1, 1),
            (0, -0.5, -0.25, 1.5, 1.25),  # around the image
            (1, 0.78125, 0.875, 0.25, 0.15625),  # flipped
            (0, 2, 2, 3, 3),  # outside
            (1, 0.53125, 0.40625, 0.53125, 0.40625),  # without extent
        ),
        refused=((0, -3e38, 0, 3e38, 1),),
        no_image=(2, -1, 2**31),
        last=(0, 0.99, 0.99, 1, 1),
        size="crop_size",
        choices={"method": ("bilinear", "nearest")},
        boxes_as=with_indices,
        lists=False,
    ),
    "prroi_pool": of_corners("prroi_pool", same_bits=()),
    **{
        name: weighed(name, {"normalise": True}, launches=of_levels(WEIGHED, name), on_a_gpu=dialects)
        for name, dialects in (
            ("weighted_roi_align", ("torchvision-aligned", "paddle")),
            ("multiscale_weighted_roi_align", ("detectron2", "roikit-openvino")),
        )
    },
    **{
        f"{name}, maximum": weighed(name, {"mode": "max"}, launches=of_levels(WEIGHED_WINNERS, name), kinds=kinds)
        for name, kinds in (
            ("weighted_roi_align", {"forward": 2, "backward": 3, "backward_weights": 3, "backward_boxes": 3}),
            (
                "multiscale_weighted_roi_align",
                {"forward": 2, "backward": 3, "backward_weights": 3, "backward_boxes": 3},
            ),
        )
    },
    **{
        f"{name}, {mean}": weighed(name, how, launches=of_levels(WEIGHED_MEANS, name))
        for name in ("weighted_roi_align", "multiscale_weighted_roi_align")
        for mean, how in (("power mean", {"mode": "lp", "p": 2.5}), ("softmax", {"mode": "softmax", "beta": 0.25}))
    },
    "roi_align_rotated": of_centres("roi_align_rotated"),
    "riroi_align_rotated": of_centres("riroi_align_rotated", how={"num_orientations": 2}, unit=2),
    "multiscale_roi_align_rotated": of_centres(
        "multiscale_roi_align_rotated",
        how=_CHOOSING,
        others=a_coarser_map,
        called=OfAPyramid,
    ),
    "multiscale_ps_roi_align": of_corners(
        "multiscale_ps_roi_align",
        refused=(WIDE, FAR),
        how=_CHOOSING,
        unit=6,
        groups=6,
        others=a_coarser_map,
        called=OfAPyramid,
        on_a_gpu=("torchvision", "gluoncv", "roikit-bin-major"),
    ),
    "border_align": of_corners(
        "border_align",
        how={"pool_size": 5},
        last=(0, 252.25, 252.5, 254.75, 254.5),
        unit=4,
        groups=4,
        bins=(4,),
        size=None,
        same_bits=(),
        launches=WINNERS,
        shared=False,
        only_mode="max",
    ),
    "deform_roi_pool": of_corners(
        "deform_roi_pool", refused=(WIDE, FAR), others=some_offsets, same_bits=(), launches=JOINED, shared=False
    ),
    "deform_ps_roi_pool": of_corners(
        "deform_ps_roi_pool",
        how={"group_size": 1, "sampling_ratio": 2},
        choices={"sampling_ratio": (1, 2)},
        others=offsets_of_parts,
        same_bits=(),
        launches=JOINED,
        shared=False,
    ),
    "roi_align_3d": Example(
        operator="roi_align_3d",
        boxes=(
            (0, 1.25, 2.5, 0.75, 7.75, 6.125, 4.5),
            (1, 6.5, 5.25, 4.5, 2.125, 0.75, 1.25),  # inverted
            (0, -2.5, 1.75, -1.5, 5.25, 9.5, 3.25),  # over the edges
            (1, 40, 40, 40, 49, 49, 49),  # outside
            (0, 4.125, 5.25, 2.125, 4.5, 5.375, 2.25),  # within a voxel or two
            (1, -9, -7, -8, 20, 17, 16),  # around the volume
            (0, 3.25, 4.5, 2.75, 3.25, 4.5, 2.75),  # a point
        ),
        refused=((0, 3, 3, -3e38, 4, 5, 3e38), (0, 3, 3, 3, 4, 5, 2e6)),
        last=(0, 252, 60, 1, 255, 63, 3),
        space=(5, 7, 9),
        far=(4, 2**6, 2**8),
        bins=(2, 3, 2),
        same_bits=("forward",),
    ),
}
"""By what ids of tests call them; an operator that has several ways through its kernels has several."""
