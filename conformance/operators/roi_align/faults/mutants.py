"""Faults to inject into the oracle, one at a time: what an implementation gets wrong, in exact arithmetic.

Those that libraries really have, or had, name them. `adequacy.py` shows that the golden cases notice every one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.choices import Adaptive, EmptyGrid, End, GridCap, Max, MinSize, Offset, Outside
from ....exact.numbers import HALF
from ....operation import Operation
from ....sampling.axis import Rules
from . import formulas as faults
from .formulas import ONE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from .....kernels.dialects.roi_align import Dialect

    Objects = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault.

    Attributes:
        name: What is wrong, in a few words.
        who: Libraries that have or had it; empty if it is a fault that one could make.
        rules: The oracle's formulas with the fault, if it is in them.
        before: Changes the call, if the fault is there.
        after: Changes the output ``(K, C, P_h, P_w)``, if the fault is there; it also gets the call.
        concerns: Whether the fault can show under a dialect and in a mode; where it cannot, the mutant is equivalent.
        equivalent: Why it cannot show elsewhere; empty if the formulas are then the same.
        operation: What the fault is in.
        dtype: The data type of the calls in which it shows: float64, where nothing is rounded, unless it is one of arithmetic.
    """

    name: str
    who: str = ""
    rules: type[Rules] = Rules
    before: Callable[[faults.Call], faults.Call] = lambda call: call
    after: Callable[[Objects, faults.Call], Objects] = lambda values, _: values
    concerns: Callable[[Dialect, str], bool] = lambda _dialect, _mode: True
    equivalent: str = ""
    operation: Operation = Operation.FORWARD
    dtype: str = "float64"

    def returned(self, arguments: Mapping[str, Any], operation: Operation, dialect: Dialect, *, many: bool) -> Objects:
        """What an implementation with this fault returns for the arguments of a case."""
        return self.output(faults.call_of(arguments, operation, dialect, many=many, dtype=self.dtype))

    def output(self, call: faults.Call) -> Objects:
        """What an implementation with this fault computes; None throughout an invalid RoI."""
        return self.after(faults.output(self.before(call), self.rules), call)


def _dialect(name: str, who: str = "", **choices: Any) -> Mutant:
    """The mutant that makes other choices than its dialect."""

    def concerns(dialect: Dialect, mode: str) -> bool:
        return replace(dialect, **choices).for_mode(mode) != dialect.for_mode(mode)

    return Mutant(
        name, who, before=lambda call: replace(call, dialect=replace(call.dialect, **choices)), concerns=concerns
    )


def _where(applies: Callable[[Dialect], bool], why: str, mutant: Mutant) -> Mutant:
    """The mutant, said to concern only dialects of which ``applies`` is true, and why no others."""
    before = mutant.concerns
    return replace(mutant, equivalent=why, concerns=lambda dialect, mode: applies(dialect) and before(dialect, mode))


def _may_be_empty(dialect: Dialect) -> bool:
    return dialect.min_size != MinSize.ONE


NEVER_EMPTY = "A RoI of at least one pixel, rounded up, has at least one sample per bin: its grid is never empty."
ZERO_ANYWAY = (
    "Where no sample is outside, or a maximum includes 0 anyway, the 0 of outside samples makes no difference."
)
NONE_OUTSIDE = "Where outside samples are clamped, none is outside."
NEVER_NEGATIVE = "An extent of at least one pixel is never negative."


def _outside_counts(dialect: Dialect) -> bool:
    return dialect.outside == Outside.ZERO and dialect.max_start != 0.0


def _has_outside(dialect: Dialect, mode: str) -> bool:
    del mode
    return dialect.outside == Outside.ZERO


def _unclamped(dialect: Dialect, mode: str) -> bool:
    del mode
    return dialect.min_size == MinSize.NONE


def only(mode: str) -> Callable[[Dialect, str], bool]:
    """A test whether a fault concerns one mode."""
    return lambda _dialect, at: at == mode


MUTANTS: tuple[Mutant, ...] = (
    _dialect("no half-pixel shift", "TVM (aligned only removes the minimum size)", offset=Offset.NONE),
    _dialect("half-pixel shift where none is due", offset=Offset.HALF),
    _dialect("shift before scale", "TVM's importers", offset=Offset.HALF_BEFORE_SCALE),
    _dialect("pixel centres", "OpenVINO half_pixel taken for half_pixel_for_nn", offset=Offset.PIXEL_CENTRE),
    _dialect("no minimum size", min_size=MinSize.NONE),
    _dialect("minimum size always", "MIGraphX, Chainer; Paddle's backward", min_size=MinSize.ONE),
    _dialect("minimum size zero", "JDet", min_size=MinSize.ZERO),
    _dialect("grid rounded down", "MindSpore", adaptive=Adaptive.FLOOR),
    _dialect("grid rounded to nearest", "ONNX Runtime's CUDA kernel", adaptive=Adaptive.ROUND),
    _dialect("grid capped by the map", "torchvision's Python path", grid_cap=GridCap.MAP),
    _dialect("second corner one further", "MindSpore roi_end_mode=1", end=End.PLUS_ONE),
    _dialect("outside samples clamped", "torchvision's Python path, ivy, keras-hub, OpenVINO's GPU reference", outside=Outside.CLAMP),
    _where(_may_be_empty, NEVER_EMPTY, _dialect("empty grid not a number", "OpenVINO, Paddle and MNN on a CPU", empty_grid=EmptyGrid.NAN)),
    _where(_may_be_empty, NEVER_EMPTY, _dialect("empty grid takes one sample", "OpenCV", empty_grid=EmptyGrid.ONE_SAMPLE)),
    _dialect("maximum of interpolated samples", "OpenVINO, mmcv, TVM, MNN", max=Max.SAMPLE),
    _dialect("maximum of weighted corners", "ONNX reference, ONNX Runtime, OpenCV, TensorRT", max=Max.CORNER),
    _where(_outside_counts, ZERO_ANYWAY, _dialect("maximum of inside samples only", "Chainer", max=Max.SAMPLE_INSIDE)),
    _dialect("maximum starts at 0", "OpenVINO", max_start=0.0),
    _dialect("maximum starts at -10000", "mmcv on a CPU", max_start=-10000.0),
    Mutant("shift of one pixel", rules=faults.OffsetOfOnePixel, concerns=lambda dialect, _: dialect.offset == Offset.HALF),
    Mutant("scale forgotten", rules=faults.ScaleForgotten),
    Mutant("scale inverted", rules=faults.ScaleInverted),
    Mutant("corners rounded to pixels", "RoIPool", rules=faults.CornersRounded),
    Mutant("corners sorted", "TensorRT's PyramidROIAlign", rules=faults.CornersSorted),
    Mutant("extent one larger", "jwyang's RoIAlign", rules=faults.ExtentPlusOne),
    Mutant("minimum size two", rules=faults.MinSizeTwo),
    Mutant("extent without its sign", rules=faults.AbsoluteExtent, concerns=_unclamped, equivalent=NEVER_NEGATIVE),
    Mutant("one bin less", "jwyang's RoIAlign", rules=faults.BinsOneLess),
    Mutant("grid of twice the bin", rules=faults.GridOfExtent),
    Mutant("grid one larger for whole bins", rules=faults.CeilPlusOne),
    Mutant("adaptive means two", rules=faults.AdaptiveAlwaysTwo),
    Mutant("sampling ratio ignored", rules=faults.AlwaysAdaptive),
    Mutant(
        "at least one sample", rules=faults.AtLeastOneSample,
        concerns=lambda dialect, mode: _unclamped(dialect, mode) and dialect.empty_grid != EmptyGrid.ONE_SAMPLE,
        equivalent=NEVER_EMPTY,
    ),
    Mutant("last sample missing", rules=faults.LastSampleMissing),
    Mutant("samples at the corners of their cells", rules=faults.SamplesAtCorners),
    Mutant("samples spread between the ends of the bin", rules=faults.SamplesWithEnds),
    Mutant("every bin is the first", rules=faults.FirstBinOnly),
    Mutant("inverted bins run forward", rules=faults.MirroredBins, concerns=_unclamped, equivalent=NEVER_NEGATIVE),
    Mutant("outside begins at -1/2", rules=faults.bounds(-HALF, 0), concerns=_has_outside, equivalent=NONE_OUTSIDE),
    Mutant("outside begins at 0", rules=faults.bounds(Fraction(0), 0), concerns=_has_outside, equivalent=NONE_OUTSIDE),
    Mutant("outside begins at -2", rules=faults.bounds(Fraction(-2), 0), concerns=_has_outside, equivalent=NONE_OUTSIDE),
    Mutant("outside begins at H - 1", "crop_and_resize", rules=faults.bounds(-ONE, -1), concerns=_has_outside, equivalent=NONE_OUTSIDE),
    Mutant("outside begins at H + 1", rules=faults.bounds(-ONE, 1), concerns=_has_outside, equivalent=NONE_OUTSIDE),
    Mutant("exactly -1 and exactly H are outside", "an early MindSpore kernel", rules=faults.bounds(-ONE, 0, including=False), concerns=_has_outside, equivalent=NONE_OUTSIDE),
    Mutant("exactly H is outside", rules=faults.HighBoundExcluded, concerns=_has_outside, equivalent=NONE_OUTSIDE),
    Mutant("zero padding", "scenic", rules=faults.FadesAtEdge),
    Mutant("extrapolates at the high edge", "jwyang's RoIAlign", rules=faults.ClampOnlyLow),
    Mutant("last row and column never read", "torchvision's ps_roi_pool", rules=faults.LastPixelUnreachable),
    Mutant("nearest pixel", rules=faults.NearestPixel),
    Mutant("lower pixel", rules=faults.FloorPixel),
    Mutant("weights exchanged", rules=faults.WeightsExchanged),
    Mutant("one weight off by 1/64", rules=faults.OneWeightOff),
    Mutant("weights in quarters", "texture units, with more bits", rules=faults.WeightsInQuarters),
    Mutant("divides by one more", rules=faults.DividesByGridPlusOne, concerns=only("avg")),
    Mutant("divides by one axis twice", rules=faults.DividesByOneAxisTwice, concerns=only("avg")),
    Mutant("sums instead of averaging", rules=faults.Sums, concerns=only("avg")),
    Mutant("maximum of magnitudes", rules=faults.MaximumOfMagnitude, concerns=only("max")),
    Mutant("minimum", rules=faults.Minimum, concerns=only("max")),
    Mutant(
        "maximum forgets outside samples", rules=faults.OutsideSkipped,
        concerns=lambda dialect, mode: mode == "max" and _outside_counts(dialect), equivalent=ZERO_ANYWAY,
    ),
    Mutant("average instead of maximum", before=lambda call: replace(call, mode="avg"), concerns=only("max")),
    Mutant("maximum instead of average", before=lambda call: replace(call, mode="max"), concerns=only("avg")),
    Mutant("x and y of the boxes exchanged", before=faults.boxes(lambda boxes: boxes[:, [0, 2, 1, 4, 3]])),
    Mutant("boxes are corner and extent", before=faults.boxes(faults.extents_for_corners)),
    Mutant("second corner rounded up", before=faults.boxes(faults.ends_rounded_up)),
    Mutant("always the first image", before=faults.boxes(faults.first_image)),
    Mutant("batch index in half precision", "torchvision, mmcv (float16)", before=faults.boxes(faults.batch_in_half)),
    Mutant("batch index rounded", "MindSpore", before=faults.boxes(faults.batch_rounded)),
    Mutant("every RoI is the first", "jwyang's grid-stride loop", after=faults.row_of_first_roi),
    Mutant("map transposed", before=lambda call: replace(call, input=call.input.swapaxes(2, 3) if call.input.shape[2] == call.input.shape[3] else call.input)),
    Mutant("one scale for both axes", before=lambda call: replace(call, spatial_scale=(call.spatial_scale[0],) * 2)),
    Mutant("one sampling ratio for both axes", before=lambda call: replace(call, sampling_ratio=(call.sampling_ratio[0],) * 2)),
    Mutant("output transposed", after=lambda values, _: values.swapaxes(2, 3) if values.shape[2] == values.shape[3] else values),
    Mutant("bins in reverse order", after=lambda values, _: values[:, :, ::-1, ::-1]),
    Mutant("channels in reverse order", after=lambda values, _: values[:, ::-1]),
    Mutant("a NaN at pixel (0, 0) reaches outside samples", "torchvision, ONNX Runtime, OpenVINO, OpenCV, mmcv on a CPU", after=faults.poison_of_first_pixel, concerns=lambda dialect, mode: mode == "avg" and _has_outside(dialect, mode), equivalent=NONE_OUTSIDE),
    Mutant("offsets in 32 bits", "torchvision, mmcv, MXNet, TensorRT's plugin", before=lambda call: replace(call, input=call.input * 0) if call.many else call),
    Mutant("zeros", after=faults.constant(Fraction(0))),
    Mutant("ones", after=faults.constant(ONE)),
)  # fmt: skip
"""Faults of the output."""
