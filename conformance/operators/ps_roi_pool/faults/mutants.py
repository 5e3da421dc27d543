"""Faults to inject into the oracle, one at a time: what an implementation of PSRoIPool gets wrong, in exact arithmetic.

Those that libraries really have, or had, name them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.choices import BinEdges
from .....kernels.dialects.ps_roi_pool import Clip, Corners, Dialect, LeastSize
from .... import mistakes
from ....fault import Fault
from ....operation import Operation
from ....windows import faults as windows
from ....windows.asked import WindowCall
from ..oracle.answers import result_of
from ..oracle.face import asked_of
from ..oracle.geometry import ONE, ZERO, Rules
from . import formulas as faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from fractions import Fraction

    from ....exact.numbers import Array


class Mutant(Fault[WindowCall[Rules]]):
    """A fault of PSRoIPool."""

    __slots__ = ()

    def ask(self, arguments: Mapping[str, Any], dialect: Dialect) -> WindowCall[Rules]:
        """The call that a case describes, with the faulty formulas, if it is in them."""
        return asked_of(arguments, dialect, self.dtype, windows.faulty(self.rules, Rules) if self.rules else Rules)

    def answer(self, asked: WindowCall[Rules], operation: Operation) -> Array:
        """The oracle's answer to a call."""
        values: Array = result_of(asked, asked.rois, operation).values
        return values


def _choice(name: str, who: str = "", **choices: Any) -> Mutant:
    """The mutant that makes other choices than its dialect."""
    return Mutant(name, who, **windows.choosing(**choices))


def _is_whole(dialect: Dialect) -> bool:
    return dialect.corners == Corners.AFTER_SCALE


def _of_image(dialect: Dialect) -> bool:
    return not _is_whole(dialect)


def _reads_last(dialect: Dialect) -> bool:
    return dialect.clip == Clip.MAP


WHOLE = "Where RoIs begin with whole feature pixels, adding the start before or after rounding is the same."
EXCLUSIVE = "Where the second corner is no pixel of the RoI, none is left out."
UNJUDGED = "Where RoIs are no whole feature pixels, only calls are judged in which no rounding moves an edge."

MUTANTS: tuple[Mutant, ...] = (
    Mutant("channels sorted by bins first", "OpenVINO's bilinear mode, TensorFlow's object detection", before=faults.bin_major),
    Mutant("rows and columns of bins exchanged in the channel", rules=faults.RowsAndColumnsExchanged),
    Mutant("channels of the bins in reverse order", rules=faults.BinsReversed),
    Mutant("every bin reads the channel of the first", rules=faults.FirstBinsChannel),
    Mutant("every channel of the output is the first", rules=faults.OneGroupForAll),
    Mutant("as many columns of bins as rows in the channel", rules=faults.RowsForColumns),
    _choice("corners rounded after scaling", "torchvision", corners=Corners.AFTER_SCALE),
    _choice("corners rounded before scaling", "MXNet, Paddle, R-FCN", corners=Corners.BEFORE_SCALE),
    _choice("1 added before rounding", "OpenVINO, ncnn, OpenCV", corners=Corners.ONE_ADDED_FIRST),
    _choice("least size one", "torchvision", min_size=LeastSize.ONE),
    _choice("last row and column never read", "torchvision, MindSpore", clip=Clip.BEFORE_LAST),
    _choice("last row and column read", "MXNet, Paddle, OpenVINO, ncnn", clip=Clip.MAP),
    windows.where(_is_whole, UNJUDGED, _choice("edges in integers", edges=BinEdges.EXACT)),
    windows.where(_is_whole, UNJUDGED, _choice("edges in float32", edges=BinEdges.FLOAT32)),
    windows.where(_is_whole, UNJUDGED, _choice("edges in float64", edges=BinEdges.FLOAT64)),
    Mutant("halves rounded to even", rules=faults.HalvesToEven),
    Mutant("halves rounded up", rules=faults.HalvesUp),
    Mutant("corners truncated", rules=windows.Truncated),
    Mutant("corners rounded outwards", rules=windows.SnappedOutwards),
    Mutant("corners not rounded", rules=faults.NotSnapped),
    Mutant("size measured before corners are rounded", rules=windows.SizeBeforeSnap),
    Mutant("inclusive end, in feature pixels", "RoIPool", rules=faults.EndInclusive),
    windows.where(_of_image, EXCLUSIVE, Mutant("exclusive end", rules=faults.EndExclusive)),
    Mutant("corners half a pixel off", "RoIAlign's offset", rules=faults.HalfPixelOffset),
    Mutant("scale forgotten", before=lambda asked: replace(asked, scale=(ONE, ONE))),
    Mutant("scale inverted", before=lambda asked: replace(asked, scale=(1 / asked.scale[0], 1 / asked.scale[1]))),
    Mutant("corners sorted", rules=windows.CornersSorted),
    Mutant("inverted box at its second corner", rules=windows.AtSecondCorner),
    Mutant("no least size", rules=faults.NoLeastSize),
    Mutant("least size two", rules=windows.MinSizeTwo),
    Mutant("extent without its sign", rules=windows.AbsoluteExtent),
    Mutant("one bin less", rules=windows.BinsOneLess),
    Mutant("every bin is the first", rules=windows.FirstBinOnly),
    Mutant("bins do not overlap", rules=faults.WithoutOverlap),
    Mutant("bins begin at the next pixel", rules=faults.BeginsLate),
    Mutant("bins end a pixel late", rules=faults.EndsOneLate),
    windows.where(_of_image, WHOLE, Mutant("start added after rounding", rules=faults.ShiftedAfterRounding)),
    Mutant("bin size in whole pixels", rules=windows.WholeBinSize),
    Mutant("clipped before the edges", before=mistakes.clipped_to_map),
    Mutant("an empty bin reads the pixel at the edge", rules=windows.ReadsAtEdge),
    Mutant("divides by one more", rules=windows.DividesByOneMore),
    Mutant("sums instead of averaging", rules=windows.Sums),
    Mutant("divides by the bin before it is clipped", after=windows.over_unclipped_bins),
    Mutant("x and y of the boxes exchanged", before=mistakes.columns(0, 2, 1, 4, 3)),
    Mutant("boxes are corner and extent", before=mistakes.boxes(mistakes.extents_for_corners)),
    Mutant("always the first image", before=mistakes.boxes(mistakes.first_image)),
    Mutant("batch index in half precision", "torchvision (float16)", before=mistakes.boxes(mistakes.batch_in_half)),
    Mutant("batch index rounded", before=mistakes.boxes(mistakes.batch_rounded)),
    Mutant("every RoI is the first", after=mistakes.row_of_first_roi),
    Mutant("map transposed", before=mistakes.map_transposed),
    Mutant("one scale for both axes", before=lambda asked: replace(asked, scale=(asked.scale[0],) * 2)),
    Mutant("output transposed", after=lambda values, _: mistakes.transposed(values)),
    Mutant("bins in reverse order", after=lambda values, _: values[:, :, ::-1, ::-1]),
    Mutant("channels in reverse order", after=lambda values, _: values[:, ::-1]),
    Mutant("offsets in 32 bits", "MXNet", of_32_bits=True),
    Mutant("zeros", after=mistakes.constant(ZERO)),
    Mutant("ones", after=mistakes.constant(ONE)),
)  # fmt: skip
"""Faults of the output."""

_NO_EFFECT = (
    "batch index in half precision",  # of images that gradient cases have not
    "batch index rounded",
    "offsets in 32 bits",
    "map transposed",  # whose values the gradient does not depend on
)


def _derived() -> Iterator[Mutant]:
    """The faults of the output that change which pixels a bin has, or what each of them counts."""
    plain = Mutant("")
    for mutant in MUTANTS:
        if mutant.after is plain.after and not mutant.name.startswith(_NO_EFFECT):
            yield replace(mutant, name=f"backward: {mutant.name}", operation=Operation.FEATURE_GRADIENT)


class _SentInFull(Rules):
    def share(self, arriving: Fraction, count: int) -> Fraction:
        del count
        return arriving


def _backward(name: str, who: str = "", **how: Any) -> Mutant:
    return Mutant(name, who, operation=Operation.FEATURE_GRADIENT, **how)


GRADIENT_MUTANTS: tuple[Mutant, ...] = (
    *(m for m in _derived() if m.name != "backward: sums instead of averaging"),
    _backward("every pixel of a bin is sent all that arrives", rules=_SentInFull),
    _backward("shares of the bin before it is clipped", after=faults.sent_unclipped),
    windows.where(lambda dialect: not _reads_last(dialect), "Where the last row and column are read, they are sent to.", _backward("the last row and column are sent to, though not read", "torchvision, MindSpore", rules=faults.ClippedToMap)),
    _backward("an inverted box sends nothing", before=mistakes.inverted_send_nothing),
    _backward("the last RoI overwrites the others", "a scatter without atomics", after=mistakes.last_roi_wins(faults.of_maps)),
    _backward("only the first RoI sends its gradient", after=mistakes.first_roi_alone(faults.of_maps)),
    _backward("gradient added to what was there before", after=lambda values, _: values * 2),
    _backward("gradients of the bins transposed", before=mistakes.arriving(mistakes.transposed)),
    _backward("gradients of the bins in reverse order", before=mistakes.arriving(lambda grad: grad[:, :, ::-1, ::-1])),
    _backward("gradients of the channels in reverse order", before=mistakes.arriving(lambda grad: grad[:, ::-1])),
    _backward("gradient without its sign", before=mistakes.arriving(abs)),
    _backward("no gradient for the maps", after=mistakes.constant(ZERO)),
    _backward("gradient of ones", after=mistakes.constant(ONE)),
)  # fmt: skip
"""Faults of faults."""
