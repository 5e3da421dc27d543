"""Faults to inject into the oracle, one at a time: what an implementation of PSRoIPool gets wrong, in exact arithmetic.

Those that libraries really have, or had, name them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.choices import BinEdges
from .....kernels.dialects.ps_roi_pool import Clip, Corners, Dialect, LeastSize
from ....operation import Operation
from ..oracle.geometry import ONE, ZERO, Rules
from . import formulas as faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from fractions import Fraction

    from ....exact.numbers import Array


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault.

    Attributes:
        name: What is wrong, in a few words.
        who: Libraries that have or had it; empty if it is a fault that one could make.
        rules: The oracle's formulas with the fault, if it is in them, for a call.
        before: Changes the call, if the fault is there.
        after: Changes the answer, if the fault is there; it also gets the call.
        concerns: Whether the fault can show under a dialect and in a mode; where it cannot, the mutant is equivalent.
        equivalent: Why it cannot show elsewhere; empty if the formulas are then the same.
        operation: What the fault is in.
        dtype: The data type of the calls in which it shows.
    """

    name: str
    who: str = ""
    rules: Callable[[faults.Call], type[Rules]] = lambda _: Rules
    before: Callable[[faults.Call], faults.Call] = lambda call: call
    after: Callable[[Array, faults.Call], Array] = lambda values, _: values
    concerns: Callable[[Dialect, str], bool] = lambda _dialect, _mode: True
    equivalent: str = ""
    operation: Operation = Operation.FORWARD
    dtype: str = "float64"

    def returned(self, arguments: Mapping[str, Any], operation: Operation, dialect: Dialect, *, many: bool) -> Array:
        """What an implementation with this fault returns for the arguments of a case; None throughout an invalid RoI."""
        call = faults.Call.of(arguments, operation, dialect, many=many)
        return self.after(faults.answer(self.before(call), self.rules(call)), call)


def _by(rules: type[Rules]) -> Callable[[faults.Call], type[Rules]]:
    return lambda _: rules


def _formula(name: str, rules: type[Rules], who: str = "", **how: Any) -> Mutant:
    return Mutant(name, who, rules=_by(rules), **how)


def _choice(name: str, who: str = "", **choices: Any) -> Mutant:
    """The mutant that makes other choices than its dialect."""

    def concerns(dialect: Dialect, mode: str) -> bool:
        # Cases are judged in float64 here, where edges of the map's type are those of float64.
        own, other = (
            replace(each, edges=faults.edges_of(each, "float64")).for_mode(mode)
            for each in (dialect, replace(dialect, **choices))
        )
        return own != other

    return Mutant(
        name, who, before=lambda call: replace(call, dialect=replace(call.dialect, **choices)), concerns=concerns
    )


def _where(applies: Callable[[Dialect], bool], why: str, mutant: Mutant) -> Mutant:
    """The mutant, said to concern only dialects of which ``applies`` is true, and why no others."""
    before = mutant.concerns
    return replace(mutant, equivalent=why, concerns=lambda dialect, mode: applies(dialect) and before(dialect, mode))


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
    Mutant("channels sorted by bins first", "OpenVINO's bilinear mode, TensorFlow's object detection", rules=faults.bin_major),
    _formula("rows and columns of bins exchanged in the channel", faults.RowsAndColumnsExchanged),
    _formula("channels of the bins in reverse order", faults.BinsReversed),
    _formula("every bin reads the channel of the first", faults.FirstBinsChannel),
    _formula("every channel of the output is the first", faults.OneGroupForAll),
    _formula("as many columns of bins as rows in the channel", faults.RowsForColumns),
    _choice("corners rounded after scaling", "torchvision", corners=Corners.AFTER_SCALE),
    _choice("corners rounded before scaling", "MXNet, Paddle, R-FCN", corners=Corners.BEFORE_SCALE),
    _choice("1 added before rounding", "OpenVINO, ncnn, OpenCV", corners=Corners.ONE_ADDED_FIRST),
    _choice("least size one", "torchvision", min_size=LeastSize.ONE),
    _choice("last row and column never read", "torchvision, MindSpore", clip=Clip.BEFORE_LAST),
    _choice("last row and column read", "MXNet, Paddle, OpenVINO, ncnn", clip=Clip.MAP),
    _where(_is_whole, UNJUDGED, _choice("edges in integers", edges=BinEdges.EXACT)),
    _where(_is_whole, UNJUDGED, _choice("edges in float32", edges=BinEdges.FLOAT32)),
    _where(_is_whole, UNJUDGED, _choice("edges in float64", edges=BinEdges.FLOAT64)),
    _formula("halves rounded to even", faults.HalvesToEven),
    _formula("halves rounded up", faults.HalvesUp),
    _formula("corners truncated", faults.Truncated),
    _formula("corners rounded outwards", faults.SnappedOutwards),
    _formula("corners not rounded", faults.NotSnapped),
    _formula("size measured before corners are rounded", faults.SizeBeforeSnap),
    _formula("inclusive end, in feature pixels", faults.EndInclusive, "RoIPool"),
    _where(_of_image, EXCLUSIVE, _formula("exclusive end", faults.EndExclusive)),
    _formula("corners half a pixel off", faults.HalfPixelOffset, "RoIAlign's offset"),
    Mutant("scale forgotten", before=lambda call: replace(call, spatial_scale=(ONE, ONE))),
    Mutant("scale inverted", before=lambda call: replace(call, spatial_scale=(1 / call.spatial_scale[0], 1 / call.spatial_scale[1]))),
    _formula("corners sorted", faults.CornersSorted),
    _formula("inverted box at its second corner", faults.AtSecondCorner),
    _formula("no least size", faults.NoLeastSize),
    _formula("least size two", faults.MinSizeTwo),
    _formula("extent without its sign", faults.AbsoluteExtent),
    _formula("one bin less", faults.BinsOneLess),
    _formula("every bin is the first", faults.FirstBinOnly),
    _formula("bins do not overlap", faults.WithoutOverlap),
    _formula("bins begin at the next pixel", faults.BeginsLate),
    _formula("bins end a pixel late", faults.EndsOneLate),
    _where(_of_image, WHOLE, _formula("start added after rounding", faults.ShiftedAfterRounding)),
    _formula("bin size in whole pixels", faults.WholeBinSize),
    Mutant("clipped before the edges", before=faults.clipped_before),
    _formula("an empty bin reads the pixel at the edge", faults.ReadsAtEdge),
    _formula("divides by one more", faults.DividesByOneMore),
    _formula("sums instead of averaging", faults.Sums),
    Mutant("divides by the bin before it is clipped", after=faults.over_unclipped_bins),
    Mutant("x and y of the boxes exchanged", before=faults.boxes(lambda boxes: boxes[:, [0, 2, 1, 4, 3]])),
    Mutant("boxes are corner and extent", before=faults.boxes(faults.extents_for_corners)),
    Mutant("always the first image", before=faults.boxes(faults.first_image)),
    Mutant("batch index in half precision", "torchvision (float16)", before=faults.boxes(faults.batch_in_half)),
    Mutant("batch index rounded", before=faults.boxes(faults.batch_rounded)),
    Mutant("every RoI is the first", after=faults.row_of_first_roi),
    Mutant("map transposed", before=lambda call: replace(call, input=faults.transposed(call.input))),
    Mutant("one scale for both axes", before=lambda call: replace(call, spatial_scale=(call.spatial_scale[0],) * 2)),
    Mutant("output transposed", after=lambda values, _: faults.transposed(values)),
    Mutant("bins in reverse order", after=lambda values, _: values[:, :, ::-1, ::-1]),
    Mutant("channels in reverse order", after=lambda values, _: values[:, ::-1]),
    Mutant("offsets in 32 bits", "MXNet", before=lambda call: replace(call, input=call.input * 0) if call.many else call),
    Mutant("zeros", after=faults.constant(ZERO)),
    Mutant("ones", after=faults.constant(ONE)),
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
    _backward("every pixel of a bin is sent all that arrives", rules=_by(_SentInFull)),
    _backward("shares of the bin before it is clipped", after=faults.sent_unclipped),
    _where(lambda dialect: not _reads_last(dialect), "Where the last row and column are read, they are sent to.", _backward("the last row and column are sent to, though not read", "torchvision, MindSpore", rules=_by(faults.ClippedToMap))),
    _backward("an inverted box sends nothing", before=faults.inverted_send_nothing),
    _backward("the last RoI overwrites the others", "a scatter without atomics", after=faults.last_wins),
    _backward("only the first RoI sends its gradient", after=faults.first_only),
    _backward("gradient added to what was there before", after=lambda values, _: values * 2),
    _backward("gradients of the bins transposed", before=faults.arriving(faults.transposed)),
    _backward("gradients of the bins in reverse order", before=faults.arriving(lambda grad: grad[:, :, ::-1, ::-1])),
    _backward("gradients of the channels in reverse order", before=faults.arriving(lambda grad: grad[:, ::-1])),
    _backward("gradient without its sign", before=faults.arriving(abs)),
    _backward("no gradient for the maps", after=faults.constant(ZERO)),
    _backward("gradient of ones", after=faults.constant(ONE)),
)  # fmt: skip
"""Faults of gradients."""
