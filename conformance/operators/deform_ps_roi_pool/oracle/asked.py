"""A call of deformable PSRoIPool in a data type: its numbers as an implementation is handed them.

It is a call of deformable RoI pooling for each class of channels (`Part`): of the channels of the map that the class reads, all
of which are read by all bins, and with an offset for each bin. What each bin reads, and what is sent to it, is selected.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ....asking import AskedCall, Handing
from ...deform_roi_pool.oracle import asked as of_bins
from ..call import channels_of, groups_of
from .geometry import Rules, roi_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....kernels.dialects.deform_ps_roi_pool import Dialect
    from ....exact.numbers import Array
    from ...deform_roi_pool.oracle.geometry import Pair
    from .geometry import Roi

GAMMA = 0.1
"""What gamma is if a case does not say."""


class OfClass(of_bins.Asked):
    """The call of deformable RoI pooling that a class of channels is, with boxes of whole pixels."""

    @cached_property
    def rois(self) -> list[Roi | None]:  # type: ignore[override]
        """Where the RoIs lie; None for one that cannot be pooled."""
        shape, bins, scales, ratio = self.pixels.shape, self.output_size, self.scales, self.ratio
        offsets = [None] * len(self.boxes) if self.offset is None else list(self.offset)
        assert isinstance(self.rules, Rules)
        return [
            roi_of(row, offset, shape, bins, scales, ratio, self.gamma, self.rules, self.working)
            for row, offset in zip(self.boxes.tolist(), offsets, strict=True)
        ]


@dataclass(frozen=True)
class Part:
    """A class of channels.

    Attributes:
        asked: What it asks of deformable RoI pooling.
        outputs: Which channels of the output are of it.
        channels: Which of the map.
        selected: For each channel of the output, and each bin, which of ``channels`` is read, ``(outputs, P_h, P_w)``.
    """

    asked: OfClass
    outputs: list[int]
    channels: list[int]
    selected: Array

    def select(self, every: Array) -> Array:
        """What all bins read of all channels, ``(K, channels, P_h, P_w)``, of those that they do read."""
        rows, columns = np.ogrid[: every.shape[2], : every.shape[3]]
        found: Array = every[:, self.selected, rows, columns]
        return found


@dataclass(frozen=True)
class Asked(AskedCall):
    """A call.

    Attributes:
        output_size, groups, ratio: As they are asked for.
        scales: Of both axes, rounded to the type of coordinates, ``(y, x)``.
        gamma: Rounded likewise.
        offset: ``(K, 2 n, T_h, T_w)``, of float64; None if there is none.
        rules: The formulas.
    """

    output_size: tuple[int, int]
    groups: tuple[int, int]
    ratio: tuple[int, int]
    scales: Pair
    gamma: Fraction
    offset: Array | None
    rules: Rules

    @classmethod
    def of(cls, arguments: Mapping[str, Any], dialect: Dialect, dtype: str, rules: type[Rules] = Rules) -> Asked:
        """The call that a case describes, made in a data type."""
        handed = Handing(arguments, dtype)
        bins_y, bins_x = arguments["output_size"]
        ratio_y, ratio_x = arguments["sampling_ratio"]
        scale_y, scale_x = map(handed.number, arguments["spatial_scale"])
        return cls(
            dtype,
            handed.array("input"),
            handed.rows(),
            handed.array_if_given("grad"),
            (bins_y, bins_x),
            groups_of(arguments),
            (ratio_y, ratio_x),
            (scale_y, scale_x),
            handed.number(arguments.get("gamma", GAMMA)),
            handed.array_if_given("offset"),
            rules(dialect),
        )

    @property
    def arrays(self) -> dict[str, Array]:
        """Those that have the data type of the call, under their names in a case."""
        return super().arrays | ({} if self.offset is None else {"offset": self.offset})

    @property
    def asked_for(self) -> tuple[object, ...]:
        """All that decides the exact answer, besides arrays and the type of coordinates."""
        rules = self.rules
        return self.output_size, self.groups, self.ratio, self.scales, self.gamma, rules.choices, type(rules)

    @property
    def channels(self) -> int:
        """C_out."""
        found = channels_of(self.pixels.shape[1], self.groups)
        assert found is not None
        return found

    @property
    def classes(self) -> int:
        """Of channels of the output."""
        return 1 if self.offset is None else self.offset.shape[1] // 2

    @cached_property
    def rows_and_columns(self) -> tuple[list[int], list[int]]:
        """DQ-5: the rows and columns of parts, by those of bins. Nothing is moved without offsets."""
        if self.offset is None:
            return [0] * self.output_size[0], [0] * self.output_size[1]
        height, width = self.offset.shape[2:]
        return self.rules.parts_of(self.output_size, (height, width), self.working)

    @cached_property
    def parts(self) -> list[Part]:
        """The classes of channels."""
        return [self._part(number) for number in range(self.classes)]

    @property
    def rois(self) -> list[Roi | None]:
        """Where the RoIs lie, class by class."""
        return [roi for part in self.parts for roi in part.asked.rois]

    @cached_property
    def whole(self) -> Array:
        """DQ-2: rows of boxes whose corners are the first pixels and those after the last."""
        rows = self.boxes.copy()
        for column, rule in ((1, self.rules.first), (2, self.rules.first), (3, self.rules.end), (4, self.rules.end)):
            finite = np.isfinite(rows[:, column])
            rows[finite, column] = [float(rule(Fraction(x))) for x in rows[finite, column].tolist()]
        return rows

    def _part(self, number: int) -> Part:
        channels, bins = self.channels, self.output_size
        outputs = [c for c in range(channels) if self.rules.class_of(c, channels, self.classes) == number]
        read = np.array(
            [[[self._channel(c, p, q) for q in range(bins[1])] for p in range(bins[0])] for c in outputs], int
        ).reshape(len(outputs), *bins)
        used = sorted(set(read.flat))
        selected = np.searchsorted(used, read) if used else read
        given = OfClass(
            self.dtype, self.pixels[:, used], self.whole, self._sent(outputs, used, selected), bins, self.ratio, self.scales[0],
            self.rules, scales=self.scales, gamma=self.gamma, offset=self._of_bins(number),
        )  # fmt: skip
        return Part(given, outputs, used, selected)

    def _channel(self, c: int, p: int, q: int) -> int:
        rules, (rows, columns), groups = self.rules, self.output_size, self.groups
        return rules.channel(
            c, (rules.group(p, rows, groups[0]), rules.group(q, columns, groups[1])), groups, self.channels
        )

    def _sent(self, outputs: list[int], used: list[int], selected: Array) -> Array | None:
        """What arrives at bins, in the channels that they read, and 0 in others: ``(K, used, P_h, P_w)``."""
        if self.grad is None:
            return None
        sent = np.zeros((len(self.boxes), len(used), *self.output_size))
        rows, columns = np.ogrid[: self.output_size[0], : self.output_size[1]]
        for n, c in enumerate(outputs):
            sent[:, selected[n], rows, columns] += self.grad[:, c]
        return sent

    def _of_bins(self, number: int) -> Array | None:
        """DQ-5: the offsets of bins, ``(K, 2, P_h, P_w)``, of a class."""
        if self.offset is None:
            return None
        rows, columns = self.rows_and_columns
        mine: Array = self.offset[:, 2 * number : 2 * number + 2]
        return mine[:, :, rows][:, :, :, columns]
