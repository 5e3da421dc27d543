"""Which golden case takes which way through the kernels, as far as plans settle it: a table.

``python -m tests.kernels.staging.reached`` writes it to ``kernels/staging/PLANS.md``. No box is looked at, nothing is compiled or
run, and no GPU is asked: plans for one are made for `MULTIPROCESSORS`.
"""

import math
import sys
from collections import defaultdict
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import NamedTuple

from roikit.conformance import operators
from roikit.conformance.arrays import numpy_dtype, sparse_images
from roikit.conformance.call import LAYOUTS, axes_in
from roikit.conformance.cases.case import SIZES
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.operation import Operation
from roikit.kernels.calls.problem import Asked
from roikit.kernels.staging import box_gradient, branches, gathering

FILE = Path(__file__).parents[3] / "kernels" / "staging" / "PLANS.md"
MULTIPROCESSORS = 132  # of an H100
THREADS = (4, 1)
ALIGNED = {
    "NCHW": (False,),
    "NHWC": (False, True),
}  # whether arrays are to vectors, of which there are none with channels first
COLUMNS = tuple(product(("avg", "max"), LAYOUTS))
ALIKE = "any mode", "any layout"  # to kernels that see neither

PLANNED_AS = {"crop_and_resize": ("avg",)}
"""Modes of which plans see others than the operator has: a point is an average of one sample, whatever the method."""

OF_PYRAMIDS = {"multiscale_roi_align_rotated": (True, False), "multiscale_ps_roi_align": ()}
"""Operators of which a call chooses levels, and what it asks for besides: that boxes are aligned, and not turned clockwise."""


def kernels_of(operator, part):
    """A module of an operator's kernels."""
    return import_module(f"roikit.kernels.operators.{operator}.{part}")


class Way(NamedTuple):
    """A cell of the table: an operator, what is launched where, maps of a mode and layout, and a branch."""

    operator: str
    launch: str
    mode: str
    layout: str
    branch: str


OF_BOTH = {
    "forward, GPU": branches.POOLING_ON_DEVICE,
    "forward, CPU": branches.POOLING_ON_HOST,
    "gradient for the maps, GPU": branches.GATHERING_ON_DEVICE,
    "gradient for the maps, CPU": branches.GATHERING_ON_HOST,
    "RoIs of tiles, GPU": branches.SORTING_ON_DEVICE,
    "RoIs of tiles, CPU": branches.SORTING_ON_HOST,
    "winners, GPU": branches.WINNERS_ON_DEVICE,
    "winners, CPU": branches.WINNERS_ON_HOST,
}
SECTIONS = {
    "roi_align": OF_BOTH
    | {
        "forward, GPU": (*branches.SPECIALISED, *branches.POOLING_ON_DEVICE, *branches.LINES_ON_DEVICE),
        "gradient for the boxes, GPU": branches.BOX_GRADIENT_ON_DEVICE,
        "gradient for the boxes, CPU": branches.BOX_GRADIENT_ON_HOST,
    },
    "roi_pool": OF_BOTH
    | {
        "gradient for the maps, CPU": (
            *branches.GATHERING_ON_HOST,
            *(branch._replace(layouts=("NHWC",)) for branch in branches.WINNERS_ON_HOST),
        ),
        "winners, CPU": tuple(branch._replace(layouts=("NCHW",)) for branch in branches.WINNERS_ON_HOST),
    },
    "ps_roi_pool": {
        **{launch: of_launch for launch, of_launch in OF_BOTH.items() if not launch.startswith("winners")},
        "forward, CPU": tuple(branch for branch in branches.POOLING_ON_HOST if branch not in branches.LINES),
    },
    "prroi_pool": {
        **{launch: of_launch for launch, of_launch in OF_BOTH.items() if not launch.startswith("winners")},
        "gradient for the boxes, GPU": branches.BOX_GRADIENT_ON_DEVICE,
        "gradient for the boxes, CPU": branches.BOX_GRADIENT_ON_HOST,
    },
}
"""What each operator launches that has kernels of its own: those of a pooler of upright boxes are RoIAlign's."""

SECTIONS["roi_align_3d"] = SECTIONS["prroi_pool"] | {
    "forward, GPU": (*branches.POOLING_ON_DEVICE, *branches.LINES_ON_DEVICE),
}
for _composed in ("ps_roi_align", "crop_and_resize"):
    SECTIONS[_composed] = SECTIONS["ps_roi_pool"] | {
        "gradient for the boxes, GPU": branches.BOX_GRADIENT_ON_DEVICE,
        "gradient for the boxes, CPU": branches.BOX_GRADIENT_ON_HOST,
    }


SECTIONS["multiscale_ps_roi_align"] = SECTIONS["ps_roi_align"]
SECTIONS["multiscale_roi_align_rotated"] = SECTIONS["prroi_pool"] | {
    "forward, GPU": branches.POINTS_ON_DEVICE,
    "forward, CPU": branches.POINTS_ON_HOST,
}


def all_ways():
    """Every cell that the table has."""
    for operator in (name for name in operators.NAMES if name in SECTIONS):
        for (launch, of_launch), (mode, layout) in product(SECTIONS[operator].items(), COLUMNS):
            for branch in of_launch if mode in PLANNED_AS.get(operator, operators.get(operator).modes) else ():
                if layout in branch.layouts and mode in branch.modes:
                    yield way_of(operator, launch, mode, layout, branch.name)


def way_of(operator, launch, mode, layout, branch):
    """A cell: what sorts RoIs into tiles sees neither mode nor layout, and there are winners of maxima only."""
    column = ALIKE if "tiles" in launch else (mode, layout)
    return Way(operator, launch, *column, branch)


def asked_of(case, dialect, dtype, layout):
    """What the call of a case asks for."""
    arguments, of_maps = case.arguments, operators.call_type(case.operator).axes["input"]
    shape, rois = tuple(arguments["input"]["shape"]), len(arguments["boxes"])
    if case.enlarged:
        shape, rois = case.enlarged.shape(shape, of_maps), case.enlarged.rois
    if case.memory == "sparse":
        shape = (sparse_images(shape[1:]), *shape[1:])
    shapes = tuple(in_layout(sizes, of_maps, layout) for sizes in levels_in(shape, arguments.get("level_sizes")))
    options = tuple(arguments.get("sampling_ratio", ())) + ((False,) if case.operator == "roi_align" else ())
    size, mode = tuple(arguments["output_size"]), arguments["mode"]
    if case.operator == "crop_and_resize":
        return kernels_of(case.operator, "problem").asked_for(
            numpy_dtype(dtype), *shapes, rois, size, mode, layout, dialect
        )
    if case.operator == "roi_align_3d":
        return kernels_of(case.operator, "problem").asked_for(
            numpy_dtype(dtype), *shapes, rois, size, 1.0, options, layout, dialect, False
        )
    if case.operator in OF_PYRAMIDS:
        module, others = kernels_of(case.operator, "problem"), OF_PYRAMIDS[case.operator]
        scales = [2.0**-level for level in range(len(shapes))]
        return module.asked_for(
            numpy_dtype(dtype), shapes, rois, size, scales, options, *others, module.Choosing(), layout, dialect
        )
    return Asked.of(
        numpy_dtype(dtype), shapes, rois, size, (1.0,), mode, layout, dialect, options
    )  # no plan sees scales


def levels_in(shape, level_sizes):
    """The shapes of the maps of all levels, of an array in which they lie below each other; of one level that of the array."""
    return [(*shape[:2], *size) for size in level_sizes or (shape[2:],)]


def in_layout(shape, axes, layout):
    """A shape of these axes as a layout has it."""
    sizes = dict(zip(axes.split(), shape, strict=True))
    return tuple(sizes[name] for name in axes_in(axes, layout).split())


def facts_of(operator, operation, asked):
    """What is known of every launch that a call may come to: pairs of a section of the table and its facts."""
    if operation == Operation.FORWARD:
        return _of_pooling(kernels_of(operator, "forward").PLANNERS, asked)
    if operation == Operation.FEATURE_GRADIENT:
        return _of_gathering(kernels_of(operator, "feature_gradient").GRADIENT, asked)
    return _of_box_gradient(kernels_of(operator, "box_gradient").GRADIENT, asked)


def _of_pooling(planners, asked):
    for packed in ALIGNED[asked.layout]:
        planned = planners.on_device(asked, packed, MULTIPROCESSORS)
        if planned.launch:
            yield "forward, GPU", branches.facts_of(planned.launch, workspace=planned.workspace_bytes)
    for planned in _on_host(planners.on_host, asked):
        if planned.launch:
            yield "forward, CPU", branches.facts_of(planned.launch, threads=planned.threads)


def _on_host(plan, *asked):
    """The plans of a call on a CPU, of which all are one if it is too small for threads."""
    for threads in THREADS:
        planned = plan(*asked, threads)
        yield planned
        if planned.threads == 1:
            return


def _of_gathering(gradient, asked):
    for packed in ALIGNED[asked.layout]:
        yield from _of_gradient(gathering.plan_on_device(gradient, asked, packed), "GPU")
    for planned in _on_host(gathering.plan_on_host, gradient, asked):
        yield from _of_gradient(planned, "CPU")


def _of_gradient(planned, where):
    facts = branches.facts_of(planned.gather, threads=planned.threads)
    yield f"gradient for the maps, {where}", facts
    grids = {"extents": planned.extents.grid[0], "touching": planned.touching.grid[0]}
    threads = {"sorting_threads": planned.extents.block[0], "ordering_threads": planned.order.block[0]}
    yield f"RoIs of tiles, {where}", {**facts, **grids, **threads}
    if planned.winners:
        yield f"winners, {where}", branches.facts_of(planned.winners)


def _of_box_gradient(gradient, asked):
    yield "gradient for the boxes, GPU", branches.facts_of(box_gradient.plan_on_device(gradient, asked).launch)
    for planned in _on_host(box_gradient.plan_on_host, gradient, asked):
        yield "gradient for the boxes, CPU", branches.facts_of(planned.launch, threads=planned.threads)


def ways_of(operator, operation, asked):
    """The cells of the table that a call reaches."""
    for launch, facts in facts_of(operator, operation, asked):
        for branch in branches.taken(SECTIONS[operator][launch], facts):
            yield way_of(operator, launch, asked.mode, asked.layout, branch)


@cache
def representatives(operator, mode):
    """A dialect for all that plans cannot tell apart: they see nothing of one but whether samples outside are clamped."""
    dialects = operators.dialects_of(operator)
    alike = {getattr(dialect.for_mode(mode), "outside", None): name for name, dialect in reversed(dialects.items())}
    return {name: alike[getattr(dialect.for_mode(mode), "outside", None)] for name, dialect in dialects.items()}


def calls_of(case):
    """The calls of a case: what is asked for in each data type and layout, and by dialects that plans tell apart."""
    known = representatives(case.operator, case.arguments.get("mode", ""))
    for dtype in case.dtypes:
        named = {known[name] for each in case.expected if dtype in each.dtypes for name in each.dialects}
        for dialect, layout in product(sorted(named), LAYOUTS):
            yield asked_of(case, dialect, dtype, layout)


def reached(cases):
    """The cases that reach each cell, in order."""
    found, known = defaultdict(dict), {}
    for case in cases:
        for asked in calls_of(case) if case.kind == "value" and case.operator in SECTIONS else ():
            key = case.operator, case.operation, asked
            if key not in known:
                known[key] = tuple(dict.fromkeys(ways_of(*key)))
            for way in known[key]:
                found[way][case.id] = case
    return found


def smallest(cases):
    """The case whose call has the fewest numbers in and out."""

    def numbers(case):
        large = case.enlarged.extents if case.enlarged else {}
        arguments = case.arguments
        images, channels, *sides = arguments["input"]["shape"]
        images, channels = large.get("N", images), large.get("C", channels)
        bins = math.prod(arguments["output_size"])
        return channels * (images * math.prod(sides) + large.get("K", len(arguments["boxes"])) * bins)

    return min(cases, key=lambda case: (SIZES.index(case.size), numbers(case)))


def table(found, exempt):
    """The text of the file."""
    yield "# Which golden case takes which way\n"
    yield "Written by `python -m tests.kernels.staging.reached` and compared by `tests/kernels/staging/test_reached.py`, which"
    yield "fails if a way is taken by no case. Of each way the smallest case that takes it, and how many do; where none can, why."
    yield f"On a GPU of {MULTIPROCESSORS} multiprocessors; on a CPU with {' and '.join(map(str, THREADS))} threads.\n"
    ways = list(dict.fromkeys(all_ways()))
    for operator, launch in dict.fromkeys((way.operator, way.launch) for way in ways):
        here = [way for way in ways if (way.operator, way.launch) == (operator, launch)]
        columns = list(dict.fromkeys((way.mode, way.layout) for way in here))
        yield f"## {operator}: {launch}\n"
        yield f"| way | {' | '.join(map(', '.join, columns))} |"
        yield "|---" * (len(columns) + 1) + "|"
        for branch in dict.fromkeys(way.branch for way in here):
            cells = [_cell(Way(operator, launch, *column, branch), here, found, exempt) for column in columns]
            yield f"| {branch} | {' | '.join(cells)} |"
        yield ""


def _cell(way, here, found, exempt):
    if way not in here:
        return ""
    if way in found:
        cases = found[way].values()
        return f"`{smallest(cases).id}` ({len(cases)})"
    return next((reason for excuse, reason in exempt.items() if excuse.covers(way)), "**none**")


if __name__ == "__main__":
    from .test_reached import EXEMPT

    text = "\n".join(table(reached(golden_cases()), EXEMPT))
    FILE.write_text(text, encoding="utf-8")
    sys.exit("**none**" in text)
