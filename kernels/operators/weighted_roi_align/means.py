"""Means of samples that are no sums, ``mode="lp"`` and ``mode="softmax"``: how they are pooled, and their gradients gathered.

A gradient for maps or boxes is a sum over samples, of what each is sent by its value and by three numbers of its bin
(``cuda/weighted_roi_align/mean.cuh``). These are pooled first, one after the other, and handed over as what arrives at three
times as many RoIs, of which none but the first third is there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Self

from ...calls.levels import compiled_levels
from ...calls.problem import Asked, kept
from ...execution.source import Source, specialise
from ...staging import gather_plan, pooling_plan
from ...staging.box_gradient import BoxGradient
from ...staging.gathering import Gradient
from ...staging.pooling import Planned, Planners, nothing, planned_on_device, planned_on_host
from ...staging.pooling_plan import DEVICE_THREADS, Room, Work, device_vector, padded, worthwhile_threads
from ...staging.sampling import check_list_sizes, list_capacity, rule_macros
from .problem import SamplingProblem, Weighing, parts_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...calls.problem import Problem
    from ...dialects.roi_align import Dialect
    from ...staging.gathering import Macros
    from ...staging.pooling_plan import Plan

PREPARED_BYTES = 208
"""Room for a RoI's ``Prepared`` struct (``cuda/weighted_roi_align/mean.cu``), which asserts it."""

_HOST_VECTOR = 16  # channels, as many as the widest registers have lanes
_DEVICE_VECTOR = 4  # at most: with the eight of 16 bits registers would spill
_PARTS = 8  # that a heavy RoI is split into


class Wanted(IntEnum):
    """What a kernel that pools means writes for each bin, in the order of ``cuda/weighted_roi_align/mean.cu``."""

    OUTPUT = 0
    SHARE = 1
    SCALE = 2
    CENTRE = 3


OF_GRADIENTS = (Wanted.SHARE, Wanted.SCALE, Wanted.CENTRE)
"""What gradients get of bins, in the order in which ``mean.cuh`` finds it."""


def _entry_bytes(wide: int) -> int:
    """The size of ``Entry`` (``mean.cu``): two indices, two weights, how many, and room."""
    return 2 * wide + 16


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanProblem(SamplingProblem):
    """What a gradient of means asks of RoIAlign.

    Attributes:
        mean: ``"lp"`` or ``"softmax"``.
        parameter: p, or beta.
    """

    mean: str
    parameter: float

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked; tiles are those of maxima, since maps are looked at."""
        *_, mean, parameter = asked.options
        parts = parts_of(asked)
        return cls(**{**parts, "mode": "max"}, mean=mean, parameter=parameter)

    @property
    def fields(self) -> dict[str, Any]:
        """The numbers of a kernel's struct that say what is asked for."""
        return {**super(MeanProblem, self).fields, "parameter": self.parameter}  # of slots there is a class made anew


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledMeanProblem(MeanProblem):
    """Means of the samples of some RoIs, or what gradients need of them.

    Attributes:
        weighing: How it weighs.
        wanted: What is written for each bin.
    """

    weighing: Weighing
    wanted: Wanted

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        *options, wanted, mean, parameter = asked.options[3:]
        weighing = Weighing(*options).checked()
        if weighing.normalise:
            raise ValueError(
                f'normalise=True divides a sum of pixels by that of their weights, and mode="{mean}" is no such sum: '
                'leave normalise out, or ask for mode="avg"'
            )
        return cls(**parts_of(asked), mean=mean, parameter=parameter, weighing=weighing, wanted=Wanted(wanted))

    @property
    def fields(self) -> dict[str, Any]:
        """The numbers of a kernel's struct that say what is asked for."""
        return {
            **super(PooledMeanProblem, self).fields,
            "weight_channels": self.weighing.channels,
            "of_rois": int(self.weighing.weights_of == "rois"),
            "wanted": int(self.wanted),
        }


# ---- forward ---------------------------------------------------------------------------------------------------------


def specialised(
    dtype: str,
    mean: str,
    layout: str,
    dialect: Dialect,
    *,
    vector: int,
    levels: int = 1,
    packed: bool = False,
    rules_at_launch: bool = False,
) -> Source:
    """The kernel for maps of a data type (by name); ``vector`` to ``rules_at_launch`` are those of averages (forward.py)."""
    wide = 8 if dtype == "float64" else 4
    macros: tuple[tuple[str, Any], ...] = (
        ("MEAN", mean),
        ("LAYOUT", layout),
        ("LEVELS", levels),
        ("VECTOR", vector),
        ("TOGETHER", vector),
        ("PREPARED_BYTES", PREPARED_BYTES),
        ("ENTRY_BYTES", _entry_bytes(wide)),
        ("THREADS", DEVICE_THREADS),
        ("BLOCKS", 1 if dtype == "float64" or layout == "NCHW" else 2),  # two would spill on some architectures
        ("ALIGNED", int(packed)),
    )
    return specialise(
        "weighted_roi_align/mean.cu",
        "weighted_roi_align_forward",
        dtype,
        (*rule_macros(dialect, "avg"), *macros),
        rules_at_launch=rules_at_launch,
    )


def host_source(dtype: str, mean: str, layout: str, dialect: Dialect, levels: int = 1) -> Source:
    """The kernel that a CPU runs."""
    vector = _HOST_VECTOR if layout == "NHWC" else 1
    return specialised(
        dtype, mean, layout, dialect, vector=vector, levels=compiled_levels(levels), rules_at_launch=True
    )  # fmt: skip


def device_sources(dtype: str, mean: str, layout: str, dialect: Dialect, levels: int = 1) -> list[Source]:
    """The kernels that a GPU may run: with channels last one for aligned vectors, and one for any."""
    vector = _vector(dtype, layout)
    alignments = (False, True) if layout == "NHWC" else (False,)
    return [
        specialised(dtype, mean, layout, dialect, vector=vector, levels=levels, packed=packed) for packed in alignments
    ]


def _vector(dtype: str, layout: str) -> int:
    """How many channels a thread of a GPU takes together."""
    return min(device_vector(dtype, layout), _DEVICE_VECTOR)


def _laid_out(problem: PooledMeanProblem, plan: Callable[[Work, Room], Plan]) -> Plan:
    """A plan with room for the samples of each row and column of bins: those of maxima, and one for each edge and bin."""
    work = Work.of(problem)
    sizes = zip(problem.bins, problem.sampling, (max(problem.heights), max(problem.widths)), strict=True)
    y, x = (list_capacity(*size, "max", problem.dialect.outside) for size in sizes)
    check_list_sizes(y=y, x=x)
    work.check()
    lists = sum(
        padded(capacity * _entry_bytes(work.wide)) + padded(8 * bins + 8) + padded(8 * bins)
        for capacity, bins in zip((y, x), problem.bins, strict=True)
    )
    plain = plan(work, Room(PREPARED_BYTES + lists))
    return replace(plain, fields={**plain.fields, "capacity_y": y, "capacity_x": x})


@kept
def plan_on_host(asked: Asked, threads: int) -> Planned:
    """A call on a CPU with so many threads."""
    problem = PooledMeanProblem.of(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    source = host_source(problem.dtype, problem.mean, problem.layout, problem.dialect, len(problem.heights))
    threads = worthwhile_threads(Work.of(problem), threads)
    plan = _laid_out(problem, lambda work, room: pooling_plan.host_plan(work, room, threads))
    return planned_on_host(problem, source, plan, threads)


@kept
def plan_on_device(asked: Asked, packed: bool, multiprocessors: int) -> Planned:
    """A call on a GPU with so many multiprocessors, whose arrays are aligned to vectors if they are ``packed``."""
    problem = PooledMeanProblem.of(asked)
    if math.prod(problem.output_shape) == 0:
        return nothing(problem)
    vector = _vector(problem.dtype, problem.layout)
    packed = packed and problem.layout == "NHWC" and problem.channels % vector == 0
    source = specialised(
        problem.dtype, problem.mean, problem.layout, problem.dialect, vector=vector, levels=len(problem.heights),
        packed=packed,
    )  # fmt: skip
    parts = 1 if all(problem.sampling) else _PARTS
    plan = _laid_out(
        problem, lambda work, room: pooling_plan.device_plan(work, room, vector, parts=parts, in_lines=False)
    )
    return planned_on_device(problem, source, plan, multiprocessors)


PLANNERS = Planners(plan_on_host, plan_on_device)


# ---- gradients -------------------------------------------------------------------------------------------------------


def _macros(problem: Problem) -> Macros:
    assert isinstance(problem, MeanProblem)
    return (*rule_macros(problem.dialect.for_gradient("avg"), "max"), ("MEAN", problem.mean))


_SIZES: Macros = (
    ("EXTENT_BYTES", gather_plan.EXTENT_BYTES),
    ("SPAN_BYTES", gather_plan.SPAN_BYTES),
    ("WINNER_BYTES", gather_plan.WINNER_BYTES),
    ("UNTOUCHED_AND_ZERO", gather_plan.UNTOUCHED_AND_ZERO),
    ("BUCKETS", gather_plan.BUCKETS),
)


class GradientOfMeans(Gradient):
    """The gradient for maps, of which each sample is sent something by its value, and no winners are found."""

    __slots__ = ()

    def finds_winners(self, problem: Problem) -> bool:
        """Whether winners are found: none."""
        del problem
        return False

    def sorting_source(self, entry: str, problem: Problem, levels: int, *, rules_at_launch: bool = False) -> Source:
        """A kernel of mean_tiles.cu."""
        macros = (*self.macros(problem, problem.mode), ("LEVELS", levels), *_SIZES)
        file = f"{self.operator}/mean_tiles.cu"
        return specialise(file, entry, problem.wide, macros, rules_at_launch=rules_at_launch)

    def gathering_source(self, entry: str, problem: Problem, levels: int, **how: Any) -> Source:
        """The kernel of feature_gradient_mean.cu."""
        spills = levels > 1 and (problem.dtype, problem.layout) == ("float64", "NCHW")  # if two blocks must fit
        macros = (
            *self.macros(problem, problem.mode),
            ("LAYOUT", problem.layout),
            ("LEVELS", levels),
            ("SUMS", how["sums"]),
            *_SIZES,
            ("PIECE_BYTES", self.piece(problem)),
            ("THREADS", DEVICE_THREADS),
            ("BLOCKS", 1 if spills else self.blocks(problem.dtype, problem.mode)),
        )
        file = f"{self.operator}/feature_gradient_mean.cu"
        return specialise(file, entry, problem.dtype, macros, rules_at_launch=how.get("rules_at_launch", False))


class BoxGradientOfMeans(BoxGradient):
    """The gradient for boxes, likewise."""

    __slots__ = ()

    def _source(
        self, problem: Problem, levels: int, vector: int, lanes: tuple[int, int], *, rules_at_launch: bool = False
    ) -> Source:
        """The kernel of mean_box_gradient.cu."""
        spills = problem.dtype == "float64" or (levels > 1 and problem.layout == "NHWC")  # if two blocks must fit
        macros = (
            *self.macros(problem),
            ("LAYOUT", problem.layout),
            ("LEVELS", levels),
            ("NUMBERS", self.numbers),
            ("VECTOR", vector),
            ("BIN_LANES", lanes[0]),
            ("CHANNEL_LANES", lanes[1]),
            ("ALIGNED", 0),
            ("THREADS", DEVICE_THREADS),
            ("BLOCKS", 1 if spills else 2),
        )
        file, entry = f"{self.operator}/mean_box_gradient.cu", f"{self.operator}_backward_boxes"
        return specialise(file, entry, problem.dtype, macros, rules_at_launch=rules_at_launch)


OF_MAPS = GradientOfMeans(
    operator="weighted_roi_align",
    problem=MeanProblem.of,
    macros=lambda problem, _mode: _macros(problem),
    piece_bytes={4: 72, 8: 104}.__getitem__,
    blocks=lambda _dtype, _mode: 2,
)
OF_BOXES = BoxGradientOfMeans(operator="weighted_roi_align", problem=MeanProblem.of, macros=_macros, neighbours=True)
