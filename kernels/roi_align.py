"""RoIAlign: bilinear samples of a feature map on a regular grid in each bin of each RoI, averaged or maximised."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import arguments, device, host, plan
from .dialect import DIALECTS, Dialect, Offset, named_dialect
from .errors import InvalidRoiError
from .source import Source, specialise

if TYPE_CHECKING:
    from types import ModuleType

MODES = ("avg", "max")
LAYOUTS = ("NCHW", "NHWC")

_HOST_VECTOR = {"NCHW": 16, "NHWC": 64}
_HOST_CHANNELS = 4
_DEVICE_VECTOR_BYTES = 16
_SHAPE_FIELDS = ("rois", "channels", "height", "width", "bins_y", "bins_x", "sampling_y", "sampling_x")
_NO_STATUS = np.iinfo(np.int64).max
_REASONS = {
    1: "its batch index {value:g} is not one of the N = {images} images",
    2: "it has a coordinate that is not finite, or overflows when scaled",
    3: "with adaptive sampling it may not reach farther than 2**20 feature pixels from the origin",
}


def roi_align(
    input: Any,  # noqa: A002 - torchvision's name
    boxes: Any,
    output_size: int | tuple[int, int],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    mode: str = "avg",
    layout: str = "NCHW",
    dialect: str | Dialect | None = None,
    out: Any = None,
    check: bool = False,
) -> Any:
    """Pools each RoI of a feature map into a fixed number of bins.

    CuPy arrays are worked on by their GPU, on the current stream; NumPy arrays by the CPU, with the same source. The rules
    are those of ``conformance/SPECIFICATION.md``.

    Args:
        input: Feature maps ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``; float16, bfloat16, float32 or
            float64. An array that is not contiguous is copied first.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, or a list of N arrays ``(L_i, 4)``; corners in image
            pixels. Of the data type of ``input``, or float32 with 16-bit maps.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        spatial_scale: Feature pixels per image pixel; one number or ``(scale_y, scale_x)``.
        sampling_ratio: Samples per bin along an axis; one number or ``(g_y, g_x)``. 0 or less: as many as the bin has
            feature pixels, rounded up (or as the dialect says), for every RoI by itself.
        aligned: Whether boxes are shifted by half a feature pixel, which is right, or left as they are and enlarged to at least
            one pixel, which is what the first implementations did.
        mode: ``"avg"`` or ``"max"``, what a bin makes of its samples.
        layout: ``"NCHW"`` or ``"NHWC"``, of ``input`` and output.
        dialect: A `Dialect` or the name of one, to get the answer of another library. It decides what ``aligned`` would.
            None means torchvision's rules.
        out: Array to write to: shape, data type and device of the output, C-contiguous, apart from the inputs in memory.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``, of the data type of ``input``. On a GPU,
        without ``check``, the bins of a RoI that cannot be pooled are NaN.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a box is not finite, or its batch index is none of ``0 … N-1``, or it reaches farther
            than 2**20 feature pixels and is sampled adaptively. What ``out`` then holds is not defined.
    """
    mode = arguments.choice("mode", mode, MODES)
    layout = arguments.choice("layout", layout, LAYOUTS)
    rules = resolve_dialect(dialect, aligned=aligned)
    size = arguments.output_size_pair(output_size)
    ratio = arguments.sampling_ratio_pair(sampling_ratio)
    xp = arguments.array_namespace("input", input)
    arguments.check_feature_map(input)
    scale = arguments.spatial_scale_pair(spatial_scale, input.dtype.name)

    rows = arguments.box_rows(xp, boxes, input)
    images, channels, height, width = input.shape if layout == "NCHW" else (input.shape[i] for i in (0, 3, 1, 2))
    shape = (len(rows), channels, *size) if layout == "NCHW" else (len(rows), *size, channels)
    out = arguments.output_array(xp, out, shape, input, rows)
    if math.prod(shape) == 0:
        return out
    if height == 0 or width == 0:
        raise ValueError(f"input has no pixels: its shape is {input.shape}")
    if max(images, height, width, len(rows)) >= 2**31:
        raise ValueError(
            f"input and boxes must have fewer than 2**31 images, rows, columns and RoIs; they have {input.shape}, {rows.shape}"
        )

    problem = _Problem(
        input=arguments.contiguous(xp, input),
        boxes=rows,
        out=out,
        mode=mode,
        layout=layout,
        dialect=rules,
        fields={
            "rois": len(rows),
            "images": images,
            "channels": channels,
            "scale_y": scale[0],
            "scale_x": scale[1],
            "height": height,
            "width": width,
            "bins_y": size[0],
            "bins_x": size[1],
            "sampling_y": ratio[0],
            "sampling_x": ratio[1],
        },
    )
    if xp is np:
        _run_on_host(problem)
    else:
        arguments.check_same_device(input, boxes=rows, out=out)
        with input.device:
            _run_on_device(xp, problem, check=check)
    return out


def resolve_dialect(dialect: str | Dialect | None, *, aligned: bool) -> Dialect:
    """Returns the rules that ``dialect`` and ``aligned`` of `roi_align` ask for."""
    if dialect is None:
        return DIALECTS["torchvision-aligned" if aligned else "torchvision"]
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a Dialect or the name of one, not {dialect!r}")
    if aligned and rules.offset == Offset.NONE:
        raise ValueError(f"aligned=True contradicts dialect={dialect!r}, which does not shift boxes; leave aligned out")
    return rules


@dataclass(slots=True)
class _Problem:
    """A call whose arguments have been checked; ``fields`` are those of the kernel's struct that the call itself sets."""

    input: Any
    boxes: Any
    out: Any
    mode: str
    layout: str
    dialect: Dialect
    fields: dict[str, Any]


def specialised(
    dtype: str,
    mode: str,
    layout: str,
    dialect: Dialect,
    *,
    vector: int,
    channels: int = 1,
    packed: bool = False,
    gather: int = plan.GATHER,
) -> Source:
    """Returns the kernel for maps of a data type (by name).

    ``vector`` is the number of neighbouring elements that a thread reads together, channels (NHWC) or columns (NCHW);
    ``packed`` says that each vector of channels is aligned to its size; ``channels`` is the number of channels for which a
    thread sums columns together (NCHW). A RoI with at most ``gather`` taps for each bin is pooled bin by bin (NCHW on a GPU).
    """
    rules = dialect.for_mode(mode)
    kind = {None: "first", -math.inf: "minus_infinity"}.get(rules.max_start, "value")
    return specialise(
        "roi_align.cu",
        "roi_align_forward",
        dtype,
        (
            ("MODE", mode),
            ("LAYOUT", layout),
            ("OFFSET", rules.offset),
            ("END", rules.end),
            ("MIN_SIZE", rules.min_size),
            ("ADAPTIVE", rules.adaptive),
            ("GRID_CAP", rules.grid_cap),
            ("EMPTY_GRID", rules.empty_grid),
            ("OUTSIDE", rules.outside),
            ("MAX", rules.max),
            ("MAX_START", kind),
            ("MAX_START_VALUE", repr(rules.max_start) if kind == "value" else "0"),
            ("VECTOR", vector),
            ("CHANNELS", channels),
            ("THREADS", plan.DEVICE_THREADS),
            ("BLOCKS", plan.blocks_per_multiprocessor(dtype, mode)),
            ("DENSE", plan.DENSE),
            ("GATHER", gather),
            ("ALIGNED", int(packed)),
        ),
    )


def host_source(dtype: str, mode: str, layout: str, dialect: Dialect) -> Source:
    """Returns the kernel that a CPU runs."""
    return specialised(dtype, mode, layout, dialect, vector=_HOST_VECTOR[layout], channels=_HOST_CHANNELS)


def _device_vector(itemsize: int, layout: str) -> int:
    return _DEVICE_VECTOR_BYTES // itemsize if layout == "NHWC" else 1


def device_vector(dtype: str, layout: str) -> int:
    """Returns how many neighbouring elements of a map of ``dtype`` (a name) a thread of a GPU reads together."""
    return _device_vector({"float32": 4, "float64": 8}.get(dtype, 2), layout)


def device_sources(dtype: str, mode: str, layout: str, dialect: Dialect) -> list[Source]:
    """Returns the kernels that a GPU may run: with channels last one for aligned vectors, and one for any."""
    vector = device_vector(dtype, layout)
    alignments = (False, True) if layout == "NHWC" else (False,)
    return [specialised(dtype, mode, layout, dialect, vector=vector, packed=packed) for packed in alignments]


def _shape(problem: _Problem) -> plan.Shape:
    fields = problem.fields
    sizes = {name: fields[name] for name in _SHAPE_FIELDS}
    return plan.Shape(
        **sizes,
        itemsize=problem.input.dtype.itemsize,
        mode=problem.mode,
        layout=problem.layout,
        outside=problem.dialect.outside,
    )


def _raise_for_status(problem: _Problem, status: int) -> None:
    if status == _NO_STATUS:
        return
    index, reason = divmod(status, 4)
    value = float(problem.boxes[index, 0])
    text = _REASONS[reason].format(value=value, images=problem.fields["images"])
    raise InvalidRoiError(f"boxes[{index}] cannot be pooled: {text}")


def _run_on_host(problem: _Problem) -> None:
    vector = _HOST_VECTOR[problem.layout]
    source = host_source(problem.input.dtype.name, problem.mode, problem.layout, problem.dialect)
    launch = plan.host_plan(_shape(problem), vector, host.thread_count())
    params = source.pack({**problem.fields, **launch.fields})
    status = np.full(1, _NO_STATUS)
    host.launch(
        source,
        launch.grid,
        (problem.input, problem.boxes, problem.out, None, status, params),
        shared_bytes=launch.memory,
    )
    _raise_for_status(problem, int(status[0]))


def _run_on_device(xp: ModuleType, problem: _Problem, *, check: bool) -> None:
    fields, itemsize = problem.fields, problem.input.dtype.itemsize
    vector = _device_vector(itemsize, problem.layout)
    packed = (
        problem.layout == "NHWC"
        and fields["channels"] % vector == 0
        and all(array.data.ptr % _DEVICE_VECTOR_BYTES == 0 for array in (problem.input, problem.out))
    )
    source = specialised(
        problem.input.dtype.name, problem.mode, problem.layout, problem.dialect, vector=vector, packed=packed
    )
    launch = plan.device_plan(_shape(problem), vector)
    grid, shared, workspace = launch.grid, launch.memory, None
    if shared > device.SHARED_BYTES:
        # Lists or lines of very large maps: in global memory, and no more blocks than run at once.
        grid = (min(grid[0], 8 * device.multiprocessor_count()), *grid[1:])
        workspace, shared = xp.empty(math.prod(grid) * shared, xp.uint8), 0
    params = source.pack({**fields, **launch.fields})
    status = xp.full(1, _NO_STATUS, xp.int64) if check else None
    device.launch(
        source,
        grid,
        launch.block,
        (problem.input, problem.boxes, problem.out, workspace, status, params),
        shared_bytes=shared,
    )
    if status is not None:
        _raise_for_status(problem, int(status[0]))
