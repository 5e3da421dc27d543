"""Every way through our own kernels is taken by a golden case, or it says here why none can."""

from itertools import product
from typing import NamedTuple

import pytest

from roikit.conformance import operators
from roikit.conformance.call import LAYOUTS
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.operation import Operation
from tests.kernels.staging import reached


class Excuse(NamedTuple):
    """Cells of the table; what is empty may be anything."""

    branch: str
    launch: str = ""
    mode: str = ""
    layout: str = ""
    operator: str = ""

    def covers(self, way):
        wanted = zip(self, (way.branch, way.launch, way.mode, way.layout, way.operator), strict=True)
        return all(mine in ("", its) for mine, its in wanted)


ONE_MAP = "a case has one map: as_on_a_gpu.py pools two from pyramids"
SLICES = "takes 8 million channels with channels last, 10^9 with channels first"
DENSE = "takes gigabytes"
BINS = "takes thousands of bins, of which no few numbers say what is expected"
SAME_LINE = "the same line finds an image for averages"
BIG = "a map of 2^31 elements or more"
COUNTED = "pp-many-elements and pa-many-elements do: a plan knows channels of the output, and the maps have more"
MANY = "takes 16 thousand channels of the maps"
SLICED = "takes 2 million channels of the maps"
GATHERED = "the same lines gather for roi_align, whose cases do"
SHARED = "the same lines are roi_align's, whose cases take them"
ONE_BY_ONE = "channels of a bin are taken one by one"
OF_ROI_ALIGN = "RoIAlign's cases take the same lines of the library, and none of this operator's does"
WHOLE = "channels of its cases are odd numbers: test_whole_vectors.py takes whole ones, and maps of whole tiles"
OF_ONE_MAP = "rotated RoIAlign's cases take the same lines: its gradients are of maps of several tiles, and of few bins"
OF_PS = "PSRoIAlign's cases take the same lines, of one map"
NO_CHUNKS = "RoIs of points are taken one by one"
MANY_BLOCKS = "takes 2^30 RoIs"
CHANNELS = "takes millions of channels"
PYRAMID, PS_PYRAMID = "multiscale_roi_align_rotated", "multiscale_ps_roi_align"
OF_MAPS = ("gradient for the maps, GPU", "gradient for the maps, CPU")
OF_BOXES = ("gradient for the boxes, GPU", "gradient for the boxes, CPU")

EXEMPT = {
    **{
        Excuse("several levels", operator=name): ONE_MAP
        for name in reached.SECTIONS
        if name not in (PYRAMID, PS_PYRAMID)
    },
    Excuse("more channels for each, lest there be more than 65535", "forward, GPU"): SLICES,
    Excuse("lists in global memory, a block for each RoI", "forward, GPU", operator="roi_pool"): BINS,
    Excuse("lists in global memory, several RoIs for a block", "forward, GPU", operator="roi_pool"): BINS,
    Excuse("2^31 elements of output or more", "forward, GPU"): DENSE,
    **{Excuse(BIG, f"forward, {where}", operator="ps_roi_pool"): COUNTED for where in ("GPU", "CPU")},
    Excuse("lists in global memory, a block for each RoI", "forward, GPU", operator="ps_roi_pool"): BINS,
    Excuse("lists in global memory, several RoIs for a block", "forward, GPU", operator="ps_roi_pool"): BINS,
    Excuse("several blocks for the channels of a RoI", "forward, GPU", layout="NCHW", operator="ps_roi_pool"): MANY,
    Excuse("the last of them with fewer", "forward, GPU", layout="NCHW", operator="ps_roi_pool"): MANY,
    Excuse("one RoI in a block of several threads", "forward, CPU", operator="ps_roi_pool"): MANY,
    Excuse("a block for several slices of channels", OF_MAPS[0], operator="ps_roi_pool"): SLICED,
    Excuse("lists in global memory, a block for each RoI", "forward, GPU", operator="crop_and_resize"): BINS,
    Excuse("lists in global memory, several RoIs for a block", "forward, GPU", operator="crop_and_resize"): BINS,
    **{
        Excuse(branch, launch, operator="crop_and_resize"): GATHERED
        for branch, launch in (
            ("a block for several slices of channels", OF_MAPS[0]),
            ("aligned vectors of 4 channels", OF_MAPS[0]),
            ("aligned vectors of 8 channels", OF_MAPS[0]),
            ("a map of whole tiles", OF_MAPS[1]),
            ("whole groups of channels only", OF_MAPS[1]),
            ("whole vectors of channels only", OF_MAPS[1]),
        )
    },
    Excuse("a map of whole tiles", OF_MAPS[0], layout="NCHW", operator="crop_and_resize"): GATHERED,
    **{Excuse(BIG, f"forward, {where}", operator="ps_roi_align"): COUNTED for where in ("GPU", "CPU")},
    Excuse("several blocks for the channels of a RoI", "forward, GPU", layout="NCHW", operator="ps_roi_align"): MANY,
    Excuse("the last of them with fewer", "forward, GPU", layout="NCHW", operator="ps_roi_align"): MANY,
    Excuse("heavy RoIs split into 8 parts at most", "forward, GPU", operator="ps_roi_align"): SHARED,
    Excuse("lists in global memory, a block for each RoI", "forward, GPU", operator="ps_roi_align"): SHARED,
    Excuse("lists in global memory, several RoIs for a block", "forward, GPU", operator="ps_roi_align"): SHARED,
    Excuse("a block for several slices of channels", OF_MAPS[0], operator="ps_roi_align"): SLICED,
    Excuse("a short last vector, in single channels", OF_BOXES[0], operator="ps_roi_align"): ONE_BY_ONE,
    Excuse("lines shorter than a row", "forward, CPU", layout="NCHW", operator="prroi_pool"): OF_ROI_ALIGN,
    Excuse("a block for several slices of channels", OF_MAPS[0], operator="prroi_pool"): OF_ROI_ALIGN,
    Excuse("aligned vectors of 8 channels", OF_MAPS[0], layout="NHWC", operator="prroi_pool"): OF_ROI_ALIGN,
    **{Excuse(BIG, launch): DENSE for launch in OF_MAPS},
    **{Excuse(BIG, launch): SAME_LINE for launch in OF_BOXES},
    **{Excuse(BIG, f"forward, {where}", operator="roi_align", mode="max"): SAME_LINE for where in ("GPU", "CPU")},
    **{Excuse(BIG, f"forward, {where}", operator="roi_pool", mode="avg"): SAME_LINE for where in ("GPU", "CPU")},
    **{
        Excuse(branch, launch, operator="roi_align_3d"): OF_ROI_ALIGN
        for branch, launch in (
            ("lists in global memory, a block for each RoI", "forward, GPU"),
            ("lists in global memory, several RoIs for a block", "forward, GPU"),
            ("lines shorter than a row", "forward, GPU"),
            ("results of some rows at a time", "forward, GPU"),
            ("whole vectors of channels only", "forward, CPU"),
            ("a block for several slices of channels", OF_MAPS[0]),
            ("aligned vectors of 4 channels", OF_MAPS[0]),
            ("aligned vectors of 8 channels", OF_MAPS[0]),
            ("whole groups of channels only", OF_MAPS[1]),
            ("whole vectors of columns only", OF_MAPS[1]),
            ("a map of whole tiles", OF_MAPS[1]),
            ("whole vectors of channels only", OF_MAPS[1]),
            ("several tiles for a block", "RoIs of tiles, GPU"),
            ("whole vectors of channels only", OF_BOXES[1]),
        )
    },
    Excuse("a map of whole tiles", OF_MAPS[0], layout="NCHW", operator="roi_align_3d"): OF_ROI_ALIGN,
    **{
        Excuse(branch, launch, layout=layout, operator=PS_PYRAMID): OF_PS
        for branch, launch, layout in (
            (BIG, "forward, GPU", ""),
            (BIG, "forward, CPU", ""),
            ("several bins for a thread", "forward, GPU", "NHWC"),
            ("one tile of the map", OF_MAPS[0], ""),
            ("one tile of the map", OF_MAPS[1], ""),
            ("a map of whole tiles", OF_MAPS[0], "NCHW"),
            ("a map of whole tiles", OF_MAPS[1], ""),
            ("several tiles for a block", "RoIs of tiles, GPU", ""),
            ("whole vectors of channels only", OF_BOXES[1], ""),
        )
    },
    Excuse("several blocks for the channels of a RoI", "forward, GPU", layout="NCHW", operator=PS_PYRAMID): MANY,
    Excuse("the last of them with fewer", "forward, GPU", layout="NCHW", operator=PS_PYRAMID): MANY,
    Excuse("heavy RoIs split into 8 parts at most", "forward, GPU", operator=PS_PYRAMID): SHARED,
    Excuse("lists in global memory, a block for each RoI", "forward, GPU", operator=PS_PYRAMID): SHARED,
    Excuse("lists in global memory, several RoIs for a block", "forward, GPU", operator=PS_PYRAMID): SHARED,
    Excuse("a block for several slices of channels", OF_MAPS[0], operator=PS_PYRAMID): SLICED,
    Excuse("a short last vector, in single channels", OF_BOXES[0], operator=PS_PYRAMID): ONE_BY_ONE,
    Excuse("several RoIs for a block", "forward, GPU", operator=PYRAMID): MANY_BLOCKS,
    Excuse("16 RoIs in a chunk", OF_MAPS[0], operator=PYRAMID): NO_CHUNKS,
    Excuse("a block for several slices of channels", OF_MAPS[0], operator=PYRAMID): CHANNELS,
    Excuse("several tiles for a block", "RoIs of tiles, GPU", operator=PYRAMID): OF_ROI_ALIGN,
    Excuse("more bins than a block has threads", "RoIs of tiles, GPU", operator=PYRAMID): OF_ONE_MAP,
    **{
        Excuse(branch, launch, operator=PYRAMID): OF_ONE_MAP
        for launch in OF_MAPS
        for branch in ("one tile of the map", "more bins, weighed part by part")
    },
    **{
        Excuse(branch, launch, operator=PYRAMID): WHOLE
        for branch, launch in (
            ("aligned vectors of 4 channels", OF_MAPS[0]),
            ("aligned vectors of 8 channels", OF_MAPS[0]),
            ("whole groups of channels only", OF_MAPS[1]),
            ("whole vectors of columns only", OF_MAPS[1]),
            ("a map of whole tiles", OF_MAPS[1]),
            ("whole vectors of channels only", OF_MAPS[1]),
            ("whole vectors of channels only", OF_BOXES[0]),
            ("whole vectors of channels only", OF_BOXES[1]),
        )
    },
}


@pytest.fixture(scope="module")
def found():
    return reached.reached(golden_cases())


def test_every_way_is_taken_by_a_golden_case_or_excused(found):
    missing = [way for way in dict.fromkeys(reached.all_ways()) if way not in found]
    assert [way for way in missing if not any(excuse.covers(way) for excuse in EXEMPT)] == []


def test_no_excuse_is_for_what_is_reached_or_for_nothing(found):
    ways = set(reached.all_ways())
    for excuse in EXEMPT:
        covered = [way for way in ways if excuse.covers(way)]
        assert covered, excuse
        assert not [way for way in covered if way in found], excuse


def test_the_table_is_up_to_date(found):
    wanted = "\n".join(reached.table(found, EXEMPT))
    assert reached.FILE.read_text(encoding="utf-8") == wanted, "python -m tests.kernels.staging.reached"


def test_a_branch_that_no_case_takes_would_be_noticed(found):
    way = next(iter(found))
    without = {other: cases for other, cases in found.items() if other != way}
    assert "**none**" in "\n".join(reached.table(without, EXEMPT))


@pytest.mark.parametrize("operator", reached.SECTIONS)
def test_plans_tell_no_dialects_apart_but_those_that_clamp(operator):
    """Of calls large and small, with and without lists that dialects have a say in."""
    picked = ["z-head-7-64", "zm-adaptive-5x6501-7", "zg-whole", "zbm-whole", "rp-max-3"]
    cases = [case for case in golden_cases() if case.operator == operator and case.kind == "value"]
    chosen = [case for case in cases if case.id in picked] or cases[:: len(cases) // 3]
    dtypes = ("float16", "float64")
    for case, dtype, layout in product(chosen, dtypes, LAYOUTS):
        if case.operation == Operation.FORWARD or Operation.BOX_GRADIENT in operators.get(operator).operations:
            for name, other in reached.representatives(operator, case.arguments["mode"]).items():
                one, two = (reached.asked_of(case, dialect, dtype, layout) for dialect in (name, other))
                ways = [set(reached.ways_of(operator, case.operation, asked)) for asked in (one, two)]
                assert ways[0] == ways[1], (case.id, name, other)
